use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use doorward_test_support::PASSWORD;

use super::{Server, master_key};

#[tokio::test]
async fn the_first_start_prints_the_address_and_a_link_that_makes_the_first_administrator() {
    let server = Server::start(&[]).await;
    let printed = server.printed("/first-admin?token=").await;
    assert!(printed.lines().next().unwrap().contains(&server.url), "{printed}");
    let link = printed.split_whitespace().find(|word| word.contains("/first-admin?token=")).unwrap();
    let token = link.split("token=").nth(1).unwrap();
    let browser = server.browser();
    browser.get(link).await.expect_status(200);

    browser
        .submit("/first-admin", &[("token", token), ("email", "ada@example.com"), ("password", PASSWORD)])
        .await
        .expect_redirect("/account");

    let session = browser.get("/v1/session").await.value();
    assert_eq!(session["user"]["roles"], serde_json::json!(["admin", "user"]));
    assert_eq!(server.browser().get(link).await.status, 409);
}

#[tokio::test]
async fn beside_an_app_on_another_port_the_link_still_leads_to_the_servers_own_page() {
    let server = Server::start(&[("DOORWARD_PUBLIC_URL", "http://localhost:3000")]).await;
    let printed = server.printed("/first-admin?token=").await;
    assert!(printed.contains("the app on http://localhost:3000"), "{printed}");
    let link = printed.split_whitespace().find(|word| word.contains("/first-admin?token=")).unwrap();
    assert!(link.starts_with(&server.url), "{link}");
    server.browser().get(link).await.expect_status(200);
}

#[tokio::test]
async fn the_master_key_is_its_owners_alone_and_stays() {
    let mut server = Server::start(&[]).await;
    let path = master_key(server.folder.path());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let key = std::fs::read(&path).unwrap();
    let browser = server.member("ada@example.com").await;

    assert_eq!(server.terminate(), Some(0));
    server.run().await;

    assert_eq!(std::fs::read(&path).unwrap(), key);
    browser.get("/v1/session").await.expect_status(200);
    browser.refresh().await.expect_status(200);
}

#[tokio::test]
async fn with_another_master_key_it_does_not_start_and_says_so() {
    let mut server = Server::start(&[]).await;
    server.terminate();
    std::fs::remove_file(master_key(server.folder.path())).unwrap();

    let output = server.cli(&["serve"]);

    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("is this the right master key?"), "{said}");
}

#[test]
fn production_that_would_be_unsafe_does_not_start_and_lists_every_problem() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .env_clear()
        .env("DOORWARD_LISTEN", "0.0.0.0:0")
        .current_dir(folder.path())
        .output()
        .unwrap();

    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for key in ["public_url", "secrets.master_key", "mail.smtp_url", "mail.from"] {
        assert!(said.contains(key), "{key} is not in {said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

#[tokio::test]
async fn a_second_server_on_the_same_port_says_what_is_wrong() {
    let server = Server::start(&[]).await;
    let output = server.cli(&["serve"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("can't be listened on"));
}
