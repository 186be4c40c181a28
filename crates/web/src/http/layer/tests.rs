use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::Request;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use doorward_core::config::Config;
use doorward_core::context::Caller;
use doorward_core::error::{Code, Error};
use futures_util::FutureExt as _;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ORIGIN, REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY, USER_AGENT, VARY,
};
use http::{HeaderMap, Method, StatusCode};
use tower::ServiceExt as _;

use super::HttpLayer;
use crate::http::json;
use crate::http::load::Load;
use crate::http::metrics;
use crate::http::problem::{self, ApiError};
use crate::http::tests::config;
use crate::serve::Peer;

const ID: &str = "req_00000000000000000000000000000001";

fn page(error: &Error, request_id: &str, _: &Config) -> Response {
    let html = format!("<p>{} {request_id}", error.code().as_str());
    (problem::status(error.kind()), Html(html)).into_response()
}

fn routes() -> Router {
    let read = async |request: axum::extract::Request| -> Result<String, ApiError> {
        Ok(json::body(request).await?.len().to_string())
    };
    Router::new()
        .route("/v1/ok", get(async || "ok").post(async || "changed"))
        .route("/v1/read", post(read))
        .route("/v1/hash", post(std::future::pending::<StatusCode>))
        .route("/v1/wait", post(std::future::pending::<StatusCode>))
        .route("/v1/items/{id}", get(async |Path(id): Path<u32>| id.to_string()))
        .route(
            "/v1/caller",
            get(async |Extension(caller): Extension<Caller>| {
                format!("{} {} {:?}", caller.request_id, caller.ip.unwrap(), caller.user_agent)
            }),
        )
        .route("/v1/panic", get(async || -> StatusCode { panic!("on purpose") }))
        .route("/v1/never", get(std::future::pending::<StatusCode>))
        .route(
            "/v1/own",
            get(async || ([(CACHE_CONTROL, "public"), (CONTENT_SECURITY_POLICY, "sandbox")], "own")),
        )
        .route(
            "/v1/cookie",
            get(async || ([(SET_COOKIE, "a=; Max-Age=0")], ApiError::from(Code::TokenExpired))),
        )
        .route("/form", get(async || (StatusCode::UNPROCESSABLE_ENTITY, Html("again"))).post(async || "sent"))
        .route("/.well-known/x", get(async || "x"))
}

struct App(Config);

impl App {
    fn at(public_url: &str) -> Self {
        Self(config(public_url))
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let config = Arc::new(self.0.clone());
        let base = config.base_path().to_owned();
        let load = Load::with(&["/v1/hash"], 1, 1);
        let layer = HttpLayer::with(config, page, Duration::from_millis(50), load, || ID.to_owned());
        let routes = if base.is_empty() { routes() } else { Router::new().nest(&base, routes()) };
        let response = routes
            .fallback(async || ApiError::from(Code::NotFound))
            .layer(layer)
            .oneshot(request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header(CONTENT_TYPE), "application/problem+json");
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["code"], code);
        self.expect_headers();
    }

    #[track_caller]
    fn expect_page(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.body, format!("<p>{code} {ID}"));
        self.expect_headers();
    }

    #[track_caller]
    fn expect_headers(&self) {
        for (name, value) in [
            ("x-request-id", ID),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(self.header(name), value, "{name}");
            assert_eq!(self.headers.get_all(name).iter().count(), 1, "{name}");
        }
        let policy = self.header(CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe") && !policy.contains("  ") && !policy.contains('*'));
        assert!(self.headers.contains_key("permissions-policy"));
    }
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let app = App::at("http://localhost:4400");
    for path in
        ["/v1/ok", "/v1/none", "/none", "/form", "/v1/panic", "/v1/never", "/v1/cookie", "/v1/items/x"]
    {
        let answer = app.get(path).await;
        answer.expect_headers();
        assert_eq!(answer.header(STRICT_TRANSPORT_SECURITY), "", "{path}");
    }
    let secure = App::at("https://id.example.com").get("/v1/ok").await;
    assert!(secure.header(STRICT_TRANSPORT_SECURITY).starts_with("max-age="));

    let own = app.get("/v1/own").await;
    assert_eq!((own.header(CACHE_CONTROL), own.header(CONTENT_SECURITY_POLICY)), ("public", "sandbox"));
}

