//! The phone number, on the account's pages.

use std::time::Duration;

use doorward_core::config::Sms;
use doorward_test_support::{TestApp, sms_code};

const NUMBER: &str = "+436641234567";

#[tokio::test]
async fn a_person_adds_a_number_and_removes_it() {
    let app = TestApp::with(|config| {
        config.sms = Some(Sms { countries: vec!["+43".to_owned()], hourly_per_country: 100 });
    })
    .await;
    let (ada, _) = app.member("ada").await;
    assert!(ada.get("/account").await.text.contains("href=\"/account/phone\""));
    ada.get("/account/phone/verify").await.expect_redirect("/account/phone");

    let wrong = ada.submit("/account/phone", &[("phone_number", "0664 1234567")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("value=\"0664 1234567\""), "{}", wrong.text);
    let reply = ada.submit("/account/phone", &[("phone_number", "+43 664 1234567")]).await;
    reply.expect_redirect("/account/phone/verify");
    assert!(ada.get("/account/phone/verify").await.text.contains(NUMBER));
    let wrong = ada.submit("/account/phone/verify", &[("code", "1")]).await;
    assert!(wrong.status == 400 && wrong.text.contains("newest message"), "{}", wrong.text);
    let code = sms_code(&app.sms_to(NUMBER).await[0]);
    let reply = ada.submit("/account/phone/verify", &[("code", &code)]).await;
    let codes = reply.expect_status(200).text.matches("<li><code>").count();
    assert!(codes == 10 && reply.text.contains("/account/phone?done=added"), "{}", reply.text);
    assert!(ada.get("/account").await.text.contains(NUMBER));

    // What is sensitive asks again.
    app.advance(Duration::from_secs(11 * 60));
    let asked = ada.submit("/account/phone/remove", &[]).await;
    asked.expect_redirect("/reauthenticate?redirect_to=%2Faccount%2Fphone");
    let back = "/account/phone";
    let fields = [("password", doorward_test_support::PASSWORD), ("redirect_to", back)];
    ada.submit("/reauthenticate", &fields).await.expect_redirect(back);
    ada.get(back).await.expect_status(200);
    for _ in 0..2 {
        ada.submit("/account/phone/remove", &[]).await.expect_redirect("/account/phone?done=removed");
    }
    assert!(!ada.get("/account").await.text.contains(NUMBER));
    app.browser().get("/account/phone").await.expect_redirect("/sign-in?redirect_to=%2Faccount%2Fphone");
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_page() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    assert!(!ada.get("/account").await.text.contains("/account/phone"));
    ada.get("/account/phone").await.expect_status(404);
    ada.submit("/account/phone", &[("phone_number", NUMBER)]).await.expect_status(404);
}
