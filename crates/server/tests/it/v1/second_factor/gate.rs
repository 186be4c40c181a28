use reqwest::Method;

use super::*;

#[tokio::test]
async fn the_token_of_a_sign_in_under_way_opens_nothing_else() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let token = first_step(&app.browser(), &ada.email).await;
    let thief = opens_nothing(&app, &token, &ada.browser).await;
    let bearer = [("authorization", format!("Bearer {token}"))];
    let bearer: Vec<(&str, &str)> = bearer.iter().map(|(name, value)| (*name, value.as_str())).collect();
    thief.set_cookie("doorward_refresh", &token);
    thief.post_empty("/v1/token/refresh").await.expect_problem(401, "token_invalid");
    let body = json!({"token": token, "new_password": PASSWORD});
    thief.post("/v1/password/reset", &body).await.expect_problem(400, "invalid_or_expired_token");
    let url = format!("{}/dashboard", app.url);
    let asked = [bearer[0], ("x-original-url", url.as_str())];
    for browser in [&app.browser(), &thief] {
        browser.send(Method::GET, "/forward-auth", &asked, None).await.expect_status(401);
    }
}

#[tokio::test]
async fn what_was_begun_before_a_second_factor_is_not_finished_without_it() {
    let app = without_limits().await;
    let (stranger, email) = app.member("ada").await;
    let owner = app.browser();
    owner.sign_in(&email).await.expect_status(200);
    let set_up = stranger.post_empty("/v1/me/totp").await.expect_status(200).value();
    let phone = AuthenticatorApp::of_secret(set_up["secret"].as_str().unwrap());
    let elsewhere = format!("evil-{email}");
    stranger.post("/v1/me/email", &json!({"new_email": elsewhere})).await.expect_status(202);
    super::super::passkeys::add(&app, &owner).await;
    owner.patch("/v1/me/factors", &json!({"passkey_second_factor": true})).await.expect_status(200);

    let refused = (403, "reauthentication_required");
    let code = json!({"code": phone.code(&app)});
    stranger.post("/v1/me/totp/confirm", &code).await.expect_problem(refused.0, refused.1);
    let code = json!({"code": app.mail_to(&elsewhere).await.code()});
    stranger.post("/v1/me/email/verify", &code).await.expect_problem(refused.0, refused.1);
    let body = json!({"current_password": PASSWORD, "new_password": "quite another sentence"});
    stranger.post("/v1/password/change", &body).await.expect_problem(refused.0, refused.1);
    owner.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn five_wrong_codes_end_a_sign_in() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    for _ in 0..5 {
        second_step(&browser, &token, "totp", "000000").await.expect_problem(400, "invalid_or_expired_code");
    }

    let right = ada.phone.next_code(&app);
    second_step(&browser, &token, "totp", &right).await.expect_problem(400, "invalid_or_expired_token");

    let token = first_step(&browser, &ada.email).await;
    second_step(&browser, &token, "totp", &right).await.expect_status(200);
}

#[tokio::test]
async fn a_sign_in_takes_ten_minutes_at_most() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    app.advance(10 * MINUTE);

    let code = ada.phone.next_code(&app);
    second_step(&browser, &token, "totp", &code).await.expect_problem(400, "invalid_or_expired_token");
    second_step(&browser, "no-such-token", "totp", &code)
        .await
        .expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn what_ends_all_sessions_ends_a_sign_in_under_way() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;

    ada.browser.post_empty("/v1/sign-out/all").await.expect_status(204);

    let code = ada.phone.next_code(&app);
    second_step(&browser, &token, "totp", &code).await.expect_problem(400, "invalid_or_expired_token");
}

