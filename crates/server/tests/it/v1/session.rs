use doorward_core::context::Caller;
use doorward_core::signing_key::When;
use doorward_core::{access, operator, signing_key};
use doorward_test_support::{PASSWORD, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

#[tokio::test]
async fn the_session_check_tells_who_is_signed_in_and_how() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;

    let answer = browser.get("/v1/session").await.expect_status(200).value();

    let (user, session) = (&answer["user"], &answer["session"]);
    let mut fields: Vec<&String> = user.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "created_at",
            "email",
            "email_verified",
            "family_name",
            "given_name",
            "id",
            "last_sign_in_at",
            "locale",
            "mfa_enabled",
            "permissions",
            "picture",
            "preferred_username",
            "roles"
        ]
    );
    assert!(user["id"].as_str().unwrap().starts_with("user_"));
    assert_eq!(user["email"], email);
    assert_eq!((&user["roles"], &user["permissions"]), (&json!(["user"]), &json!([])));
    let mut fields: Vec<&String> = session.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "absolute_expires_at",
            "acr",
            "amr",
            "auth_time",
            "created_at",
            "current",
            "device",
            "expires_at",
            "id",
            "ip",
            "last_seen_at",
            "place",
            "remember"
        ]
    );
    assert!(session["id"].as_str().unwrap().starts_with("session_"));
    assert_eq!(
        (&session["amr"], &session["current"], &session["remember"]),
        (&json!(["pwd"]), &json!(true), &json!(false))
    );
    assert!(session["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(session["ip"], "127.0.0.1");
}

#[tokio::test]
async fn without_a_token_nobody_is_signed_in() {
    let app = TestApp::start().await;
    let reply = app.browser().get("/v1/session").await;
    reply.expect_problem(401, "not_authenticated");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn beside_a_bearer_token_the_cookie_does_not_count() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    for header in ["Bearer nonsense", "Basic abc", "Bearer "] {
        let reply = browser.send(Method::GET, "/v1/session", &[("authorization", header)], None).await;
        assert_eq!(reply.status, 401, "{header}");
    }
}

#[tokio::test]
async fn two_cookies_of_one_name_are_none() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let access = browser.cookie("doorward_access").unwrap();
    let cookies = format!("doorward_access={access}; doorward_access=planted");
    let reply = app.browser().send(Method::GET, "/v1/session", &[("cookie", &cookies)], None).await;
    reply.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn the_access_token_is_what_rfc_9068_says() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let token = browser.cookie("doorward_access").unwrap();
    let part = |index: usize| -> Value {
        serde_json::from_slice(&decode(token.split('.').nth(index).unwrap())).unwrap()
    };

    let (header, claims) = (part(0), part(1));

    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("at+jwt")));
    let jwks = app.browser().get("/.well-known/jwks.json").await.value();
    assert!(
        jwks["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"] && key["d"].is_null())
    );
    assert_eq!(claims["iss"], app.url);
    assert_eq!(
        (&claims["client_id"], &claims["scope"]),
        (&json!("doorward"), &json!("openid profile email"))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    for name in ["sub", "aud", "jti", "sid", "auth_time", "amr", "acr", "email_verified"] {
        assert!(!claims[name].is_null(), "{name}");
    }
}

#[tokio::test]
async fn tokens_that_were_tampered_with_are_invalid() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let token = browser.cookie("doorward_access").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let check = async |token: &str| {
        let header = format!("Bearer {token}");
        app.browser().send(Method::GET, "/v1/session", &[("authorization", &header)], None).await
    };
    // Once it was seen to be good, it is remembered: nothing that is only like it may be taken for it.
    check(&token).await.expect_status(200);
    let other_signature = |at: usize| {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(changed).unwrap()
    };
    let begins = token.len() - parts[2].len();
    let none = encode(br#"{"alg":"none","typ":"at+jwt"}"#);
    let bad = [
        other_signature(begins),
        other_signature(begins + parts[2].len() / 2),
        // Not the last one, of which some bits count for nothing.
        other_signature(token.len() - 2),
        format!("{}.{}.{}", parts[0], parts[1], encode(&[7; 64])),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], encode(br#"{"sub":"user_0"}"#), parts[2]),
        format!("{token}.x"),
        token[..token.len() - 2].to_owned(),
        "..".to_owned(),
        "a".repeat(20_000),
    ];
    for bad in bad {
        let reply = check(&bad).await;
        assert!(reply.status == 401 || reply.status == 431, "{bad:.80}: {}", reply.status);
    }
    check(&token).await.expect_status(200);
}

