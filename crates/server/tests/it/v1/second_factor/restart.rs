//! What was used before a restart is used after it.

use doorward_core::config::Sms;
use doorward_test_support::sms_code;

use super::*;

const NUMBER: &str = "+436641234567";

#[tokio::test]
async fn nothing_that_was_used_works_again_after_a_restart() {
    let mut app = TestApp::with(|config| {
        config.sms = Some(Sms { countries: vec!["+43".to_owned()], hourly_per_country: 100 });
        config.rate_limit.enabled = false;
        config.lockout.enabled = false;
    })
    .await;
    let ada = ada(&app).await;
    ada.browser.post("/v1/me/phone", &json!({"phone_number": NUMBER})).await.expect_status(202);
    let number_code = json!({"code": sms_code(&app.sms_to(NUMBER).await[0])});
    ada.browser.post("/v1/me/phone/verify", &number_code).await.expect_status(200);
    app.advance(MINUTE);

    let browser = app.browser();
    let spent = first_step(&browser, &ada.email).await;
    second_step(&browser, &spent, "backup_code", &ada.codes[0]).await.expect_status(200);
    let by_sms = first_step(&browser, &ada.email).await;
    let started = json!({"mfa_token": by_sms, "method": "sms"});
    browser.post("/v1/sign-in/mfa/start", &started).await.expect_status(202);
    let code_of_sms = sms_code(&app.sms_to(NUMBER).await[0]);
    second_step(&browser, &by_sms, "sms", &code_of_sms).await.expect_status(200);
    let by_mail = app.browser();
    by_mail.post("/v1/sign-in/email", &json!({"email": ada.email})).await.expect_status(202);
    let mail = app.mail_to(&ada.email).await;
    let verify = [json!({"email": ada.email, "code": mail.code()}), json!({"token": mail.token()})];
    by_mail.post("/v1/sign-in/email/verify", &verify[0]).await.expect_status(200);
    app.browser().post("/v1/password/forgot", &json!({"email": ada.email})).await.expect_status(202);
    let reset = json!({"token": app.mail_to(&ada.email).await.token(), "new_password": PASSWORD});
    app.browser().post("/v1/password/reset", &reset).await.expect_status(204);
    let tired = first_step(&browser, &ada.email).await;
    for _ in 0..5 {
        second_step(&browser, &tired, "totp", "000000").await.expect_status(400);
    }

    app.restart().await;

    let browser = app.browser();
    let fresh = first_step(&browser, &ada.email).await;
    for (method, code) in [("backup_code", ada.codes[0].as_str()), ("sms", &code_of_sms)] {
        second_step(&browser, &fresh, method, code).await.expect_problem(400, "invalid_or_expired_code");
    }
    for token in [&spent, &by_sms, &tired] {
        let right = ada.phone.next_code(&app);
        second_step(&browser, token, "totp", &right).await.expect_problem(400, "invalid_or_expired_token");
    }
    for (body, code) in verify.iter().zip(["invalid_or_expired_code", "invalid_or_expired_token"]) {
        by_mail.post("/v1/sign-in/email/verify", body).await.expect_problem(400, code);
    }
    browser.post("/v1/password/reset", &reset).await.expect_problem(400, "invalid_or_expired_token");
}