#[tokio::test]
async fn an_address_with_a_token_is_told_to_nobody() {
    let app = App::at("http://localhost:4400");
    for query in ["token=x", "a=b&token=x", "flow_token=x"] {
        assert_eq!(
            app.get(&format!("/form?{query}")).await.header(REFERRER_POLICY),
            "no-referrer",
            "{query}"
        );
    }
    for path in ["/form", "/form?redirect_to=x"] {
        assert_eq!(app.get(path).await.header(REFERRER_POLICY), "strict-origin-when-cross-origin", "{path}");
    }
}

#[tokio::test]
async fn errors_are_problems_for_programs_and_pages_for_people() {
    for (base, url) in [("", "http://localhost:4400"), ("/auth", "http://localhost:4400/auth")] {
        let app = App::at(url);
        app.get(&format!("{base}/v1/none")).await.expect_problem(404, "not_found");
        app.get(&format!("{base}/.well-known/none")).await.expect_problem(404, "not_found");
        app.get(&format!("{base}/none")).await.expect_page(404, "not_found");
        app.get(&format!("{base}/form/")).await.expect_page(404, "not_found");
    }
    let app = App::at("http://localhost:4400/auth");
    app.get("/v1/ok").await.expect_page(404, "not_found");
    app.get("/authv1/ok").await.expect_page(404, "not_found");
    assert_eq!(app.get("/auth/v1/ok").await.body, "ok");
}

#[tokio::test]
async fn what_the_router_refuses_is_rendered_too() {
    let app = App::at("http://localhost:4400");
    let put = app.ask(Request::put("/v1/ok").body(Body::empty()).unwrap()).await;
    put.expect_problem(405, "method_not_allowed");
    assert_eq!(put.header(ALLOW), "GET,HEAD,POST");
    let delete = app.ask(Request::delete("/form").body(Body::empty()).unwrap()).await;
    delete.expect_page(405, "method_not_allowed");
    assert_eq!(delete.header(ALLOW), "GET,HEAD,POST");
    app.get("/v1/items/x").await.expect_problem(400, "malformed_request");
    app.get("/v1/items/%ff").await.expect_problem(400, "malformed_request");
    // A page that shows a form again is no refusal of the router's.
    let again = app.get("/form").await;
    assert_eq!((again.status.as_u16(), &*again.body), (422, "again"));
}

#[tokio::test]
async fn a_broken_or_slow_handler_is_answered_for() {
    let app = App::at("http://localhost:4400");
    let panicked = app.get("/v1/panic").await;
    panicked.expect_problem(500, "internal_error");
    assert!(!panicked.body.contains("purpose"));
    let slow = app.get("/v1/never").await;
    slow.expect_problem(503, "unavailable");
    assert_eq!(slow.header("retry-after"), "1");
}

#[tokio::test]
async fn cookies_that_an_error_takes_back_go_out() {
    let answer = App::at("http://localhost:4400").get("/v1/cookie").await;
    answer.expect_problem(401, "token_expired");
    assert_eq!(answer.header(SET_COOKIE), "a=; Max-Age=0");
}