#[tokio::test]
async fn guesses_are_counted_over_sign_ins_and_keep_the_owner_in() {
    let app = TestApp::with(|config| config.lockout.enabled = true).await;
    let ada = ada(&app).await;
    let known = app.browser();
    let token = first_step(&known, &ada.email).await;
    second_step(&known, &token, "totp", &ada.phone.next_code(&app)).await.expect_status(200);
    known.post_empty("/v1/sign-out").await.expect_status(204);

    let thief = app.browser();
    let mut wrong = 0;
    let mut refused = 0;
    while refused < 3 && wrong < 30 {
        let token = first_step(&thief, &ada.email).await;
        for _ in 0..4 {
            let reply = second_step(&thief, &token, "totp", "000000").await;
            match reply.status {
                400 => wrong += 1,
                _ => {
                    reply.expect_problem(429, "rate_limited");
                    refused += 1;
                }
            }
        }
    }

    assert_eq!(wrong, 5, "then each try has to wait");
    let token = first_step(&known, &ada.email).await;
    second_step(&known, &token, "totp", &ada.phone.next_code(&app)).await.expect_status(200);
}

#[tokio::test]
async fn a_method_that_the_account_does_not_have_is_told_by_name() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;

    let body = json!({"mfa_token": token, "method": "carrier_pigeon", "code": "coo"});
    browser.post("/v1/sign-in/mfa", &body).await.expect_field("method", "invalid");
    second_step(&browser, &token, "totp", "").await.expect_problem(400, "invalid_or_expired_code");
}

#[tokio::test]
async fn a_disabled_account_is_told_after_both_factors_and_gets_in_by_none() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    app.disable(&ada.email).await;

    let reply = second_step(&browser, &token, "totp", &ada.phone.next_code(&app)).await;

    assert_ne!(reply.status, 200);
    browser.get("/v1/session").await.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn a_mailbox_is_one_factor_and_what_is_proved_after_it_is_the_other() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    browser.post("/v1/sign-in/email", &json!({"email": ada.email})).await.expect_status(202);
    let body = json!({"email": ada.email, "code": app.mail_to(&ada.email).await.code()});
    let answer = browser.post("/v1/sign-in/email/verify", &body).await.expect_status(200).value();
    assert_eq!(answer["status"], "mfa_required", "{answer}");
    let token = answer["mfa_token"].as_str().unwrap();

    second_step(&browser, token, "totp", &ada.phone.next_code(&app)).await.expect_status(200);

    let session = session(&browser).await;
    assert_eq!((&session["acr"], &session["amr"]), (&json!("aal2"), &json!(["email", "otp", "mfa"])));
}

/// Tries the token of a sign-in under way at every endpoint that asks for somebody, and at the account's pages: as a Bearer token,
/// and in place of every cookie. Answers the browser with the cookies. `owner` has a session to try to end.
pub async fn opens_nothing(app: &TestApp, token: &str, owner: &Browser) -> Browser {
    let bearer = [("authorization", format!("Bearer {token}"))];
    let bearer: Vec<(&str, &str)> = bearer.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let thief = app.browser();
    for cookie in ["doorward_access", "doorward_refresh", "doorward_flow", "doorward_device"] {
        thief.set_cookie(cookie, token);
    }
    let description = app.browser().get("/openapi.json").await.value();
    let mut tried = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            // Those that ask for nobody are no way past the second factor.
            if operation["security"] == json!([])
                || operation["security"] == json!([{}])
                || path == "/forward-auth"
            {
                continue;
            }
            let id = owner.get("/v1/session").await.value()["session"]["id"].clone();
            let path = path.replace("{id}", id.as_str().unwrap());
            let method: Method = method.to_uppercase().parse().unwrap();
            for (browser, headers) in [(&app.browser(), &bearer[..]), (&thief, &[])] {
                let reply = browser.send(method.clone(), &path, headers, None).await;
                // Whoever signs out is out, signed in or not.
                let refused = if path == "/v1/sign-out" { 204 } else { 401 };
                assert_eq!(reply.status, refused, "{method} {path}: {}", reply.text);
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
    for page in [
        "/account",
        "/account/sessions",
        "/account/activity",
        "/account/data",
        "/account/delete",
        "/account/email",
        "/account/passkeys",
        "/account/passkeys/add",
        "/account/two-factor",
        "/account/two-factor/app",
        "/account/password",
        "/reauthenticate",
    ] {
        let reply = thief.get(page).await;
        assert!(reply.expect_status(303).header("location").starts_with("/sign-in?"), "{page}");
    }
    thief
}
