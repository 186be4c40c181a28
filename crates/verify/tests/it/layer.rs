//! The layer and the extractors, as a service's client sees them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use axum::routing::get;
use axum::{Router, middleware};
use doorward_verify::{AccessToken, Fresh, Require, VerifiedEmail, Verifier, VerifyLayer};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::doorward::{Answer, Fake, set};
use crate::signer::Signer;
use crate::{AUDIENCE, NOW, Stopped, claims, clock, with};

struct House {
    fake: Arc<Fake>,
    clock: Arc<Stopped>,
    key: Signer,
    verifier: Verifier,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    #[track_caller]
    fn expect(&self, status: u16, code: &str, challenge: Option<&str>) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["cache-control"], "no-store");
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)));
        assert!(problem["type"].as_str().unwrap().ends_with(&format!("/docs/problems/{code}")));
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        let found = self.headers.get("www-authenticate").map(|value| value.to_str().unwrap());
        match challenge {
            Some(start) => assert!(found.is_some_and(|found| found.starts_with(start)), "{found:?}"),
            None => assert_eq!(found, None),
        }
    }
}

impl House {
    async fn new() -> Self {
        let (key, clock) = (Signer::es256("one"), clock());
        let fake = Fake::start(set(&[&key])).await;
        let verifier = fake.verifier(&clock);
        Self { fake, clock, key, verifier }
    }

    fn token(&self, name: &str, value: Value) -> String {
        self.key.token(&with(claims(&self.fake.url), name, value))
    }

    fn good(&self) -> String {
        self.key.token(&claims(&self.fake.url))
    }
}

async fn ask(router: &Router, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, 100_000).await.unwrap().to_vec()).unwrap();
    Reply { status: parts.status.as_u16(), headers: parts.headers, text }
}

async fn with_token(router: &Router, path: &str, token: &str) -> Reply {
    ask(router, path, &[("authorization", &format!("Bearer {token}"))]).await
}

fn routes() -> Router {
    Router::new()
        .route("/me", get(async |token: AccessToken| token.sub.clone()))
        .route(
            "/hello",
            get(async |token: Option<AccessToken>| token.map_or("nobody".to_owned(), |it| it.sub.clone())),
        )
        .route("/verified", get(async |VerifiedEmail(token): VerifiedEmail| token.sub.clone()))
        .route("/fresh", get(async |Fresh(token): Fresh<600>| token.sub.clone()))
        .route("/plain", get(async || "plain"))
}

#[tokio::test]
async fn the_layer_refuses_whoever_has_no_good_token() {
    let house = House::new().await;
    let router = routes().layer(VerifyLayer::new(house.verifier.clone()));
    for path in ["/me", "/hello", "/plain"] {
        ask(&router, path, &[]).await.expect(401, "not_authenticated", Some("Bearer"));
        assert_eq!(with_token(&router, path, &house.good()).await.status, 200);
    }
    assert_eq!(ask(&router, "/me", &[]).await.headers["www-authenticate"], "Bearer");
    assert_eq!(with_token(&router, "/me", &house.good()).await.text, "user_1");
    let expired = house.token("exp", json!(NOW - 60));
    with_token(&router, "/me", &expired).await.expect(
        401,
        "token_expired",
        Some("Bearer error=\"invalid_token\""),
    );
    let foreign = house.token("aud", json!("other"));
    with_token(&router, "/me", &foreign).await.expect(
        401,
        "token_invalid",
        Some("Bearer error=\"invalid_token\""),
    );
    for odd in ["", "x", "a.b.c", "…"] {
        with_token(&router, "/me", odd).await.expect(
            401,
            "token_invalid",
            Some("Bearer error=\"invalid_token\""),
        );
    }
    let reply = with_token(&router, "/me", &foreign).await;
    assert!(!reply.text.contains(&foreign[20..60]), "no answer repeats the token");
}

