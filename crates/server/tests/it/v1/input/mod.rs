//! Bad input: every endpoint answers with its problem, names the field, and loses nothing.

mod endpoints;

use doorward_core::config::Sms;
use doorward_test_support::{Browser, PASSWORD, TestApp, unique};
use endpoints::Endpoint;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::passkeys;

/// Somebody who is signed in, at a Doorward where nothing is switched off.
async fn member() -> (TestApp, Browser) {
    let app = TestApp::with(|config| {
        config.sms = Some(Sms { countries: vec!["+43".to_owned()], hourly_per_country: 100 });
    })
    .await;
    let (browser, _) = app.member("ada").await;
    (app, browser)
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
    let (_app, browser) = member().await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let too_deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
    for Endpoint { method, path, body, .. } in endpoints::all() {
        let text = body.to_string();
        let cut = &text.as_bytes()[..text.len() - 1];
        let cases: [&[u8]; 8] = [
            b"{\"a\": \"\xff\xfe\"}",
            b"[1]",
            b"\"text\"",
            b"{\"a\":1,\"a\":2}",
            deep.as_bytes(),
            too_deep.as_bytes(),
            cut,
            b"{\"a\": \"\\ud800\"}",
        ];
        for bad in cases {
            let reply = send(&browser, method.clone(), &path, "application/json", bad).await;
            reply.expect_problem(400, "malformed_request");
        }
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "application/jsonx",
        ] {
            let reply = send(&browser, method.clone(), &path, kind, text.as_bytes()).await;
            reply.expect_problem(415, "unsupported_media_type");
        }
    }
}

#[tokio::test]
async fn unknown_missing_and_wrong_fields_are_named_by_every_endpoint() {
    let (_app, browser) = member().await;
    for Endpoint { method, path, body, fields, may_be_empty } in endpoints::all() {
        let mut unknown = body.clone();
        unknown["no_such_field"] = json!(1);
        browser.json(method.clone(), &path, &unknown).await.expect_field("no_such_field", "unknown");
        let mut all_wrong = json!({});
        for field in &fields {
            let mut wrong = body.clone();
            wrong[&field.name] = if field.open { json!("text") } else { json!({"a": [1]}) };
            let reply = browser.json(method.clone(), &path, &wrong).await;
            if field.open {
                assert!([400, 422].contains(&reply.status), "{path} {}: {}", field.name, reply.text);
                continue;
            }
            reply.expect_field(&field.name, "invalid");
            all_wrong[&field.name] = json!({"a": [1]});
        }
        let all_told = browser.json(method.clone(), &path, &all_wrong).await;
        for name in all_wrong.as_object().unwrap().keys() {
            all_told.expect_field(name, "invalid");
        }

        let required: Vec<_> = fields.iter().filter(|field| field.required).collect();
        if may_be_empty {
            assert!(required.is_empty(), "{path}");
            continue;
        }
        let nothing = browser.json(method.clone(), &path, &json!({})).await;
        for field in required {
            nothing.expect_field(&field.name, "required");
        }
        let reply = send(&browser, method, &path, "application/json", b"").await;
        reply.expect_problem(400, "malformed_request");
    }
}

