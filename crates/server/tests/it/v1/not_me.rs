//! "This was not me."

use doorward_test_support::{PASSWORD, TestApp};
use serde_json::json;
use tokio::task::JoinSet;

/// Somebody whose account was just signed in to from elsewhere: the owner, the other one, the address, the link's token.
async fn broken_into(
    app: &TestApp,
) -> (doorward_test_support::Browser, doorward_test_support::Browser, String, String) {
    let (owner, email) = app.member("ada").await;
    let thief = app.browser();
    thief.sign_in(&email).await.expect_status(200);
    let token = app.mail_to(&email).await.token();
    (owner, thief, email, token)
}

#[tokio::test]
async fn one_click_ends_everything_and_the_owner_comes_back_by_mail() {
    let app = TestApp::start().await;
    let (owner, thief, email, token) = broken_into(&app).await;

    app.browser().post("/v1/not-me", &json!({"token": token})).await.expect_status(204);

    for browser in [&owner, &thief] {
        browser.get("/v1/session").await.expect_problem(401, "session_revoked");
        browser.refresh().await.expect_problem(401, "session_revoked");
    }
    thief.sign_in(&email).await.expect_problem(401, "invalid_credentials");
    let reset = app.mail_to(&email).await;
    assert!(reset.link().contains("/reset-password"));
    let new = "a wholly new long sentence";
    let body = json!({"token": reset.token(), "new_password": new});
    owner.post("/v1/password/reset", &body).await.expect_status(204);
    owner.post("/v1/sign-in", &json!({"identifier": email, "password": new})).await.expect_status(200);
    thief.sign_in(&email).await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn no_device_is_known_any_more() {
    let app = TestApp::start().await;
    let (_, thief, email, token) = broken_into(&app).await;
    app.browser().post("/v1/not-me", &json!({"token": token})).await.expect_status(204);
    let reset = app.mail_to(&email).await.token();
    let body = json!({"token": reset, "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &body).await.expect_status(204);
    let before = app.mails_to(&email).await.len();

    thief.sign_in(&email).await.expect_status(200);

    assert_eq!(app.mails_to(&email).await.len(), before + 1, "the thief's browser is a new device again");
}

#[tokio::test]
async fn looking_at_the_link_uses_nothing_up_as_mail_scanners_look() {
    let app = TestApp::start().await;
    let (owner, _, email, token) = broken_into(&app).await;
    for _ in 0..3 {
        let page = app.browser().get(&format!("/not-me?token={token}")).await;
        assert!(page.expect_status(200).text.contains(&email));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
    owner.get("/v1/session").await.expect_status(200);

    let done = app.browser().submit("/not-me", &[("token", &token)]).await;

    assert!(done.expect_status(200).text.contains("Everybody is signed out"));
    owner.get("/v1/session").await.expect_problem(401, "session_revoked");
    app.browser().get(&format!("/not-me?token={token}")).await.expect_status(400);
}

#[tokio::test]
async fn of_fifty_clicks_one_counts_and_one_mail_goes_out() {
    let app = TestApp::start().await;
    let (_, _, email, token) = broken_into(&app).await;
    let before = app.mails_to(&email).await.len();
    let mut clicks = JoinSet::new();
    for _ in 0..50 {
        let (browser, token) = (app.browser(), token.clone());
        clicks.spawn(async move { browser.post("/v1/not-me", &json!({"token": token})).await });
    }

    let replies = clicks.join_all().await;

    assert_eq!(replies.iter().filter(|reply| reply.status == 204).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 204) {
        reply.expect_problem(400, "invalid_or_expired_token");
    }
    assert_eq!(app.mails_to(&email).await.len(), before + 1);
}

#[tokio::test]
async fn a_link_that_is_none_or_has_run_out_does_nothing() {
    let app = TestApp::start().await;
    let (owner, _, email, token) = broken_into(&app).await;
    owner.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let other_purpose = app.mail_to(&email).await.token();
    for wrong in ["", "x", &token[1..], &other_purpose] {
        app.browser()
            .post("/v1/not-me", &json!({"token": wrong}))
            .await
            .expect_problem(400, "invalid_or_expired_token");
    }
    app.browser().post("/v1/not-me", &json!({})).await.expect_field("token", "required");
    app.advance(std::time::Duration::from_secs(8 * 24 * 60 * 60));
    app.browser()
        .post("/v1/not-me", &json!({"token": token}))
        .await
        .expect_problem(400, "invalid_or_expired_token");
}

/// What ends everything while sign-ins with the old password are under way.
enum Rescue {
    NotMe,
    Reset,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_was_under_way_opens_no_session_after_the_rescue() {
    for rescue in [Rescue::NotMe, Rescue::Reset] {
        // A hash that takes a while, so that many are under way.
        let app = TestApp::made_of(|setup| {
            setup.hashing.params =
                doorward_crypto::password::Params { memory_kib: 8192, passes: 1, lanes: 1 };
        })
        .await;
        let (owner, _, email, token) = broken_into(&app).await;
        owner.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
        let reset = app.mail_to(&email).await.token();
        let mut racing = JoinSet::new();
        for _ in 0..50 {
            let (browser, email) = (app.browser(), email.clone());
            racing.spawn(async move {
                let status = browser.sign_in(&email).await.status;
                (browser, status)
            });
        }
        let ended = match rescue {
            Rescue::NotMe => owner.post("/v1/not-me", &json!({"token": token})).await,
            Rescue::Reset => {
                let body = json!({"token": reset, "new_password": "a wholly new long sentence"});
                owner.post("/v1/password/reset", &body).await
            }
        };
        ended.expect_status(204);

        for (browser, status) in racing.join_all().await {
            assert!(matches!(status, 200 | 401), "{status}");
            browser.get("/v1/session").await.expect_status(401);
        }
    }
}

/// A thief gives the account another address; its owner, who can't get in any more, signs up anew with the old one. Answers the
/// thief, the old address, and the tokens of the mails that the old address was sent: "not me", and "take it back".
async fn signed_up_anew(app: &TestApp) -> (doorward_test_support::Browser, String, String, String) {
    let (_, email) = app.member("ada").await;
    let thief = app.browser();
    thief.sign_in(&email).await.expect_status(200);
    let not_me = app.mail_to(&email).await.token();
    let theirs = "thief@elsewhere.example";
    thief.post("/v1/me/email", &json!({"new_email": theirs})).await.expect_status(202);
    let code = app.mail_to(theirs).await.code();
    thief.post("/v1/me/email/verify", &json!({"code": code})).await.expect_status(200);
    let undo = app.mail_to(&email).await.token();
    let anew = app.browser();
    anew.sign_up(&email).await.expect_status(202);
    let body = json!({"email": email, "code": app.mail_to(&email).await.code()});
    anew.post("/v1/email/verify", &body).await.expect_status(200);
    (thief, email, not_me, undo)
}

#[tokio::test]
async fn an_owner_who_signed_up_anew_still_shuts_the_thief_out() {
    for path in ["/v1/not-me", "/v1/me/email/undo"] {
        let app = TestApp::start().await;
        let (thief, email, not_me, undo) = signed_up_anew(&app).await;
        let token = if path == "/v1/not-me" { not_me } else { undo };

        let told = app.browser().post(path, &json!({"token": token})).await;

        told.expect_problem(403, "account_disabled");
        assert!(told.text.contains("another account has your address now"), "{}", told.text);
        thief.get("/v1/session").await.expect_problem(401, "session_revoked");
        thief.refresh().await.expect_problem(401, "session_revoked");
        thief.sign_in("thief@elsewhere.example").await.expect_problem(401, "invalid_credentials");
        let theirs = "thief@elsewhere.example";
        assert!(app.mails_to(theirs).await.iter().all(|mail| !mail.text.contains("/reset-password")));
        thief.post("/v1/password/forgot", &json!({"email": theirs})).await.expect_status(202);
        let body = json!({"token": app.mail_to(theirs).await.token(), "new_password": PASSWORD});
        thief.post("/v1/password/reset", &body).await;
        thief.sign_in(theirs).await.expect_problem(403, "account_disabled");
        app.browser().sign_in(&email).await.expect_status(200);
        let shut =
            "SELECT COUNT(*) FROM audit_events WHERE type = 'user.disabled' AND detail LIKE '%ended\":2%'";
        assert_eq!(app.count(shut).await, 1, "the owner's session and the thief's have ended");
        app.browser()
            .post(path, &json!({"token": token}))
            .await
            .expect_problem(400, "invalid_or_expired_token");
    }
}
