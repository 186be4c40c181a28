use super::*;

#[tokio::test]
async fn an_app_counts_once_a_code_of_it_is_confirmed() {
    let app = TestApp::start().await;
    let (browser, email) = app.member("ada").await;
    let set_up = browser.post_empty("/v1/me/totp").await.expect_status(200).value();
    let answer = app.browser().sign_in(&email).await.value();
    assert_eq!(answer["status"], "signed_in", "a set-up alone changes nothing");
    let phone = AuthenticatorApp::of_secret(set_up["secret"].as_str().unwrap());
    let uri = set_up["otpauth_uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Doorward:") && uri.contains("&issuer=Doorward"), "{uri}");
    assert!(set_up["qr_svg"].as_str().unwrap().contains("<svg"));

    let wrong = phone.code_at(&app, 7);
    let reply = browser.post("/v1/me/totp/confirm", &json!({"code": wrong})).await;
    reply.expect_problem(400, "invalid_or_expired_code");
    let before = browser.access_token();
    let added = browser.post("/v1/me/totp/confirm", &json!({"code": phone.code(&app)})).await;

    let codes = added.expect_status(200).value()["backup_codes"].as_array().unwrap().len();
    assert_eq!(codes, 10);
    assert_ne!(browser.access_token(), before, "a rise in assurance gives new tokens");
    let current = browser.get("/v1/session").await.value();
    assert_eq!(current["user"]["mfa_enabled"], true);
    assert_eq!(current["session"]["acr"], "aal2");
    assert_eq!(current["session"]["amr"], json!(["pwd", "otp", "mfa"]));
    let factors = browser.get("/v1/me/factors").await.value();
    assert_eq!(factors["mfa_enabled"], true);
    assert_eq!(factors["items"][0]["type"], "totp");
    assert_eq!(factors["items"][1]["remaining"], 10);
    assert!(app.mail_to(&email).await.subject.contains("second factor"));
    first_step(&app.browser(), &email).await;
}

#[tokio::test]
async fn a_set_up_takes_an_hour_at_most_and_a_new_one_ends_it() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    browser.post("/v1/me/totp/confirm", &json!({"code": "123456"})).await.expect_problem(409, "conflict");
    let first = browser.post_empty("/v1/me/totp").await.value();
    let second = browser.post_empty("/v1/me/totp").await.value();
    assert_ne!(first["secret"], second["secret"]);
    let first = AuthenticatorApp::of_secret(first["secret"].as_str().unwrap());
    let second = AuthenticatorApp::of_secret(second["secret"].as_str().unwrap());

    let code = json!({"code": first.code(&app)});
    browser.post("/v1/me/totp/confirm", &code).await.expect_problem(400, "invalid_or_expired_code");
    app.advance(61 * MINUTE);
    browser.refresh().await.expect_status(200);
    let code = json!({"code": second.code(&app)});
    browser.post("/v1/me/totp/confirm", &code).await.expect_problem(409, "conflict");
}

#[tokio::test]
async fn the_second_step_opens_a_session_of_two_factors() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    browser.get("/v1/session").await.expect_problem(401, "not_authenticated");

    let code = ada.phone.next_code(&app);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let reply = second_step(&browser, &token, "totp", &spaced).await;

    assert_eq!(reply.expect_status(200).value()["status"], "signed_in");
    let session = session(&browser).await;
    assert_eq!((&session["acr"], &session["amr"]), (&json!("aal2"), &json!(["pwd", "otp", "mfa"])));
    let verified = app.verifier().build().unwrap().verify(&browser.access_token()).await.unwrap();
    assert_eq!(verified.acr, "aal2");
    second_step(&browser, &token, "totp", &ada.phone.next_code(&app))
        .await
        .expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn a_client_without_cookies_gets_its_tokens_in_the_body() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let client = app.browser();
    let mut body = password(&ada.email);
    body["delivery"] = json!("body");
    let token = client.post("/v1/sign-in", &body).await.value()["mfa_token"].clone();

    let code = ada.phone.next_code(&app);
    let body = json!({"mfa_token": token, "method": "totp", "code": code, "delivery": "body"});
    let reply = client.post("/v1/sign-in/mfa", &body).await;

    assert!(reply.expect_status(200).value()["refresh_token"].is_string());
    assert!(reply.set_cookies().is_empty());
}

#[tokio::test]
async fn a_code_may_be_one_step_early_or_late_and_works_once() {
    let mut app = without_limits().await;
    let ada = ada(&app).await;
    app.advance(5 * MINUTE);
    for (steps, good) in [(-2, false), (2, false), (-1, true), (0, true), (1, true), (0, false), (1, false)] {
        let browser = app.browser();
        let token = first_step(&browser, &ada.email).await;
        let reply = second_step(&browser, &token, "totp", &ada.phone.code_at(&app, steps)).await;
        if good {
            reply.expect_status(200);
        } else {
            reply.expect_problem(400, "invalid_or_expired_code");
        }
    }

    app.advance(MINUTE);
    let code = ada.phone.code(&app);
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    second_step(&browser, &token, "totp", &code).await.expect_status(200);
    app.restart().await;
    let token = first_step(&browser, &ada.email).await;
    second_step(&browser, &token, "totp", &code).await.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn of_fifty_sign_ins_at_once_with_one_code_one_gets_in() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(first_step(&app.browser(), &ada.email).await);
    }
    let code = ada.phone.next_code(&app);

    let replies = doorward_test_support::all_at_once(tokens, |token| {
        let (browser, code) = (app.browser(), code.clone());
        async move { second_step(&browser, &token, "totp", &code).await.status }
    })
    .await;

    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    assert!(replies.iter().all(|status| matches!(status, 200 | 400)), "{replies:?}");
}

