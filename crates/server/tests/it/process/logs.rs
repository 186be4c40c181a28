//! No secret is ever in a log.

use std::fs::File;

use doorward_test_support::PASSWORD;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Server, master_key};

#[tokio::test]
async fn planted_secrets_are_in_no_log_at_the_most_talkative_level() {
    let server = Server::start(&[("DOORWARD_LOG__LEVEL", "trace"), ("DOORWARD_LOG__FORMAT", "json")]).await;
    let email = "ada@example.com";
    let browser = server.browser();
    let mut secrets = vec![PASSWORD.to_owned()];

    let mut codes = Vec::new();

    secrets.push(std::fs::read_to_string(master_key(server.folder.path())).unwrap().trim().to_owned());
    browser.sign_up(email).await.expect_status(202);
    secrets.push(browser.cookie("doorward_flow").unwrap());
    secrets.push(mailed_token(&server, email).await);
    codes.push(server.code(email).await);
    let body = json!({"email": email, "code": codes[0]});
    browser.post("/v1/email/verify", &body).await.expect_status(200);
    secrets.push(browser.cookie("doorward_device").unwrap());
    for _ in 0..2 {
        secrets.push(browser.cookie("doorward_access").unwrap());
        secrets.push(browser.cookie("doorward_refresh").unwrap());
        browser.refresh().await.expect_status(200);
    }
    let wrong = json!({"identifier": "planted-in-the-wrong-field", "password": "planted-wrong-password"});
    browser.post("/v1/sign-in", &wrong).await.expect_status(401);
    secrets.extend(["planted-in-the-wrong-field".to_owned(), "planted-wrong-password".to_owned()]);

    let changed = "seven quiet lanterns drift";
    let body = json!({"current_password": PASSWORD, "new_password": changed});
    browser.post("/v1/password/change", &body).await.expect_status(204);
    browser.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let token = mailed_token(&server, email).await;
    codes.push(server.code(email).await);
    let reset = "nine copper kettles sing";
    let body = json!({"token": token, "new_password": reset});
    browser.post("/v1/password/reset", &body).await.expect_status(204);
    secrets.extend([changed, &token, reset].map(str::to_owned));

    // As an app of the command line has them: in the body, and as a Bearer token.
    let body = json!({"identifier": email, "password": reset, "delivery": "body"});
    let tokens = server.browser().post("/v1/sign-in", &body).await.expect_status(200).value();
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), &tokens["refresh_token"]);
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str())];
    server.browser().send(Method::GET, "/v1/session", &headers, None).await.expect_status(200);
    let refreshed = server.browser().post("/v1/token/refresh", &json!({"refresh_token": refresh})).await;
    let refreshed = refreshed.expect_status(200).value();
    secrets.extend([access, refresh.as_str().unwrap()].map(str::to_owned));
    secrets
        .extend(["access_token", "refresh_token"].map(|name| refreshed[name].as_str().unwrap().to_owned()));

    let page = server.browser();
    let fields = [("identifier", "planted-on-a-page"), ("password", "planted-password-on-a-page")];
    page.submit("/sign-in", &fields).await.expect_status(401);
    page.submit("/sign-in", &[("identifier", email), ("password", reset)]).await.expect_redirect("/account");
    secrets.extend(["planted-on-a-page".to_owned(), "planted-password-on-a-page".to_owned()]);
    secrets.push(page.access_token());

    browser.get("/reset-password?token=planted-link-token").await.expect_status(400);
    browser.get("/v1/session?token=planted-query").await;
    browser.post("/v1/token/refresh", &json!({"refresh_token": "dw_rt_planted"})).await.expect_status(401);
    secrets.extend(["planted-link-token", "planted-query", "dw_rt_planted"].map(str::to_owned));

    let log = server.stderr.lock().unwrap().clone();
    assert!(log.contains("doorward::requests") && log.contains("/v1/sign-up"), "the log was looked at");
    for secret in secrets {
        assert!(secret.len() > 10 && !log.contains(&secret), "{secret} is in the log");
    }
    for code in codes {
        let line = log.lines().find(|line| says(line, &code));
        assert!(line.is_none(), "{code} is in the log: {line:?}");
    }
    assert!(!log.contains("$argon2"));
}

/// Whether a line has these digits as a word, outside of its time of day.
fn says(line: &str, code: &str) -> bool {
    let mut line: Value = serde_json::from_str(line).unwrap_or_else(|_| json!({"text": line}));
    line.as_object_mut().unwrap().remove("timestamp");
    line.to_string().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code)
}

#[test]
fn a_code_is_found_in_a_line_wherever_it_stands() {
    let time = "2026-01-01T00:00:00.123456Z";
    assert!(says(&json!({"timestamp": time, "fields": {"message": "code: 123456"}}).to_string(), "123456"));
    assert!(says("the code is 123456.", "123456"));
    let hidden = json!({"timestamp": time, "fields": {"id": "user_a123456f"}}).to_string();
    assert!(!says(&hidden, "123456"));
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

/// The token of the newest mail's link.
async fn mailed_token(server: &Server, email: &str) -> String {
    let mails = server.browser().get(&format!("/dev/mailbox.json?to={email}")).await.value();
    let text = mails["items"][0]["text"].as_str().unwrap();
    text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}
