use doorward_test_support::{Browser, MasterKeys};
use reqwest::Method;
use serde_json::Value;

use super::{Server, within_a_second};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn kid(server: &Server, state: &str) -> String {
    let keys = json(&server.cli_ok(&["keys", "list", "--json"]));
    let key = keys["items"].as_array().unwrap().iter().find(|key| key["state"] == state).unwrap();
    key["kid"].as_str().unwrap().to_owned()
}

fn refused(server: &Server, args: &[&str]) -> String {
    let output = server.cli(args);
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

async fn check(server: &Server, token: &str) -> u16 {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    Browser::new(&server.url).send(Method::GET, "/v1/session", &headers, None).await.status
}

#[tokio::test]
async fn a_rotation_within_a_day_of_the_next_keys_publication_asks_for_more_words() {
    let server = Server::start(&[]).await;
    let next = kid(&server, "next");
    let said = refused(&server, &["keys", "rotate"]);
    assert!(said.contains("--now") && said.contains("verifiers"), "{said}");
    assert_eq!(kid(&server, "next"), next);

    assert!(server.cli_ok(&["keys", "rotate", "--now"]).contains(&next));
    assert_eq!(kid(&server, "current"), next);
}

#[tokio::test]
async fn a_leaked_key_is_revoked_while_the_server_runs() {
    let server = Server::start(&[]).await;
    let browser = server.member("ada@example.com").await;
    let token = browser.cookie("doorward_access").unwrap();
    let (leaked, next) = (kid(&server, "current"), kid(&server, "next"));
    assert_eq!(check(&server, &token).await, 200);
    let said = refused(&server, &["keys", "revoke", "nobodys"]);
    assert!(said.contains("nobodys") && said.contains("keys list"), "{said}");

    assert!(server.cli_ok(&["keys", "revoke", "--yes", "--", &leaked]).contains(&next));

    within_a_second(async || check(&server, &token).await == 401).await;
    let jwks = server.browser().get("/.well-known/jwks.json").await.text;
    assert!(!jwks.contains(&leaked) && jwks.contains(&next));
    browser.refresh().await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);
    assert!(refused(&server, &["keys", "revoke", "--yes", "--", &leaked]).contains("not in use any more"));
    assert!(!server.cli_ok(&["keys", "list"]).contains(&leaked));
}

#[tokio::test]
async fn the_master_key_is_rotated_step_by_step() {
    const CURRENT: &str = "DOORWARD_SECRETS__MASTER_KEY";
    const PREVIOUS: &str = "DOORWARD_SECRETS__PREVIOUS_MASTER_KEYS";
    const SAID: &str = "nothing is sealed under an earlier master key any more";
    let (old, new) = (MasterKeys::fresh().current, MasterKeys::fresh().current);
    let mut server = Server::start(&[(CURRENT, &old)]).await;
    let browser = server.member("ada@example.com").await;
    server.terminate();

    server.extra = vec![(CURRENT, new.clone())];
    let said = refused(&server, &["serve"]);
    assert!(
        said.contains("is this the right master key?") && said.contains("previous_master_keys"),
        "{said}"
    );
    assert!(!said.contains(&new), "{said}");

    server.extra = vec![(CURRENT, new.clone()), (PREVIOUS, old)];
    server.run().await;
    browser.refresh().await.expect_status(200);
    let began = std::time::Instant::now();
    while !server.stderr.lock().unwrap().contains(SAID) {
        assert!(began.elapsed().as_secs() < 20, "{}", server.stderr.lock().unwrap());
        tokio::task::yield_now().await;
    }

    let status = json(&server.cli_ok(&["keys", "status", "--json"]));
    let keys = status["master_keys"].as_array().unwrap();
    assert_eq!((&keys[0]["current"], &keys[1]["current"]), (&true.into(), &false.into()));
    assert_eq!((&keys[0]["seals"]["sessions"], &keys[0]["seals"]["signing_keys"]), (&1.into(), &2.into()));
    assert!(keys[1]["seals"].as_object().unwrap().values().all(|count| count == 0), "{status}");
    assert!(keys[1]["removable"] == false && keys[1]["removable_from"].is_string(), "{status}");
    assert!(status["rotates_at"].is_string());
    let shown = server.cli_ok(&["keys", "status"]);
    assert!(shown.contains("may be removed from") && shown.contains("secrets.master_key"), "{shown}");
    let doctor = json(&server.cli_ok(&["doctor", "--json"]));
    assert!(doctor["items"].as_array().unwrap().iter().any(|item| item["check"] == "seals"), "{doctor}");
    server.terminate();
    assert_eq!(server.stderr.lock().unwrap().matches(SAID).count(), 1);

    server.extra = vec![(CURRENT, new)];
    server.run().await;

    browser.refresh().await.expect_status(200);
    browser.get("/v1/session").await.expect_status(200);
}