#[tokio::test]
async fn a_role_that_another_process_grants_shows_within_a_second() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    browser.get("/v1/session").await.expect_status(200);
    let elsewhere = app.second_process().await;
    let user = operator::find_user(elsewhere.context(), &email).await.unwrap();

    operator::grant(elsewhere.context(), &Caller::system("test"), user.id, "admin").await.unwrap();

    let began = std::time::Instant::now();
    loop {
        let answer = browser.get("/v1/session").await.value();
        if answer["user"]["roles"] == json!(["admin", "user"]) {
            assert!(answer["user"]["permissions"].as_array().unwrap().contains(&json!("users:write")));
            break;
        }
        assert!(began.elapsed().as_millis() < 1000, "{answer}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_account_that_another_process_disables_is_out_within_a_second() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    browser.get("/v1/session").await.expect_status(200);
    let elsewhere = app.second_process().await;
    let user = operator::find_user(elsewhere.context(), &email).await.unwrap();

    operator::disable(elsewhere.context(), &Caller::system("test"), user.id).await.unwrap();

    let began = std::time::Instant::now();
    while browser.get("/v1/session").await.status == 200 {
        assert!(began.elapsed().as_millis() < 1000);
        tokio::task::yield_now().await;
    }
    browser.get("/v1/session").await.expect_problem(401, "session_revoked");
    browser.refresh().await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn the_last_administrator_can_neither_be_disabled_nor_lose_the_role() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let context = app.app.context();
    let caller = Caller::system("test");
    let user = operator::find_user(context, &email).await.unwrap();
    operator::grant(context, &caller, user.id, "admin").await.unwrap();

    let revoked = access::revoke(context, &caller, user.id, "admin").await.unwrap_err();
    let disabled = operator::disable(context, &caller, user.id).await.unwrap_err();

    assert_eq!((revoked.code().as_str(), disabled.code().as_str()), ("conflict", "conflict"));
    app.browser().sign_in(&email).await.expect_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_administrators_whom_fifty_shut_out_at_once_one_stays() {
    let app = TestApp::start().await;
    let other = app.second_process().await;
    let mut administrators = Vec::new();
    for name in ["ada", "eve"] {
        let (_, email) = app.member(name).await;
        app.grant(&email, "admin").await;
        administrators.push(app.user_id(&email).await);
    }
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let user = administrators[number % 2];
        // Either of two processes, either way.
        let context = if number % 4 < 2 { other.context() } else { app.app.context() }.clone();
        tasks.spawn(async move {
            let caller = Caller::system("test");
            match number % 3 {
                0 => operator::disable(&context, &caller, user).await,
                _ => access::revoke(&context, &caller, user, "admin").await,
            }
        });
    }

    let mut done = 0;
    for outcome in tasks.join_all().await {
        match outcome {
            Ok(changed) => done += i32::from(changed),
            Err(error) => assert_eq!(error.code().as_str(), "conflict"),
        }
    }

    let active = "SELECT COUNT(*) FROM user_roles JOIN users ON users.id = user_roles.user_id
                  WHERE user_roles.role = 'admin' AND users.disabled_at IS NULL";
    assert_eq!(app.count(active).await, 1);
    assert!(done >= 1, "and one of them is not any more");
}

#[tokio::test]
async fn keys_rotate_without_one_refused_token() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let kids = |jwks: Value| -> Vec<String> {
        jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let before = kids(app.browser().get("/.well-known/jwks.json").await.value());

    let signs_now = signing_key::rotate(app.app.context(), &Caller::system("test"), When::Now).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();

    assert!(before.contains(&signs_now), "the next key was published before it signed");
    let after = kids(app.browser().get("/.well-known/jwks.json").await.value());
    assert!(before.iter().all(|kid| after.contains(kid)));
    browser.get("/v1/session").await.expect_status(200);
    let newer = app.browser();
    newer.sign_in(&email).await.expect_status(200);
    let header: Value =
        serde_json::from_slice(&decode(newer.cookie("doorward_access").unwrap().split('.').next().unwrap()))
            .unwrap();
    assert_eq!(header["kid"], signs_now);
    newer.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn every_algorithm_signs_and_is_checked() {
    for (alg, name) in [
        (doorward_crypto::signing::Algorithm::Es256, "ES256"),
        (doorward_crypto::signing::Algorithm::EdDsa, "EdDSA"),
        (doorward_crypto::signing::Algorithm::Rs256, "RS256"),
    ] {
        let app = TestApp::with(|config| config.token.signing_alg = alg).await;
        let (browser, _) = app.member("ada").await;
        browser.get("/v1/session").await.expect_status(200);
        let token = browser.cookie("doorward_access").unwrap();
        let header: Value = serde_json::from_slice(&decode(token.split('.').next().unwrap())).unwrap();
        assert_eq!(header["alg"], name);
    }
}

#[tokio::test]
async fn first_admin_link_makes_one_administrator_once() {
    let app = TestApp::start().await;
    let link = operator::first_admin_link(app.app.context(), "http://localhost:4400").await.unwrap().unwrap();
    let token = link.split("token=").nth(1).unwrap().to_owned();
    let browser = app.browser();
    browser.get(&format!("/first-admin?token={token}")).await.expect_status(200);
    browser.get(&format!("/first-admin?token={token}")).await.expect_status(200);

    let mut racing = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (browser, token) = (app.browser(), token.clone());
        racing.spawn(async move {
            let email = format!("admin{number}@example.com");
            browser
                .submit("/first-admin", &[("token", &token), ("email", &email), ("password", PASSWORD)])
                .await
                .status
        });
    }
    let statuses = racing.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(operator::first_admin_link(app.app.context(), "http://localhost:4400").await.unwrap().is_none());
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[tokio::test]
async fn a_browser_whose_access_cookie_has_run_out_is_told_to_refresh() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    // The cookie lives no longer than its token: what comes then is the refresh cookie alone.
    ada.drop_cookie("doorward_access");

    for path in ["/v1/session", "/v1/me", "/v1/me/sessions", "/v1/me/export"] {
        ada.get(path).await.expect_problem(401, "token_expired");
    }
    ada.refresh().await.expect_status(200);
    ada.get("/v1/session").await.expect_status(200);
    app.browser().get("/v1/session").await.expect_problem(401, "not_authenticated");
}