#[tokio::test]
async fn a_large_body_is_refused_whether_or_not_its_length_is_told() {
    const LIMIT: usize = 64 * 1024;
    let app = App::at("http://localhost:4400");
    let send = async |path: &str, length: usize, told: bool| {
        let mut request = Request::post(path);
        if told {
            request = request.header(CONTENT_LENGTH, length);
        }
        let pieces = futures_util::stream::iter(
            vec![0_u8; length]
                .chunks(1000)
                .map(Bytes::copy_from_slice)
                .map(Ok::<_, std::io::Error>)
                .collect::<Vec<_>>(),
        );
        app.ask(request.body(Body::from_stream(pieces)).unwrap()).await
    };
    for told in [true, false] {
        assert_eq!(send("/v1/read", LIMIT, told).await.body, LIMIT.to_string());
        send("/v1/read", LIMIT + 1, told).await.expect_problem(413, "body_too_large");
    }
    // Told, it is refused before anybody reads it.
    send("/form", LIMIT + 1, true).await.expect_page(413, "body_too_large");
    let huge = Request::post("/v1/read").header(CONTENT_LENGTH, u64::MAX).body(Body::empty()).unwrap();
    app.ask(huge).await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn what_another_site_sends_changes_nothing() {
    let mut app = App::at("http://localhost:4400");
    app.0.http.allowed_origins = vec!["https://app.example.com".to_owned()];
    let send = async |path: &str, site: &str, origin: &str| {
        let request = Request::post(path).header("sec-fetch-site", site).header(ORIGIN, origin);
        app.ask(request.body(Body::empty()).unwrap()).await
    };
    send("/v1/ok", "cross-site", "https://evil.example").await.expect_problem(403, "cross_site_refused");
    send("/form", "same-site", "http://localhost:5000").await.expect_page(403, "cross_site_refused");
    // Also where there is nothing: it is not told to other sites what there is.
    send("/none", "cross-site", "null").await.expect_page(403, "cross_site_refused");
    assert_eq!(send("/v1/ok", "cross-site", "https://app.example.com").await.body, "changed");
    assert_eq!(send("/form", "same-origin", "http://localhost:4400").await.body, "sent");
}

#[tokio::test]
async fn pages_of_configured_origins_may_call_the_api_and_no_others() {
    const APP: &str = "https://app.example.com";
    let mut app = App::at("http://localhost:4400");
    app.0.http.allowed_origins = vec![APP.to_owned(), "https://two.example.com".to_owned()];
    let send = async |method: Method, path: &str, origin: &str, preflight: bool| {
        let mut request = Request::builder().method(method).uri(path).header(ORIGIN, origin);
        if preflight {
            request = request.header(ACCESS_CONTROL_REQUEST_METHOD, "POST");
        }
        app.ask(request.body(Body::empty()).unwrap()).await
    };

    let preflight = send(Method::OPTIONS, "/v1/ok", APP, true).await;
    assert_eq!(preflight.status, 204);
    assert!(preflight.header(ACCESS_CONTROL_ALLOW_METHODS).contains("POST"));
    preflight.expect_headers();
    let asked = send(Method::GET, "/v1/ok", APP, false).await;
    let failed = send(Method::GET, "/v1/none", APP, false).await;
    failed.expect_problem(404, "not_found");
    for answer in [&preflight, &asked, &failed] {
        assert_eq!(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN), APP);
        assert_eq!(answer.header(ACCESS_CONTROL_ALLOW_CREDENTIALS), "true");
        assert_eq!(answer.headers.get_all(VARY).iter().collect::<Vec<_>>(), ["origin"]);
    }

    let foreign = send(Method::OPTIONS, "/v1/ok", "https://evil.example", true).await;
    foreign.expect_problem(405, "method_not_allowed");
    let read = send(Method::GET, "/v1/ok", "https://evil.example", false).await;
    let plain = app.get("/v1/ok").await;
    for answer in [&foreign, &read, &plain] {
        assert_eq!(answer.header(VARY), "origin");
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{answer:?}");
    }
    for path in ["/form", "/.well-known/x"] {
        let outside = send(Method::GET, path, APP, false).await;
        assert!(!outside.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{path}");
    }

    app.0.http.allowed_origins.clear();
    let closed = app.ask(Request::get("/v1/ok").header(ORIGIN, APP).body(Body::empty()).unwrap()).await;
    assert!(!closed.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) && !closed.headers.contains_key(VARY));
}

