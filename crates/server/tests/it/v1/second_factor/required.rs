use super::*;

async fn required_for_all() -> TestApp {
    TestApp::with(|config| config.mfa.required_for = vec!["user".to_owned()]).await
}

#[tokio::test]
async fn whoever_needs_a_second_factor_sets_one_up_on_the_way_in() {
    let app = required_for_all().await;
    let browser = app.browser();
    let email = "first@example.com";
    browser.sign_up(email).await.expect_status(202);
    let code = app.mail_to(email).await.code();
    let reply = browser.post("/v1/email/verify", &json!({"email": email, "code": code})).await;
    let answer = reply.expect_status(200).value();
    assert_eq!(answer["status"], "enrolment_required");
    browser.get("/v1/session").await.expect_problem(401, "not_authenticated");
    let token = json!({"mfa_token": answer["mfa_token"]});

    let set_up = browser.post("/v1/sign-in/enrol/totp", &token).await.expect_status(200).value();
    let phone = AuthenticatorApp::of_secret(set_up["secret"].as_str().unwrap());
    let confirm = |code: String| json!({"mfa_token": answer["mfa_token"], "code": code});
    let wrong = browser.post("/v1/sign-in/enrol/totp/confirm", &confirm(phone.code_at(&app, 9))).await;
    wrong.expect_problem(400, "invalid_or_expired_code");
    let done = browser.post("/v1/sign-in/enrol/totp/confirm", &confirm(phone.code(&app))).await;

    let done = done.expect_status(200).value();
    assert_eq!(done["status"], "signed_in");
    assert_eq!(done["backup_codes"].as_array().unwrap().len(), 10);
    assert_eq!(session(&browser).await["acr"], "aal2");
    browser.post("/v1/sign-in/enrol/totp", &token).await.expect_problem(400, "invalid_or_expired_token");
    first_step(&app.browser(), email).await;
    browser.delete("/v1/me/totp").await.expect_problem(409, "conflict");
    assert_eq!(browser.get("/v1/me/factors").await.value()["mfa_enabled"], true);
}

#[tokio::test]
async fn only_the_roles_that_are_named_need_one() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["admin".to_owned()]).await;
    let (_, email) = app.member("ada").await;
    assert_eq!(app.browser().sign_in(&email).await.value()["status"], "signed_in");

    app.grant(&email, "admin").await;

    let answer = app.browser().sign_in(&email).await.value();
    assert_eq!(
        (&answer["status"], &answer["methods"]),
        (&json!("enrolment_required"), &json!(["totp", "passkey"]))
    );
}

#[tokio::test]
async fn a_role_that_asks_for_two_factors_ends_the_sessions_of_one() {
    let app = TestApp::with(|config| config.mfa.required_for = vec!["admin".to_owned()]).await;
    let (one, email) = app.member("ada").await;
    let (two, careful) = app.member("ada").await;
    app.add_totp(&two).await;
    let (bystander, _) = app.member("ada").await;
    let trail = async |browser: &Browser| browser.get("/v1/admin/audit").await;
    trail(&one).await.expect_problem(403, "permission_denied");

    app.grant(&email, "admin").await;
    app.grant(&careful, "admin").await;

    trail(&one).await.expect_problem(401, "session_revoked");
    one.refresh().await.expect_problem(401, "session_revoked");
    trail(&two).await.expect_status(200);
    bystander.get("/v1/session").await.expect_status(200);
    assert_eq!(app.browser().sign_in(&email).await.value()["status"], "enrolment_required");
}

#[tokio::test]
async fn a_role_that_asks_for_nothing_or_was_there_before_ends_no_session() {
    let mut app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;

    app.grant(&email, "admin").await;

    assert_eq!(ada.get("/v1/session").await.value()["user"]["roles"], json!(["admin", "user"]));
    app.restart_with(|config| config.mfa.required_for = vec!["admin".to_owned()]).await;
    app.grant(&email, "admin").await;
    ada.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn a_role_that_another_process_grants_ends_sessions_of_one_factor_within_a_second() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    ada.get("/v1/session").await.expect_status(200);
    let asks_for_two = app.process_as(|config| config.mfa.required_for = vec!["admin".to_owned()]).await;
    let (user, caller) = (app.user_id(&email).await, doorward_core::context::Caller::system("test"));

    let granted =
        doorward_core::operator::grant(asks_for_two.context(), &caller, user, "admin").await.unwrap();

    assert_eq!(granted, doorward_core::operator::Granted::Now { ended: 1 });
    let began = std::time::Instant::now();
    while ada.get("/v1/session").await.status == 200 {
        assert!(began.elapsed() < Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    ada.get("/v1/session").await.expect_problem(401, "session_revoked");
}

#[tokio::test]
async fn a_sign_in_that_waits_for_a_second_factor_sets_none_up() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;

    let body = json!({"mfa_token": token});
    browser.post("/v1/sign-in/enrol/totp", &body).await.expect_problem(400, "invalid_or_expired_token");
    let body = json!({"mfa_token": token, "code": ada.phone.next_code(&app)});
    browser
        .post("/v1/sign-in/enrol/totp/confirm", &body)
        .await
        .expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn of_fifty_confirmations_at_once_one_signs_in() {
    let app = TestApp::with(|config| {
        config.mfa.required_for = vec!["user".to_owned()];
        config.rate_limit.enabled = false;
    })
    .await;
    let browser = app.browser();
    browser.sign_up("first@example.com").await.expect_status(202);
    let code = app.mail_to("first@example.com").await.code();
    let verify = json!({"email": "first@example.com", "code": code});
    let answer = browser.post("/v1/email/verify", &verify).await.value();
    let token = json!({"mfa_token": answer["mfa_token"]});
    let set_up = browser.post("/v1/sign-in/enrol/totp", &token).await.value();
    let phone = AuthenticatorApp::of_secret(set_up["secret"].as_str().unwrap());
    let body = json!({"mfa_token": answer["mfa_token"], "code": phone.code(&app)});

    let replies = doorward_test_support::all_at_once(0..50, |_| {
        let (browser, body) = (app.browser(), body.clone());
        async move { browser.post("/v1/sign-in/enrol/totp/confirm", &body).await.status }
    })
    .await;

    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}
