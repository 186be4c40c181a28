use doorward_core::config::Mode;
use doorward_test_support::{PASSWORD, TestApp};
use reqwest::Method;

#[tokio::test]
async fn mails_are_found_in_the_mailbox_of_development() {
    let app = TestApp::start().await;
    app.browser().submit("/sign-up", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    app.browser().submit("/sign-up", &[("email", "eve@example.com"), ("password", PASSWORD)]).await;

    let all = app.browser().get("/dev/mailbox.json").await.value();
    let ada = app.browser().get("/dev/mailbox.json?to=ada%40example.com").await.value();

    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    assert_eq!(all["items"][0]["to"], "eve@example.com");
    assert_eq!(ada["items"].as_array().unwrap().len(), 1);
    let mail = &ada["items"][0];
    for field in ["id", "to", "subject", "text", "html", "created_at"] {
        assert!(!mail[field].as_str().unwrap().is_empty(), "{field}");
    }
    assert!(app.browser().get("/dev/mailbox").await.expect_status(200).text.contains("eve@example.com"));
    let id = mail["id"].as_str().unwrap();
    app.browser().get(&format!("/dev/mailbox/{id}")).await.expect_status(200);
    let html = app.browser().get(&format!("/dev/mailbox/{id}/html")).await;
    assert!(
        html.header("content-security-policy").contains("sandbox") && html.text.contains("ada@example.com")
    );
}

#[tokio::test]
async fn the_mailbox_answers_this_machine_alone() {
    let app = TestApp::start().await;
    for path in ["/dev/mailbox", "/dev/mailbox.json"] {
        for header in [
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("host", "evil.example"),
            ("x-forwarded-host", "localhost"),
            ("x-forwarded-server", "localhost"),
            ("x-doorward-client-ip", "127.0.0.1"),
            ("cf-connecting-ip", "127.0.0.1"),
        ] {
            app.browser().send(Method::GET, path, &[header], None).await.expect_status(404);
        }
    }
}

#[tokio::test]
async fn in_production_there_is_no_mailbox() {
    let app = TestApp::with(|config| config.mode = Mode::Production).await;
    for path in ["/dev/mailbox", "/dev/mailbox.json"] {
        app.browser().get(path).await.expect_status(404);
    }
}
