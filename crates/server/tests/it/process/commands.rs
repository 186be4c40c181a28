use std::fs::File;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Server, within_a_second};

#[tokio::test]
async fn accounts_are_made_listed_and_shut_out_while_the_server_runs() {
    let server = Server::start(&[]).await;
    let created = server.create_user(&["--email", "ada@example.com", "--username", "ada", "--admin"]);
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));

    let browser = server.browser();
    let signed_in = browser.sign_in("ada").await;
    assert_eq!(signed_in.expect_status(200).value()["user"]["roles"], json!(["admin", "user"]));
    let again = server.create_user(&["--email", "ADA@example.com"]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("already"));
    let bad = server.create_user(&["--email", "nobody"]);
    assert!(!bad.status.success() && String::from_utf8_lossy(&bad.stderr).contains("email:"));

    assert!(server.create_user(&["--email", "eve@example.com"]).status.success());
    let listed: Value = serde_json::from_str(&server.cli_ok(&["user", "list", "--json"])).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let roles = |account: usize| listed["items"][account]["roles"].clone();
    assert_eq!((roles(0), roles(1)), (json!(["admin", "user"]), json!(["user"])));
    let table = server.cli_ok(&["user", "list"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["ID", "STATE", "EMAIL", "USERNAME", "ROLES"]);
    assert_eq!(rows[1][1..], ["active", "ada@example.com", "ada", "admin,user"]);
    assert_eq!(rows[2][1..], ["active", "eve@example.com", "-", "user"]);

    let eve = server.browser();
    eve.sign_in("eve@example.com").await.expect_status(200);
    server.cli_ok(&["user", "disable", "eve@example.com"]);
    within_a_second(async || eve.get("/v1/session").await.status == 401).await;
    eve.sign_in("eve@example.com").await.expect_problem(403, "account_disabled");
    server.cli_ok(&["user", "enable", "eve@example.com"]);
    eve.sign_in("eve@example.com").await.expect_status(200);
    let last = server.cli(&["user", "disable", "ada"]);
    assert!(
        !last.status.success() && String::from_utf8_lossy(&last.stderr).contains("last active administrator")
    );
}

#[tokio::test]
async fn roles_are_granted_and_taken_and_show_within_a_second() {
    let server = Server::start(&[]).await;
    let browser = server.member("ada@example.com").await;
    assert!(server.create_user(&["--email", "root@example.com", "--admin"]).status.success());
    let roles = async || browser.get("/v1/session").await.value()["user"]["roles"].clone();

    server.cli_ok(&["user", "grant", "ada@example.com", "admin"]);
    within_a_second(async || roles().await == json!(["admin", "user"])).await;
    server.cli_ok(&["user", "revoke", "ada@example.com", "admin"]);
    within_a_second(async || roles().await == json!(["user"])).await;

    assert!(!server.cli(&["user", "grant", "ada@example.com", "emperor"]).status.success());
    assert!(!server.cli(&["user", "grant", "nobody@example.com", "admin"]).status.success());
}

#[tokio::test]
async fn keys_are_rotated_while_the_server_runs() {
    let server = Server::start(&[]).await;
    let browser = server.member("ada@example.com").await;
    let states = |text: &str| -> Vec<String> {
        let keys: Value = serde_json::from_str(text).unwrap();
        let mut states: Vec<String> = keys["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["state"].as_str().unwrap().to_owned())
            .collect();
        states.sort();
        states
    };
    assert_eq!(states(&server.cli_ok(&["keys", "list", "--json"])), ["current", "next"]);

    server.cli_ok(&["keys", "rotate", "--now"]);

    assert_eq!(states(&server.cli_ok(&["keys", "list", "--json"])), ["current", "next", "retired"]);
    let published = async || {
        server.browser().get("/.well-known/jwks.json").await.value()["keys"].as_array().unwrap().len()
    };
    within_a_second(async || published().await == 3).await;
    browser.get("/v1/session").await.expect_status(200);
    browser.refresh().await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);
}

#[tokio::test]
async fn migrate_doctor_and_openapi_work_beside_the_server() {
    let server = Server::start(&[]).await;
    assert!(server.cli_ok(&["migrate"]).contains("up to date"));
    let findings: Value = serde_json::from_str(&server.cli_ok(&["doctor", "--json"])).unwrap();
    assert_eq!(findings["ok"], true, "{findings}");
    for check in ["settings", "mail", "database", "clock", "keys"] {
        assert!(findings["items"].as_array().unwrap().iter().any(|item| item["check"] == check), "{check}");
    }
    let checked_in = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    assert_eq!(server.cli_ok(&["openapi"]), std::fs::read_to_string(checked_in).unwrap());
}

#[tokio::test]
async fn doctor_says_what_is_wrong_and_how_to_mend_it() {
    let server = Server::start(&[]).await;
    let output =
        server.command(&["doctor"]).env("DOORWARD_MAIL__SMTP_URL", "smtp://127.0.0.1:1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("127.0.0.1:1 does not answer") && said.contains("mail.smtp_url"), "{said}");

    let plain = ("DOORWARD_MAIL__SMTP_URL", "smtp://127.0.0.1");
    let said = server.command(&["doctor"]).env(plain.0, plain.1).output().unwrap().stdout;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("127.0.0.1:25 "), "the port that mails are sent to: {said}");

    let sms = [
        ("DOORWARD_SMS__PROVIDER", "webhook"),
        ("DOORWARD_SMS__URL", "http://127.0.0.1:1/sms"),
        ("DOORWARD_SMS__SECRET", "0123456789abcdef0123456789abcdef0123456789a="),
        ("DOORWARD_SMS__COUNTRIES", "+43"),
    ];
    let output = server.command(&["doctor", "--json"]).envs(sms).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let item = said["items"].as_array().unwrap().iter().find(|item| item["check"] == "sms").unwrap();
    assert_eq!(item["ok"], false, "{item}");
    assert!(item["mend"].as_str().unwrap().contains("sms.url"), "{item}");
}