#[tokio::test]
async fn what_is_missing_of_a_choice_is_named() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for (path, body, field) in [
        ("/v1/email/verify", json!({}), "token"),
        ("/v1/email/verify", json!({"email": "x@example.com"}), "code"),
        ("/v1/email/verify", json!({"code": "123456"}), "email"),
        ("/v1/password/reset", json!({"new_password": "nine copper kettles sing"}), "token"),
        ("/v1/sign-in/email/verify", json!({}), "token"),
    ] {
        browser.post(path, &body).await.expect_field(field, "required");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_announced_or_not() {
    let (app, browser) = member().await;
    let large = format!("{{\"email\": \"{}\"}}", "a".repeat(70_000));
    for Endpoint { method, path, .. } in endpoints::all() {
        let reply = send(&browser, method, &path, "application/json", large.as_bytes()).await;
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

/// Bodies that are taken as they stand, and the members of each that hold a name, a number or an address.
async fn taken(browser: &Browser) -> Vec<(Method, String, Value, &'static [&'static str])> {
    let email = || format!("{}@example.com", unique("someone"));
    let device = browser.get("/v1/me/devices").await.value()["items"][0]["id"].clone();
    let passkey = browser.get("/v1/me/passkeys").await.value()["items"][0]["id"].clone();
    let at = |folder: &str, id: &Value| format!("{folder}/{}", id.as_str().unwrap());
    let person = json!({"email": email(), "password": PASSWORD, "preferred_username": unique("someone"),
                        "given_name": "Ada", "family_name": "Lovelace"});
    let profile = json!({"preferred_username": unique("someone"), "given_name": "Ada", "family_name": "Lovelace",
                         "picture": "https://example.com/ada.png", "locale": "en-GB"});
    let (post, patch) = (Method::POST, Method::PATCH);
    let (laptop, phone) = (at("/v1/me/devices", &device), at("/v1/me/passkeys", &passkey));
    let all: Vec<(Method, &str, Value, &[&str])> = vec![
        (post.clone(), "/v1/sign-up", person, &["email", "preferred_username", "given_name", "family_name"]),
        (post.clone(), "/v1/email/verify/resend", json!({"email": email()}), &["email"]),
        (post.clone(), "/v1/password/forgot", json!({"email": email()}), &["email"]),
        (post.clone(), "/v1/sign-in/email", json!({"email": email()}), &["email"]),
        (
            patch.clone(),
            "/v1/me",
            profile,
            &["preferred_username", "given_name", "family_name", "picture", "locale"],
        ),
        (post.clone(), "/v1/me/email", json!({"new_email": email()}), &["new_email"]),
        (post, "/v1/me/phone", json!({"phone_number": "+436641234567"}), &["phone_number"]),
        (patch.clone(), &laptop, json!({"name": "Laptop"}), &["name"]),
        (patch, &phone, json!({"name": "Laptop"}), &["name"]),
    ];
    all.into_iter().map(|(method, path, body, fields)| (method, path.to_owned(), body, fields)).collect()
}

#[tokio::test]
async fn nul_and_control_characters_get_nowhere() {
    let (app, browser) = member().await;
    passkeys::add(&app, &browser).await;
    for (method, path, body, fields) in taken(&browser).await {
        for field in fields {
            for bad in [
                "\u{0}",
                "a\u{0}@example.com",
                "a@example.com\r\nBcc: b@example.com",
                "\u{1b}[2J",
                "\u{202e}x",
            ] {
                let mut request = body.clone();
                request[*field] = json!(bad);
                let reply = browser.json(method.clone(), &path, &request).await;
                reply.expect_problem(422, "validation_failed");
                let errors = reply.value()["errors"].clone();
                assert_eq!(errors.as_array().unwrap().len(), 1, "{path} {field} {bad:?}: {errors}");
                assert_eq!(errors[0]["field"], *field, "{path} {bad:?}");
            }
        }
        let reply = browser.json(method, &path, &body).await;
        assert!([200, 202].contains(&reply.status), "nothing else was at fault: {path}: {}", reply.text);
    }
    assert!(app.mails_to("a@example.com").await.is_empty() && app.mails_to("b@example.com").await.is_empty());
}

#[tokio::test]
async fn nul_in_any_field_of_any_endpoint_is_its_senders_fault() {
    let (_app, browser) = member().await;
    for Endpoint { method, path, body, .. } in endpoints::all() {
        for (field, _) in body.as_object().unwrap().iter().filter(|(_, value)| value.is_string()) {
            let mut request = body.clone();
            request[field] = json!("a\u{0}b");
            let reply = browser.json(method.clone(), &path, &request).await;
            assert!((400..500).contains(&reply.status), "{path} {field}: {}", reply.text);
        }
    }
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
