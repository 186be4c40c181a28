use doorward_core::error::Code;
use doorward_test_support::TestApp;
use reqwest::Method;

#[tokio::test]
async fn health_readiness_and_figures_are_there() {
    let app = TestApp::start().await;
    assert_eq!(app.browser().get("/healthz").await.expect_status(200).value()["status"], "ok");
    assert_eq!(app.browser().get("/readyz").await.expect_status(200).value()["checks"]["database"], "ok");
    app.browser().get("/metrics").await.expect_status(200);
    app.browser()
        .send(Method::GET, "/metrics", &[("x-forwarded-for", "192.0.2.1")], None)
        .await
        .expect_status(404);
}

#[tokio::test]
async fn with_a_token_the_figures_ask_for_it() {
    let app = TestApp::with(|config| config.metrics_token = Some("the token of the figures".into())).await;
    app.browser().get("/metrics").await.expect_status(404);
    let headers = [("authorization", "Bearer the token of the figures")];
    app.browser().send(Method::GET, "/metrics", &headers, None).await.expect_status(200);
}

#[tokio::test]
async fn the_description_of_the_api_is_the_one_that_is_checked_in() {
    let app = TestApp::start().await;
    let served = app.browser().get("/openapi.json").await.expect_status(200).text.clone();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("DOORWARD_BLESS").is_some() {
        std::fs::write(&path, &served).unwrap();
    }
    assert!(served.contains("\"openapi\": \"3.1.0\""));
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        served,
        "run the tests with DOORWARD_BLESS=1 to write it anew"
    );
}

/// OpenAPI 3.1, section 4.8.10.1: programs that write clients take these for the names of their functions.
#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let app = TestApp::start().await;
    let description = app.browser().get("/openapi.json").await.value();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name =
                operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has none"));
            assert!(names.insert(name.to_owned()), "{name} is there twice");
        }
    }
    assert!(names.contains("post_sign_in") && names.contains("delete_me_sessions_id"), "{names:?}");
}

#[tokio::test]
async fn the_reference_lists_every_operation_and_every_problem_is_explained() {
    let app = TestApp::start().await;
    let page = app.browser().get("/docs").await.expect_status(200).text.clone();
    let description = app.browser().get("/openapi.json").await.value();
    let words = page.split("<main").nth(1).unwrap();
    assert!(words.contains("<code>code</code>") && !words.contains('`'), "{words}");
    for path in description["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    for code in Code::ALL {
        let page = app.browser().get(&format!("/docs/problems/{}", code.as_str())).await;
        assert!(page.expect_status(200).text.contains(code.as_str()));
    }
    app.browser().get("/docs/problems/nothing").await.expect_status(404);
}

#[tokio::test]
async fn under_a_path_every_route_lives_below_it() {
    let app = TestApp::with(|config| {
        config.public_url =
            format!("{}/auth", config.public_url.as_str().trim_end_matches('/')).parse().unwrap();
        config.pages_base_url = config.public_url.clone();
    })
    .await;
    let browser = app.browser();
    browser.get("/v1/session").await.expect_status(404);
    browser.get("/auth/v1/session").await.expect_problem(401, "not_authenticated");
    let page = browser.get("/auth/sign-in").await.expect_status(200).text.clone();
    assert!(page.contains("action=\"/auth/sign-in\"") && page.contains("href=\"/auth/assets/doorward.css\""));
    browser.get("/auth/assets/doorward.css").await.expect_status(200);
    for home in ["/auth", "/auth/"] {
        // Not to the other of the two: gateways send one of them to the other themselves.
        browser.get(home).await.expect_redirect("/auth/account");
    }
    browser.get("/auth/account").await.expect_redirect("/auth/sign-in?redirect_to=%2Fauth%2Faccount");
    let fields = [("email", "ada@example.com"), ("password", doorward_test_support::PASSWORD)];
    browser.submit("/auth/sign-up", &fields).await.expect_redirect("/auth/verify-email");
    assert!(app.mail_to("ada@example.com").await.link().contains("/auth/verify-email?token="));
}

#[tokio::test]
async fn well_known_addresses_lead_where_they_should() {
    let app = TestApp::start().await;
    let reply = app.browser().get("/.well-known/change-password").await;
    assert_eq!((reply.status, reply.header("location")), (303, "/account/password"));
    let jwks = app.browser().get("/.well-known/jwks.json").await;
    assert!(
        jwks.header("cache-control").contains("max-age")
            && jwks.value()["keys"].as_array().unwrap().len() >= 2
    );
    let css = app.browser().get("/assets/doorward.css").await;
    let known = [("if-none-match", css.header("etag"))];
    app.browser().send(Method::GET, "/assets/doorward.css", &known, None).await.expect_status(304);
    app.browser().get("/assets/../Cargo.toml").await.expect_status(404);
}

#[tokio::test]
async fn http_2_is_spoken_too_as_gateways_do() {
    let app = TestApp::start().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();

    let answers = (0..20).map(|_| client.get(format!("{}/v1/session", app.url)).send());
    let mut asked = tokio::task::JoinSet::new();
    answers.for_each(|answer| drop(asked.spawn(answer)));

    for answer in asked.join_all().await {
        let answer = answer.unwrap();
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        assert_eq!(answer.status(), 401);
        assert!(answer.headers().contains_key("x-request-id"));
    }
}