#[tokio::test]
async fn a_role_that_does_not_exist_can_not_be_asked_for_a_second_factor() {
    let server = Server::start(&[]).await;
    let asking = ("DOORWARD_MFA__REQUIRED_FOR", "admin,[\"user\"]");
    let output = server.command(&["doctor", "--json"]).env(asking.0, asking.1).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("mfa.required_for"), "{said}");
    let mut serve = server.command(&["serve"]);
    let output = serve.env(asking.0, asking.1).env("DOORWARD_LISTEN", "127.0.0.1:0").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("roles that do not exist"), "{said}");
}

#[tokio::test]
async fn a_service_key_is_shown_once_listed_without_itself_and_revoked() {
    let server = Server::start(&[]).await;
    let made = server.cli_ok(&["key", "create", "gateway", "--scope", "revocations:read", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("dw_key_") && key.len() == 50);
    let listen = async |key: &str| {
        let url = format!("{}/v1/revocations", server.url);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(url).bearer_auth(key).send().await.unwrap().status().as_u16()
    };
    assert_eq!(listen(key).await, 200);

    let listed = server.cli_ok(&["key", "list", "--json"]);
    assert!(!listed.contains(key) && listed.contains("gateway") && listed.contains("revocations:read"));
    assert!(server.cli_ok(&["key", "list"]).contains("last used"));
    let again = server.cli(&["key", "create", "gateway", "--scope", "revocations:read"]);
    assert!(!again.status.success());
    let unknown = server.cli(&["key", "create", "other", "--scope", "everything"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("revocations:read"));

    server.cli_ok(&["key", "revoke", "gateway"]);
    assert_eq!(listen(key).await, 401);
    assert!(server.cli_ok(&["key", "revoke", "gateway"]).contains("already"));
    assert!(!server.cli(&["key", "revoke", "nobody"]).status.success());
}

#[tokio::test]
async fn a_command_whose_output_nobody_can_take_ends_without_a_panic() {
    let server = Server::start(&[]).await;
    assert!(server.create_user(&["--email", "ada@example.com"]).status.success());
    for args in [&["openapi"][..], &["user", "list"], &["keys", "status"], &["audit", "export"], &["doctor"]]
    {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = server.command(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("the output could not be written") && !said.contains("panicked"), "{said}");

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = server.command(args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{args:?}");
    }
}

#[tokio::test]
async fn an_operator_resets_the_factors_of_an_account_and_says_why() {
    let server = Server::start(&[]).await;
    let ada = server.member("ada@example.com").await;
    let set_up = ada.post_empty("/v1/me/totp").await.expect_status(200).value();
    let code = app_code(set_up["secret"].as_str().unwrap());
    ada.post("/v1/me/totp/confirm", &json!({"code": code})).await.expect_status(200);
    let refused = server.cli(&["user", "reset-factors", "ada@example.com", "--note", " "]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("Say why"));

    server.cli_ok(&["user", "reset-factors", "ada@example.com", "--note", "seen in person"]);

    within_a_second(async || ada.get("/v1/session").await.status == 401).await;
    let answer = server.browser().sign_in("ada@example.com").await.value();
    assert_eq!(answer["status"], "enrolment_required");
    let log = server.cli_ok(&["audit", "export"]);
    let event = log.lines().find(|line| line.contains("factors.reset")).unwrap();
    assert!(event.contains("seen in person"), "{event}");
}

#[tokio::test]
async fn the_running_server_mails_when_the_wait_of_a_recovery_is_over() {
    let mut server = Server::start(&[]).await;
    let ada = server.member("ada@example.com").await;
    let set_up = ada.post_empty("/v1/me/totp").await.expect_status(200).value();
    let code = app_code(set_up["secret"].as_str().unwrap());
    ada.post("/v1/me/totp/confirm", &json!({"code": code})).await.expect_status(200);
    let mfa_token = server.browser().sign_in("ada@example.com").await.value()["mfa_token"].clone();
    server.browser().post("/v1/recovery", &json!({"mfa_token": mfa_token})).await.expect_status(202);
    server.terminate();
    let db = server.database.open().await;
    let day: i64 = 24 * 60 * 60 * 1_000_000;
    db.write(async |tx| {
        let back = "UPDATE recoveries SET asked_at = asked_at - ?1, ready_at = ready_at - ?1";
        tx.execute(back, &doorward_db::p![day]).await
    })
    .await
    .unwrap();
    db.close().await;

    server.run().await;

    let began = std::time::Instant::now();
    loop {
        let mails = server.browser().get("/dev/mailbox.json?to=ada@example.com").await.text;
        if mails.contains("/recovery/complete?token=") {
            break;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{mails}");
        tokio::task::yield_now().await;
    }
}

/// The present code of an authenticator app.
fn app_code(secret: &str) -> String {
    doorward_test_support::AuthenticatorApp::of_secret(secret).code_now()
}
