//! No secret is ever in a log.

use std::fs::File;

use doorward_test_support::PASSWORD;
use serde_json::json;

use super::Server;

#[tokio::test]
async fn planted_secrets_are_in_no_log_at_the_most_talkative_level() {
    let server = Server::start(&[("DOORWARD_LOG__LEVEL", "trace"), ("DOORWARD_LOG__FORMAT", "json")]).await;
    let email = "ada@example.com";
    let browser = server.browser();
    let mut secrets = vec![PASSWORD.to_owned()];

    browser.sign_up(email).await.expect_status(202);
    secrets.push(browser.cookie("doorward_flow").unwrap());
    secrets.extend(mail_secrets(&server, email).await);
    let body = json!({"email": email, "code": server.code(email).await});
    browser.post("/v1/email/verify", &body).await.expect_status(200);
    for _ in 0..2 {
        secrets.push(browser.cookie("doorward_access").unwrap());
        secrets.push(browser.cookie("doorward_refresh").unwrap());
        browser.refresh().await.expect_status(200);
    }
    let wrong = json!({"identifier": "planted-in-the-wrong-field", "password": "planted-wrong-password"});
    browser.post("/v1/sign-in", &wrong).await.expect_status(401);
    secrets.extend(["planted-in-the-wrong-field".to_owned(), "planted-wrong-password".to_owned()]);
    browser.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    secrets.extend(mail_secrets(&server, email).await);
    browser.get("/reset-password?token=planted-link-token").await.expect_status(400);
    browser.get("/v1/session?token=planted-query").await;
    browser.post("/v1/token/refresh", &json!({"refresh_token": "dw_rt_planted"})).await.expect_status(401);
    secrets.extend(["planted-link-token", "planted-query", "dw_rt_planted"].map(str::to_owned));

    let log = server.stderr.lock().unwrap().clone();
    assert!(log.contains("doorward::requests") && log.contains("/v1/sign-up"), "the log was looked at");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
    assert!(!log.contains("$argon2"));
}

#[tokio::test]
async fn a_full_disk_beneath_the_logs_stops_nothing() {
    let mut server = Server::start(&[("DOORWARD_LOG__LEVEL", "debug")]).await;
    server.terminate();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    server.child = Some(server.command(&["serve"]).stdout(full()).stderr(full()).spawn().unwrap());
    server.answers().await;

    server.member("ada@example.com").await.get("/v1/session").await.expect_status(200);

    assert_eq!(server.terminate(), Some(0));
}

/// The link's token and the code of the newest mail.
async fn mail_secrets(server: &Server, email: &str) -> Vec<String> {
    let mails = server.browser().get(&format!("/dev/mailbox.json?to={email}")).await.value();
    let text = mails["items"][0]["text"].as_str().unwrap().to_owned();
    let token = text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    vec![token]
}
