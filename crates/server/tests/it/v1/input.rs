//! Bad input: every endpoint answers with its problem, names the field, and loses nothing.

use doorward_test_support::{Browser, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Every endpoint that takes a body, with a body that has the right shape.
fn endpoints() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::POST, "/v1/sign-up", json!({"email": "x@example.com", "password": "x"})),
        (Method::POST, "/v1/email/verify", json!({"token": "x"})),
        (Method::POST, "/v1/email/verify/resend", json!({"email": "x@example.com"})),
        (Method::POST, "/v1/sign-in", json!({"identifier": "x", "password": "x"})),
        (Method::POST, "/v1/token/refresh", json!({"refresh_token": "x"})),
        (Method::POST, "/v1/sign-out", json!({})),
        (Method::POST, "/v1/sign-out/all", json!({"except_current": true})),
        (Method::POST, "/v1/password/forgot", json!({"email": "x@example.com"})),
        (Method::POST, "/v1/password/reset", json!({"token": "x", "new_password": "x"})),
        (Method::POST, "/v1/password/change", json!({"current_password": "x", "new_password": "x"})),
        (Method::PATCH, "/v1/me", json!({"given_name": "Ada"})),
    ]
}

async fn send(
    browser: &Browser,
    method: Method,
    path: &str,
    kind: &str,
    body: &[u8],
) -> doorward_test_support::Reply {
    browser.send(method, path, &[("content-type", kind)], Some(body.to_vec())).await
}

#[tokio::test]
async fn what_is_not_json_is_refused_by_every_endpoint() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    for (method, path, body) in endpoints() {
        let text = body.to_string();
        let cut = &text.as_bytes()[..text.len() - 1];
        let cases: [&[u8]; 7] = [
            b"{\"a\": \"\xff\xfe\"}",
            b"[1]",
            b"\"text\"",
            b"{\"a\":1,\"a\":2}",
            deep.as_bytes(),
            cut,
            b"{\"a\": \"\\ud800\"}",
        ];
        for bad in cases {
            let reply = send(&browser, method.clone(), path, "application/json", bad).await;
            reply.expect_problem(400, "malformed_request");
        }
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "application/jsonx",
        ] {
            let reply = send(&browser, method.clone(), path, kind, text.as_bytes()).await;
            reply.expect_problem(415, "unsupported_media_type");
        }
    }
}

#[tokio::test]
async fn unknown_fields_and_wrong_types_are_named_by_every_endpoint() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    for (method, path, body) in endpoints() {
        let mut unknown = body.clone();
        unknown["no_such_field"] = json!(1);
        browser.json(method.clone(), path, &unknown).await.expect_field("no_such_field", "unknown");
        for field in body.as_object().unwrap().keys() {
            let mut wrong = body.clone();
            wrong[field] = json!({"a": [1]});
            browser.json(method.clone(), path, &wrong).await.expect_field(field, "invalid");
        }
    }
}

#[tokio::test]
async fn missing_fields_are_named() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for (path, fields) in [
        ("/v1/sign-up", &["email", "password"][..]),
        ("/v1/sign-in", &["identifier", "password"]),
        ("/v1/password/forgot", &["email"]),
        ("/v1/email/verify/resend", &["email"]),
        ("/v1/password/reset", &["new_password"]),
    ] {
        let reply = browser.post(path, &json!({})).await;
        for field in fields {
            reply.expect_field(field, "required");
        }
    }
    browser.post("/v1/email/verify", &json!({})).await.expect_field("token", "required");
    browser
        .post("/v1/email/verify", &json!({"email": "x@example.com"}))
        .await
        .expect_field("code", "required");
    browser.post("/v1/email/verify", &json!({"code": "123456"})).await.expect_field("email", "required");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_announced_or_not() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let large = format!("{{\"email\": \"{}\"}}", "a".repeat(70_000));
    for (method, path, _) in endpoints() {
        let reply = send(&browser, method, path, "application/json", large.as_bytes()).await;
        reply.expect_problem(413, "body_too_large");
    }
    // In chunks, with no length announced.
    let mut stream =
        tokio::net::TcpStream::connect(app.url.replace("http://localhost", "127.0.0.1")).await.unwrap();
    let head = "POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("{:x}\r\n{}\r\n", 8000, "a".repeat(8000));
    let text = tokio::time::timeout(std::time::Duration::from_secs(10), async {
        stream.write_all(head.as_bytes()).await.unwrap();
        // The last one is over the limit, and nothing comes after it.
        for _ in 0..9 {
            stream.write_all(chunk.as_bytes()).await.unwrap();
        }
        let mut first = vec![0; 512];
        let read = stream.read(&mut first).await.unwrap();
        String::from_utf8_lossy(&first[..read]).into_owned()
    })
    .await
    .unwrap();
    assert!(text.starts_with("HTTP/1.1 413"), "{text}");
}