#[tokio::test]
async fn of_fifty_uses_of_one_sign_in_at_once_one_gets_in() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let token = first_step(&app.browser(), &ada.email).await;
    let code = ada.phone.next_code(&app);
    let before = app.count("SELECT COUNT(*) FROM sessions").await;

    let replies = doorward_test_support::all_at_once(0..50, |at| {
        let (browser, token) = (app.browser(), token.clone());
        // Half of them by backup codes, which are right as well.
        let (method, code) = match ada.codes.get(at / 2).filter(|_| at % 2 == 1) {
            Some(code) => ("backup_code", code.clone()),
            None => ("totp", code.clone()),
        };
        async move { second_step(&browser, &token, method, &code).await.status }
    })
    .await;

    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, before + 1);
}

#[tokio::test]
async fn another_app_takes_the_place_of_the_first_and_trusts_no_device() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    app.advance(MINUTE);
    let (phone, codes) = app.add_totp(&ada.browser).await;
    assert!(codes.is_empty(), "the backup codes stay");

    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    let old = ada.phone.next_code(&app);
    second_step(&browser, &token, "totp", &old).await.expect_problem(400, "invalid_or_expired_code");
    second_step(&browser, &token, "totp", &phone.code(&app)).await.expect_status(200);
    second_step(&browser, &first_step(&browser, &ada.email).await, "backup_code", &ada.codes[0])
        .await
        .expect_status(200);
}

#[tokio::test]
async fn with_the_app_its_backup_codes_go_and_the_owner_is_told() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;

    ada.browser.delete("/v1/me/totp").await.expect_status(204);

    ada.browser.delete("/v1/me/totp").await.expect_problem(404, "not_found");
    assert!(app.mail_to(&ada.email).await.subject.contains("removed"));
    assert_eq!(ada.browser.get("/v1/me/factors").await.value()["items"], json!([]));
    assert_eq!(ada.browser.get("/v1/session").await.value()["user"]["mfa_enabled"], false);
    assert_eq!(app.browser().sign_in(&ada.email).await.value()["status"], "signed_in");
    assert_eq!(app.count("SELECT COUNT(*) FROM backup_codes").await, 0);
    ada.browser.post_empty("/v1/me/backup-codes").await.expect_problem(409, "conflict");
    let types = ada.browser.get("/v1/me/activity").await.text;
    for event in ["totp.added", "totp.removed"] {
        assert!(types.contains(event), "{event}");
    }
}

#[tokio::test]
async fn the_secret_is_sealed_and_reaches_nobody_a_second_time() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let set_up = browser.post_empty("/v1/me/totp").await.value();
    let secret = set_up["secret"].as_str().unwrap();
    let phone = AuthenticatorApp::of_secret(secret);
    browser.post("/v1/me/totp/confirm", &json!({"code": phone.code(&app)})).await.expect_status(200);

    let export = browser.get("/v1/me/export").await.value();
    assert_eq!(export["second_factors"][0]["type"], "totp");
    assert_eq!(export["second_factors"][1]["remaining"], 10);
    for path in ["/v1/me/factors", "/v1/me/export", "/v1/me/activity", "/v1/session", "/account/two-factor"] {
        let reply = browser.get(path).await;
        assert!(!reply.expect_status(200).text.contains(secret), "{path}");
    }
    if let Some(file) = app.database_file() {
        let raw = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        for path in [file.clone(), file.with_extension("db-wal")] {
            let bytes = std::fs::read(path).unwrap_or_default();
            assert!(!bytes.windows(raw.len()).any(|window| window == raw));
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn of_fifty_sign_ins_with_one_code_over_two_processes_one_gets_in() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let other = app.second_process().await;
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(first_step(&app.browser(), &ada.email).await);
    }
    let code = ada.phone.next_code(&app);

    let won = doorward_test_support::all_at_once(tokens.into_iter().enumerate(), |(at, token)| {
        let (browser, code, other) = (app.browser(), code.clone(), &other);
        async move {
            if at % 2 == 0 {
                return second_step(&browser, &token, "totp", &code).await.status == 200;
            }
            let caller = doorward_core::context::Caller::system("other");
            let method = doorward_core::second_factor::Method::Totp;
            doorward_core::sign_in::second::complete(
                &other.sessions,
                &caller,
                &token.into(),
                method,
                &code,
                true,
                false,
            )
            .await
            .is_ok()
        }
    })
    .await;

    assert_eq!(won.iter().filter(|won| **won).count(), 1);
}
