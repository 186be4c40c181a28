use std::time::Duration;

use doorward_test_support::{PASSWORD, TestApp};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_page_that_is_sensitive_asks_for_the_password_on_the_way() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    ada.get("/account/email").await.expect_status(200);
    app.advance(11 * MINUTE);

    let asked = ada.get("/account/email").await;

    asked.expect_redirect("/reauthenticate?redirect_to=%2Faccount%2Femail");
    let page = ada.get("/reauthenticate?redirect_to=%2Faccount%2Femail").await;
    assert!(page.expect_status(200).text.contains("Mail me a code"));
    let fields = [("password", "not that one"), ("redirect_to", "/account/email")];
    let wrong = ada.submit("/reauthenticate", &fields).await;
    assert!(wrong.expect_status(422).text.contains("That is not your password."));
    let fields = [("password", PASSWORD), ("redirect_to", "/account/email")];
    ada.submit("/reauthenticate", &fields).await.expect_redirect("/account/email");
    ada.get("/account/email").await.expect_status(200);
    let evil = [("password", PASSWORD), ("redirect_to", "//evil.example")];
    ada.submit("/reauthenticate", &evil).await.expect_redirect("/account");
}

#[tokio::test]
async fn a_mailed_code_will_do_as_well() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    app.advance(11 * MINUTE);
    let started = ada.submit("/reauthenticate/start", &[("redirect_to", "/account/delete")]).await;
    started.expect_redirect("/reauthenticate?redirect_to=%2Faccount%2Fdelete&by=code");
    let fields = [("code", "000000"), ("redirect_to", "/account/delete")];
    let wrong = ada.submit("/reauthenticate", &fields).await;
    assert!(wrong.expect_status(400).text.contains("value=\"000000\""));

    let code = app.mail_to(&email).await.code();
    let fields = [("code", code.as_str()), ("redirect_to", "/account/delete")];
    ada.submit("/reauthenticate", &fields).await.expect_redirect("/account/delete");

    ada.get("/account/delete").await.expect_status(200);
}

#[tokio::test]
async fn the_address_is_changed_and_taken_back_on_pages() {
    let app = TestApp::start().await;
    let (ada, old) = app.member("ada").await;
    let new = format!("new-{old}");
    let wrong = ada.submit("/account/email", &[("new_email", "no address")]).await;
    assert!(wrong.expect_status(422).text.contains("value=\"no address\""));
    ada.submit("/account/email", &[("new_email", &new)]).await.expect_redirect("/account/email/verify");
    assert!(ada.get("/account/email/verify").await.expect_status(200).text.contains(&new));
    let wrong = ada.submit("/account/email/verify", &[("code", "000000")]).await;
    assert!(wrong.expect_status(400).text.contains(&new));
    let mail = app.mail_to(&new).await;
    let link = mail.link().replace(&app.url, "");
    for _ in 0..2 {
        assert!(ada.get(&link).await.expect_status(200).text.contains("Confirm this address"));
    }

    let token = mail.token();
    ada.submit("/account/email/verify", &[("token", &token)])
        .await
        .expect_redirect("/account/email?done=changed");

    assert_eq!(ada.get("/v1/me").await.value()["email"], new);
    let undo = app.mail_to(&old).await;
    let owner = app.browser();
    assert!(owner.get(&undo.link().replace(&app.url, "")).await.expect_status(200).text.contains(&old));
    let done = owner.submit("/undo-email", &[("token", &undo.token())]).await;
    assert!(done.expect_status(200).text.contains("Everybody is signed out"));
    ada.get("/v1/session").await.expect_status(401);
    owner.submit("/undo-email", &[("token", &undo.token())]).await.expect_status(400);
}

#[tokio::test]
async fn the_account_is_closed_and_restored_on_pages() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    assert!(ada.get("/account/data").await.expect_status(200).text.contains("14 days"));
    let export = ada.get("/account/export").await;
    assert!(export.expect_status(200).header("content-disposition").starts_with("attachment"));
    assert_eq!(export.value()["user"]["email"], email);
    ada.get("/account/delete").await.expect_status(200);
    ada.get("/v1/session").await.expect_status(200);

    let closed = ada.submit("/account/delete", &[]).await;

    assert!(closed.expect_status(200).text.contains("deleted for good"));
    ada.get("/v1/session").await.expect_status(401);
    let restore = app.mail_to(&email).await;
    let link = restore.link().replace(&app.url, "");
    assert!(app.browser().get(&link).await.expect_status(200).text.contains(&email));
    let fields = [("token", restore.token())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(
        app.browser()
            .submit("/restore-account", &fields)
            .await
            .expect_status(200)
            .text
            .contains("open again")
    );
    ada.sign_in(&email).await.expect_status(200);
}