#[tokio::test]
async fn nul_and_control_characters_get_nowhere() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    for bad in ["\u{0}", "a\u{0}@example.com", "a@example.com\r\nBcc: b@example.com", "\u{1b}[2J", "\u{202e}"]
    {
        for (method, path, body) in endpoints() {
            for field in body.as_object().unwrap().keys().filter(|field| *field != "except_current") {
                let mut request = body.clone();
                request[field] = json!(bad);
                let reply = browser.json(method.clone(), path, &request).await;
                assert!(
                    (400..500).contains(&reply.status) || reply.status == 202,
                    "{path} {field}: {}",
                    reply.text
                );
            }
        }
    }
    assert!(app.mails_to("a@example.com").await.is_empty() && app.mails_to("b@example.com").await.is_empty());
}

#[tokio::test]
async fn the_wrong_method_is_told_the_right_ones() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for (method, path, allowed) in [
        (Method::GET, "/v1/sign-in", "POST"),
        (Method::DELETE, "/v1/session", "GET,HEAD"),
        (Method::PUT, "/v1/sign-up", "POST"),
    ] {
        let reply = browser.send(method, path, &[], None).await;
        reply.expect_problem(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), allowed);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    for path in ["/v1/nothing", "/v1/", "/v1/session/x", "/v1/..%2f..%2fetc"] {
        app.browser().get(path).await.expect_problem(404, "not_found");
    }
    let page = app.browser().get("/nothing").await;
    assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    let mut ids = std::collections::HashSet::new();
    for path in [
        "/v1/session",
        "/sign-in",
        "/nothing",
        "/healthz",
        "/v1/nothing",
        "/assets/doorward.css",
        "/openapi.json",
    ] {
        let reply = app.browser().get(path).await;
        assert!(
            reply.header("x-request-id").starts_with("req_")
                && ids.insert(reply.header("x-request-id").to_owned())
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "strict-origin-when-cross-origin", "{path}");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header("strict-transport-security"), "", "{path}");
        let cached = path.starts_with("/assets/");
        assert_eq!(reply.header("cache-control") == "no-store", !cached, "{path}");
    }
    let with_token = app.browser().get("/reset-password?token=x").await;
    assert_eq!(with_token.header("referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn posts_of_other_sites_are_refused_sign_in_included() {
    let app =
        TestApp::with(|config| config.http.allowed_origins = vec!["https://app.example.com".to_owned()])
            .await;
    let (browser, email) = app.member("ada").await;
    let body =
        json!({"identifier": email, "password": doorward_test_support::PASSWORD}).to_string().into_bytes();
    let post = |headers: Vec<(&'static str, &'static str)>| {
        let (browser, body) = (app.browser(), body.clone());
        async move {
            let mut all = vec![("content-type", "application/json"), ("sec-fetch-site", "")];
            all.extend(headers);
            browser.send(Method::POST, "/v1/sign-in", &all, Some(body)).await
        }
    };

    post(vec![("sec-fetch-site", "cross-site")]).await.expect_problem(403, "cross_site_refused");
    post(vec![("sec-fetch-site", "same-site"), ("origin", "https://evil.example")])
        .await
        .expect_problem(403, "cross_site_refused");
    post(vec![("origin", "https://evil.example")]).await.expect_problem(403, "cross_site_refused");
    post(vec![("origin", "null")]).await.expect_problem(403, "cross_site_refused");
    post(vec![]).await.expect_status(200);
    let allowed = post(vec![("sec-fetch-site", "cross-site"), ("origin", "https://app.example.com")]).await;
    allowed.expect_status(200);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://app.example.com");
    let page = browser.send(Method::POST, "/sign-out", &[("sec-fetch-site", "cross-site")], None).await;
    assert_eq!((page.status, page.header("content-type")), (403, "text/html; charset=utf-8"));
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn a_request_says_once_whom_it_is_for() {
    let app = TestApp::start().await;
    for (hosts, status) in
        [("Host: localhost\r\n", "200"), ("", "400"), ("Host: localhost\r\nHost: evil.example\r\n", "400")]
    {
        let address = app.url.replace("http://localhost", "127.0.0.1");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{hosts:?}: {answer}");
    }
    // A foreign name in the address itself opens no mailbox, whatever the header says.
    let address = app.url.replace("http://localhost", "127.0.0.1");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request =
        "GET http://evil.example/dev/mailbox.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}
