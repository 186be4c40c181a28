//! Every route that is declared to need a fresh proof asks for one.

use std::path::Path;
use std::time::Duration;

use doorward_test_support::{Browser, TestApp};
use doorward_web::routes::{self, Access};
use reqwest::Method;

/// The operations of the API that are declared so, with an id that nothing has.
fn operations() -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for route in routes::api().into_iter().filter(|route| route.access == Access::Fresh) {
        // What a path answers to others is another route.
        #[expect(clippy::default_trait_access, reason = "its type is that of a crate of the web's own")]
        let described = (route.describe)(Default::default());
        let description = serde_json::to_value(described.get_openapi()).unwrap();
        for method in description["paths"][&route.path].as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            operations.push((method, route.path.replace("{id}", "passkey_0198a7c2f3b47c1e9d5a6b7c8d9e0f12")));
        }
    }
    operations
}

/// The pages, and what their buttons post to, that are declared so. They can't be asked for, so the source is read.
fn pages() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/pages/mod.rs");
    let text = std::fs::read_to_string(source).unwrap();
    let declared = text.split("(Access::Fresh, \"").skip(1);
    let paths: Vec<String> = declared.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    assert_eq!(paths.len(), text.matches("Access::Fresh").count(), "one that is declared in another way");
    paths
}

async fn is_asked(browser: &Browser, method: Method, path: &str) -> bool {
    let reply = browser.send(method, path, &[], None).await;
    reply.status == 303 && reply.header("location").starts_with("/reauthenticate")
}

#[tokio::test]
async fn a_stale_session_is_asked_for_a_proof_by_every_route_that_is_declared_to_need_one() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let operations = operations();
    let pages = pages();
    assert!(operations.len() >= 12 && pages.len() >= 11, "{operations:?} {pages:?}");
    for path in &pages {
        assert!(!is_asked(&ada, Method::GET, path).await, "{path} asks whoever has just signed in");
    }
    app.advance(Duration::from_secs(11 * 60));
    ada.refresh().await.expect_status(200);

    for (method, path) in operations {
        let reply = ada.send(method.clone(), &path, &[], None).await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text);
        reply.expect_problem(403, "reauthentication_required");
    }
    for path in &pages {
        for method in [Method::GET, Method::POST] {
            assert!(is_asked(&ada, method.clone(), path).await, "{method} {path} asks for no proof");
        }
    }
    ada.get("/v1/me").await.expect_status(200);
}