#[tokio::test]
async fn handlers_learn_who_asks() {
    let mut app = App::at("http://localhost:4400");
    app.0.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let ask = async |peer: &str, agent: &[u8]| {
        let mut request = Request::get("/v1/caller")
            .header("x-request-id", "forged")
            .header("x-forwarded-for", "203.0.113.9, 192.0.2.1")
            .header(USER_AGENT, agent)
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1234)));
        app.ask(request).await.body
    };
    assert_eq!(ask("10.0.0.1", b"Agent/1.0").await, format!("{ID} 192.0.2.1 Some(\"Agent/1.0\")"));
    assert_eq!(ask("::ffff:198.51.100.1", b"a\tb\xc3\xa9").await, format!("{ID} 198.51.100.1 Some(\"abé\")"));
    let long = ask("10.0.0.1", &[b'x'; 2000]).await;
    assert!(long.ends_with(&format!(" Some(\"{}\")", "x".repeat(512))));
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_address() {
    let app = App::at("http://localhost:4400/counted");
    for path in ["/counted/v1/items/1", "/counted/v1/items/2", "/counted/made-up-address", "/made-up-too"] {
        app.get(path).await;
    }
    let figures = metrics::render();
    let counted = r#"http_requests_total{route="/counted/v1/items/{id}",method="GET",status="200"} 2"#;
    assert!(figures.contains(counted), "{figures}");
    assert!(figures.contains(r#"{route="none",method="GET",status="404"}"#), "{figures}");
    assert!(!figures.contains("made-up") && !figures.contains("items/1"));
}

#[tokio::test]
async fn a_head_request_is_answered_like_a_get() {
    let app = App::at("http://localhost:4400");
    let head = app.ask(Request::head("/v1/ok").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status.as_u16(), head.header(CONTENT_LENGTH), &*head.body), (200, "2", ""));
    head.expect_headers();
}

#[tokio::test]
async fn past_the_places_of_a_kind_of_work_the_answer_is_503_at_once_and_the_rest_goes_on() {
    let config = config("http://localhost:4400/auth");
    let load = Load::with(&["/v1/hash"], 1, 1);
    let layer = HttpLayer::with(Arc::new(config), page, Duration::from_secs(600), load, || ID.to_owned());
    let app = Router::new().nest("/auth", routes()).layer(layer);
    let post = |path: &str| app.clone().oneshot(Request::post(path).body(Body::empty()).unwrap());
    let mut hashing = Box::pin(post("/auth/v1/hash"));
    assert!((&mut hashing).now_or_never().is_none());

    let refused = post("/auth/v1/hash").await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(
        post("/auth/v1/ok").await.unwrap().status(),
        StatusCode::OK,
        "others have places of their own"
    );

    let mut writing = Box::pin(post("/auth/v1/wait"));
    assert!((&mut writing).now_or_never().is_none());
    assert_eq!(post("/auth/v1/ok").await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let get = Request::get("/auth/v1/ok").body(Body::empty()).unwrap();
    assert_eq!(app.clone().oneshot(get).await.unwrap().status(), StatusCode::OK, "who reads never waits");

    drop(writing);
    assert_eq!(post("/auth/v1/ok").await.unwrap().status(), StatusCode::OK, "a place comes back");
    drop(hashing);
    let mut again = Box::pin(post("/auth/v1/hash"));
    assert!((&mut again).now_or_never().is_none());
}

#[tokio::test]
async fn a_body_that_does_not_arrive_takes_no_place() {
    let load = Load::with(&["/v1/hash"], 1, 1);
    let config = Arc::new(config("http://localhost:4400"));
    let layer = HttpLayer::with(config, page, Duration::from_secs(600), load, || ID.to_owned());
    let app = routes().layer(layer);
    let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let slow = Request::post("/v1/read").body(Body::from_stream(never)).unwrap();
    let mut slow = Box::pin(app.clone().oneshot(slow));
    assert!((&mut slow).now_or_never().is_none());

    let quick = Request::post("/v1/read").body(Body::from("x")).unwrap();
    assert_eq!(app.oneshot(quick).await.unwrap().status(), StatusCode::OK);
}
