use super::*;

async fn trusting(app: &TestApp, ada: &Ada) -> Browser {
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    let code = ada.phone.next_code(app);
    let body = json!({"mfa_token": token, "method": "totp", "code": code, "trust_device": true});
    browser.post("/v1/sign-in/mfa", &body).await.expect_status(200);
    browser.post_empty("/v1/sign-out").await.expect_status(204);
    browser
}

async fn status(browser: &Browser, email: &str) -> Value {
    browser.sign_in(email).await.expect_status(200).value()["status"].clone()
}

#[tokio::test]
async fn a_device_that_its_owner_trusts_is_not_asked_for_thirty_days() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = trusting(&app, &ada).await;

    assert_eq!(status(&browser, &ada.email).await, "signed_in");
    let session = session(&browser).await;
    assert_eq!(
        (&session["acr"], &session["amr"]),
        (&json!("aal1"), &json!(["pwd"])),
        "no more than that was proved"
    );
    assert_eq!(status(&app.browser(), &ada.email).await, "mfa_required", "another browser is asked");
    app.advance(29 * DAY);
    assert_eq!(status(&browser, &ada.email).await, "signed_in");
    app.advance(DAY);
    assert_eq!(status(&browser, &ada.email).await, "mfa_required");
}

#[tokio::test]
async fn what_is_sensitive_asks_a_trusted_device_for_the_second_factor() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = trusting(&app, &ada).await;
    browser.sign_in(&ada.email).await.expect_status(200);

    for path in ["/v1/me/totp", "/v1/me/backup-codes", "/v1/me/email"] {
        browser.post_empty(path).await.expect_problem(403, "reauthentication_required");
    }
    browser.delete("/v1/me/totp").await.expect_problem(403, "reauthentication_required");
    browser
        .post("/v1/reauthenticate", &json!({"password": PASSWORD}))
        .await
        .expect_field("password", "invalid");
    browser
        .post("/v1/reauthenticate/start", &json!({"method": "email_code"}))
        .await
        .expect_field("method", "invalid");
    let wrong = json!({"method": "totp", "code": "000000"});
    browser.post("/v1/reauthenticate", &wrong).await.expect_problem(400, "invalid_or_expired_code");
    let older = browser.copy();
    let right = json!({"method": "totp", "code": ada.phone.next_code(&app)});
    browser.post("/v1/reauthenticate", &right).await.expect_status(200);

    assert_eq!(session(&browser).await["acr"], "aal2");
    browser.post_empty("/v1/me/backup-codes").await.expect_status(200);
    app.advance(11 * MINUTE);
    older.post_empty("/v1/me/backup-codes").await.expect_problem(401, "token_expired");
}

#[tokio::test]
async fn trust_ends_with_all_sessions_a_new_password_and_the_app_itself() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let browser = trusting(&app, &ada).await;

    ada.browser.post_empty("/v1/sign-out/all").await.expect_status(204);
    assert_eq!(status(&browser, &ada.email).await, "mfa_required");

    let browser = trusting(&app, &ada).await;
    app.browser().post("/v1/password/forgot", &json!({"email": ada.email})).await.expect_status(202);
    let token = app.mail_to(&ada.email).await.token();
    let reset = json!({"token": token, "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    assert_eq!(status(&browser, &ada.email).await, "mfa_required");

    let browser = trusting(&app, &ada).await;
    let owner = app.browser();
    let token = first_step(&owner, &ada.email).await;
    second_step(&owner, &token, "totp", &ada.phone.next_code(&app)).await.expect_status(200);
    owner.delete("/v1/me/totp").await.expect_status(204);
    app.add_totp(&owner).await;
    assert_eq!(status(&browser, &ada.email).await, "mfa_required");
}

#[tokio::test]
async fn an_operator_may_allow_no_trust() {
    let app = TestApp::with(|config| config.mfa.trusted_device = Duration::ZERO).await;
    let ada = ada(&app).await;
    let browser = trusting(&app, &ada).await;

    assert_eq!(status(&browser, &ada.email).await, "mfa_required");
}