#[tokio::test]
async fn an_optional_token_must_still_be_good() {
    let house = House::new().await;
    let router = routes().layer(VerifyLayer::new(house.verifier.clone()).optional());
    assert_eq!(ask(&router, "/hello", &[]).await.text, "nobody");
    assert_eq!(ask(&router, "/plain", &[]).await.text, "plain");
    assert_eq!(with_token(&router, "/hello", &house.good()).await.text, "user_1");
    ask(&router, "/me", &[]).await.expect(401, "not_authenticated", Some("Bearer"));
    ask(&router, "/verified", &[]).await.expect(401, "not_authenticated", Some("Bearer"));
    ask(&router, "/fresh", &[]).await.expect(401, "not_authenticated", Some("Bearer"));
    with_token(&router, "/hello", &house.token("exp", json!(NOW - 60))).await.expect(
        401,
        "token_expired",
        Some("Bearer"),
    );
    assert_eq!(ask(&router, "/hello", &[("authorization", "Basic YTpi")]).await.text, "nobody");
}

#[tokio::test]
async fn the_header_is_read_as_its_standard_says() {
    let house = House::new().await;
    let router = routes().layer(VerifyLayer::new(house.verifier.clone()).access_cookie());
    let good = house.good();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(ask(&router, "/me", &[("authorization", &format!("{scheme} {good}"))]).await.status, 200);
    }
    for odd in [good.clone(), format!("Basic {good}"), format!("Bearerx {good}"), "Bearer".to_owned()] {
        assert_eq!(ask(&router, "/me", &[("authorization", &odd)]).await.status, 401, "{odd}");
    }
    let bearer = format!("Bearer {good}");
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    ask(&router, "/me", &twice).await.expect(401, "token_invalid", Some("Bearer"));
    assert_eq!(ask(&router, &format!("/me?access_token={good}"), &[]).await.status, 401);
    // Beside a header no cookie counts.
    let cookie = format!("doorward_access={good}");
    assert_eq!(ask(&router, "/me", &[("cookie", &cookie)]).await.status, 200);
    assert_eq!(ask(&router, "/me", &[("cookie", &cookie), ("authorization", "Basic x")]).await.status, 401);
    assert_eq!(ask(&router, "/me", &[("cookie", &cookie), ("authorization", "Bearer x")]).await.status, 401);
}

#[tokio::test]
async fn a_cookie_counts_only_where_it_was_asked_for_and_by_its_one_name() {
    let house = House::new().await;
    let good = house.good();
    let cookie = |name: &str| format!("a=b; {name}={good}; c=d");
    let none = routes().layer(VerifyLayer::new(house.verifier.clone()));
    assert_eq!(ask(&none, "/me", &[("cookie", &cookie("doorward_access"))]).await.status, 401);
    let plain = routes().layer(VerifyLayer::new(house.verifier.clone()).access_cookie());
    assert_eq!(ask(&plain, "/me", &[("cookie", &cookie("doorward_access"))]).await.status, 200);
    for name in ["__Host-doorward_access", "Doorward_access", "xdoorward_access", "doorward_access2"] {
        assert_eq!(ask(&plain, "/me", &[("cookie", &cookie(name))]).await.status, 401, "{name}");
    }
    let twice = format!("doorward_access={good}; doorward_access={good}");
    assert_eq!(ask(&plain, "/me", &[("cookie", &twice)]).await.status, 401);

    // Over https, at a Doorward that is reached by another address.
    let issuer = "https://id.example.com";
    let builder = Verifier::builder(issuer).audience(AUDIENCE).doorward_url(&house.fake.url);
    let https = builder.clock(Arc::clone(&house.clock) as _).build().unwrap();
    let good = house.key.token(&claims(issuer));
    let cookie = |name: &str| format!("{name}={good}");
    let host = routes().layer(VerifyLayer::new(https.clone()).access_cookie());
    let domain = routes().layer(VerifyLayer::new(https).access_cookie_of_domain());
    for (name, at_host, of_domain) in [
        ("__Host-doorward_access", 200, 401),
        ("__Secure-doorward_access", 401, 200),
        ("doorward_access", 401, 401),
    ] {
        assert_eq!(ask(&host, "/me", &[("cookie", &cookie(name))]).await.status, at_host, "{name}");
        assert_eq!(ask(&domain, "/me", &[("cookie", &cookie(name))]).await.status, of_domain, "{name}");
    }
}

