//! `kill -9` at any moment: nothing acknowledged is lost, and no honest client is signed out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use doorward_db::p;
use doorward_test_support::{Browser, PASSWORD};
use serde_json::json;
use tokio::task::JoinSet;

use super::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nobody_is_signed_out() {
    // Without the grace period it is the rule for lost answers that has to hold.
    let mut server = Server::start(&[("DOORWARD_SESSION__REFRESH_GRACE", "0s")]).await;
    let mut clients = Vec::new();
    for number in 0..4 {
        clients.push(server.member(&format!("ada{number}@example.com")).await);
    }
    for round in 0..3 {
        let stop = Arc::new(AtomicBool::new(false));
        let mut refreshing = JoinSet::new();
        for client in clients {
            let stop = Arc::clone(&stop);
            refreshing.spawn(async move {
                // A client keeps the last tokens that reached it.
                while !stop.load(Ordering::SeqCst) {
                    let Some(reply) = client.try_refresh().await else { break };
                    reply.expect_status(200);
                }
                client
            });
        }
        let count = Arc::new(AtomicUsize::new(0));
        let (address, signing_up, counted) = (server.url.clone(), Arc::clone(&stop), Arc::clone(&count));
        let acknowledged = tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let email = format!("new{round}_{number}@example.com");
                let body = json!({"email": email, "password": PASSWORD});
                if signing_up.load(Ordering::SeqCst) {
                    break;
                }
                match Browser::new(&address).try_post("/v1/sign-up", &body).await {
                    Some(reply) if reply.status == 202 => {
                        acknowledged.push(email);
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                    _ => break,
                }
            }
            acknowledged
        });
        // As many refreshes as fit in while a few people sign up.
        let began = std::time::Instant::now();
        while count.load(Ordering::SeqCst) < 5 {
            assert!(began.elapsed().as_secs() < 30, "nobody could sign up");
            tokio::task::yield_now().await;
        }
        server.kill();
        stop.store(true, Ordering::SeqCst);
        clients = refreshing.join_all().await;
        let acknowledged = acknowledged.await.unwrap();
        assert!(!acknowledged.is_empty());

        server.run().await;

        for client in &clients {
            client.refresh().await.expect_status(200);
            client.get("/v1/session").await.expect_status(200);
        }
        // In the database itself: a mail that the dead process had in its hands waits until its claim has run out.
        let db = server.database.open().await;
        for email in acknowledged {
            let sql = "SELECT id FROM pending_sign_ups WHERE email = ?1";
            let row = db.read(async |tx| tx.query_opt(sql, &p![email.as_str()]).await).await.unwrap();
            assert!(row.is_some(), "{email} was acknowledged and is lost");
        }
        let sql = "SELECT (SELECT COUNT(*) FROM pending_sign_ups WHERE used_at IS NULL)
                        + (SELECT COUNT(*) FROM users) - (SELECT COUNT(*) FROM outbox)";
        let without_mail =
            db.read(async |tx| tx.query_one(sql, &[]).await).await.unwrap().get::<i64>(0).unwrap();
        assert_eq!(without_mail, 0, "a sign-up and its mail are one unit of work");
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_and_a_new_password_that_were_acknowledged_are_kept() {
    const NEW: &str = "seven quiet lanterns drift";
    let mut server = Server::start(&[]).await;
    for round in 0..3 {
        let leaving = server.member(&format!("leaving{round}@example.com")).await;
        let email = format!("changing{round}@example.com");
        let changing = server.member(&email).await;
        let elsewhere = server.browser();
        elsewhere.sign_in(&email).await.expect_status(200);
        let (left, before) = (leaving.copy(), changing.copy());
        let body = json!({"current_password": PASSWORD, "new_password": NEW});

        let (out, changed) =
            tokio::join!(leaving.post_empty("/v1/sign-out"), changing.post("/v1/password/change", &body));
        out.expect_status(204);
        changed.expect_status(204);
        server.kill();
        server.run().await;

        left.get("/v1/session").await.expect_problem(401, "session_revoked");
        left.refresh().await.expect_problem(401, "session_revoked");
        elsewhere.get("/v1/session").await.expect_problem(401, "session_revoked");
        elsewhere.refresh().await.expect_problem(401, "session_revoked");
        changing.get("/v1/session").await.expect_status(200);
        // Within the grace period a token of before is answered with the current ones, as any other that was rotated.
        before.refresh().await.expect_status(200);
        changing.refresh().await.expect_status(200);
        server.browser().sign_in(&email).await.expect_problem(401, "invalid_credentials");
        let with_new = json!({"identifier": email, "password": NEW});
        server.browser().post("/v1/sign-in", &with_new).await.expect_status(200);
    }
}
