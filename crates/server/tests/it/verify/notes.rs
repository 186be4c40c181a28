//! `examples/axum`, as it stands, in front of a real Doorward.

use doorward_core::context::Caller;
use doorward_core::operator;
use doorward_test_support::{Browser, PASSWORD, Reply, TestApp};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;

#[allow(dead_code, clippy::pedantic, reason = "the example's `main` is not run here")]
#[path = "../../../../../examples/axum/src/main.rs"]
mod example;

/// The example on a port of its own.
async fn start(app: &TestApp) -> Browser {
    let verifier = app.verifier().revocation_feed(super::service_key(app).await).build().unwrap();
    let router = example::router(verifier, &app.url).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Browser::new(&url)
}

async fn ask(service: &Browser, method: Method, path: &str, token: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = (method == Method::POST).then(|| json!({"text": "milk"}).to_string().into_bytes());
    service.send(method, path, &headers, body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_of_the_example_is_for_whom_it_is_for() {
    let app = TestApp::with(|config| {
        config.sign_up.verify_email = doorward_core::config::VerifyEmail::Later;
    })
    .await;
    let service = start(&app).await;
    let member = app.browser();
    member.sign_up("ada@example.com").await.expect_status(200);
    let token = member.access_token();
    let id = member.get("/v1/me").await.value()["id"].as_str().unwrap().to_owned();

    assert_eq!(service.get("/public").await.value()["hello"], "stranger");
    assert_eq!(ask(&service, Method::GET, "/public", &token).await.value()["hello"], id);
    let refused = service.get("/me").await;
    refused.expect_problem(401, "not_authenticated");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert_eq!(ask(&service, Method::GET, "/me", &token).await.value()["id"], id);

    ask(&service, Method::POST, "/notes", &token).await.expect_problem(403, "email_not_verified");
    let code = app.mail_to("ada@example.com").await.code();
    let verified = member.post("/v1/email/verify", &json!({"email": "ada@example.com", "code": code})).await;
    verified.expect_status(200);
    member.refresh().await.expect_status(200);
    let token = member.access_token();
    ask(&service, Method::POST, "/notes", &token).await.expect_status(201);
    assert_eq!(ask(&service, Method::GET, "/me", &token).await.value()["notes"], json!(["milk"]));

    let denied = ask(&service, Method::GET, "/admin", &token).await;
    assert_eq!((denied.status, denied.value()["code"].as_str()), (403, Some("permission_denied")));
    let admin = administrator(&app).await.access_token();
    assert_eq!(ask(&service, Method::GET, "/admin", &admin).await.value()["users_with_notes"], 1);
    service.get("/admin").await.expect_problem(401, "not_authenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_signed_out_is_refused_by_the_example_within_a_second() {
    let app = TestApp::start().await;
    let service = start(&app).await;
    let (member, _) = app.member("ada").await;
    let token = member.access_token();
    ask(&service, Method::GET, "/me", &token).await.expect_status(200);
    member.post_empty("/v1/sign-out").await.expect_status(204);

    // Whether by the feed or, before it is heard, by asking: an answer counts for a second on the clock.
    app.advance(std::time::Duration::from_secs(1));
    super::within(std::time::Duration::from_secs(1), "refused", async || {
        ask(&service, Method::GET, "/me", &token).await.status == 401
    })
    .await;
    ask(&service, Method::GET, "/me", &token).await.expect_problem(401, "session_revoked");
    ask(&service, Method::GET, "/public", &token).await.expect_problem(401, "session_revoked");
}

async fn administrator(app: &TestApp) -> Browser {
    let create = operator::CreateUser {
        email: "root@example.com",
        username: None,
        password: &SecretString::from(PASSWORD),
        admin: true,
    };
    operator::create_user(app.app.context(), &Caller::system("test"), &create).await.unwrap();
    let browser = app.browser();
    browser.sign_in("root@example.com").await.expect_status(200);
    browser
}