#[tokio::test]
async fn requirements_are_403_and_say_what_would_be_enough() {
    let house = House::new().await;
    let open = routes().layer(VerifyLayer::new(house.verifier.clone()).optional());
    let unverified = house.token("email_verified", json!(false));
    with_token(&open, "/verified", &unverified).await.expect(403, "email_not_verified", None);
    assert_eq!(with_token(&open, "/verified", &house.good()).await.status, 200);
    for (auth_time, status) in
        [(NOW - 600, 200), (NOW - 605, 200), (NOW - 606, 403), (NOW + 6, 403), (0, 403)]
    {
        let token = house.token("auth_time", json!(auth_time));
        assert_eq!(with_token(&open, "/fresh", &token).await.status, status, "{auth_time}");
    }
    let stale = house.token("auth_time", json!(NOW - 700));
    let challenge = "Bearer error=\"insufficient_user_authentication\"";
    let reply = with_token(&open, "/fresh", &stale).await;
    reply.expect(403, "reauthentication_required", Some(challenge));
    assert!(reply.headers["www-authenticate"].to_str().unwrap().ends_with(", max_age=600"));

    let guarded = |require| routes().layer(VerifyLayer::new(house.verifier.clone()).require(require));
    for (own, least, status) in [
        ("aal1", "aal1", 200),
        ("aal2", "aal1", 200),
        ("aal1", "aal2", 403),
        ("", "aal1", 403),
        ("gold", "aal1", 403),
        ("gold", "gold", 200),
        ("aal9", "gold", 403),
    ] {
        let reply =
            with_token(&guarded(Require::new().acr(least)), "/me", &house.token("acr", json!(own))).await;
        assert_eq!(reply.status, status, "{own} for {least}");
    }
    let reply = with_token(&guarded(Require::new().acr("aal2")), "/me", &house.good()).await;
    reply.expect(403, "reauthentication_required", Some(challenge));
    assert!(reply.headers["www-authenticate"].to_str().unwrap().ends_with(", acr_values=\"aal2\""));
    let both = guarded(Require::new().amr("pwd").amr("otp"));
    with_token(&both, "/me", &house.good()).await.expect(403, "reauthentication_required", Some(challenge));
    assert_eq!(with_token(&both, "/me", &house.token("amr", json!(["otp", "pwd"]))).await.status, 200);
    let all = guarded(Require::new().verified_email().max_age(Duration::from_secs(600)));
    assert_eq!(with_token(&all, "/me", &house.good()).await.status, 200);
    ask(&all, "/me", &[]).await.expect(401, "not_authenticated", Some("Bearer"));
}

#[tokio::test]
async fn where_nothing_can_be_told_the_answer_is_503() {
    let house = House::new().await;
    house.fake.keys.set(Answer::Json(500, json!({})));
    let router = routes().layer(VerifyLayer::new(house.verifier.clone()).optional());
    let reply = with_token(&router, "/me", &house.good()).await;
    reply.expect(503, "unavailable", None);
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(ask(&router, "/plain", &[]).await.status, 200);
}

#[tokio::test]
async fn a_route_without_the_layer_lets_nobody_in() {
    let router = routes();
    for path in ["/me", "/verified", "/fresh"] {
        ask(&router, path, &[("authorization", "Bearer x")]).await.expect(500, "internal_error", None);
    }
    assert_eq!(ask(&router, "/hello", &[]).await.text, "nobody");
}

#[tokio::test]
async fn what_lies_above_can_not_put_a_token_in_its_place() {
    let house = House::new().await;
    let forged = house.verifier.verify(&house.good()).await.unwrap();
    let above = middleware::from_fn(move |mut request: Request<Body>, next: middleware::Next| {
        request.extensions_mut().insert(forged.clone());
        next.run(request)
    });
    let router = routes().layer(VerifyLayer::new(house.verifier.clone()).optional()).layer(above);
    assert_eq!(ask(&router, "/hello", &[]).await.text, "nobody");
}
