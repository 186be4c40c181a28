use std::time::Duration;

use doorward_core::config::{Mode, VerifyEmail};
use doorward_core::context::{Caller, UserId};
use doorward_core::{access, operator};
use doorward_test_support::{Browser, PASSWORD, Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, path, read};

const PAGE: (&str, &str) = ("sec-fetch-mode", "navigate");
const IDENTITY: [&str; 7] = [
    "x-auth-subject",
    "x-auth-session",
    "x-auth-email",
    "x-auth-email-verified",
    "x-auth-username",
    "x-auth-roles",
    "x-auth-token",
];

fn app_url(app: &TestApp) -> String {
    format!("{}/dashboard?tab=a%2Fb&x=1", app.url)
}

async fn session_of(browser: &Browser) -> Value {
    browser.get("/v1/session").await.expect_status(200).value()
}

async fn make_admin(app: &TestApp, browser: &Browser) {
    let id = session_of(browser).await["user"]["id"].as_str().unwrap().to_owned();
    let context = app.app.context();
    operator::grant(context, &Caller::system("test"), UserId::parse(&id).unwrap(), access::ADMIN)
        .await
        .unwrap();
    app.app.sessions.hear_changes().await.unwrap();
}

#[tokio::test]
async fn who_is_signed_in_passes_and_the_headers_tell_who_it_is() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    ada.patch("/v1/me", &json!({"preferred_username": "ada.grün"})).await.expect_status(200);

    let passed = ask(&ada, "", &app_url(&app), &[PAGE]).await;

    let told = session_of(&ada).await;
    passed.expect_status(200);
    assert_eq!(passed.header("x-auth-subject"), told["user"]["id"]);
    assert_eq!(passed.header("x-auth-session"), told["session"]["id"]);
    assert_eq!(passed.header("x-auth-email"), email);
    assert_eq!(passed.header("x-auth-email-verified"), "true");
    assert_eq!(passed.header("x-auth-username"), "ada.gr%C3%BCn");
    assert_eq!(passed.header("x-auth-roles"), "user");
    assert_eq!(passed.header("cache-control"), "no-store");
    assert!(passed.set_cookies().is_empty() && passed.text.is_empty());
}

#[tokio::test]
async fn every_identity_header_is_there_also_where_there_is_nothing_to_tell() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    // What a client sends under those names is not believed, and is overwritten by a gateway that copies ours.
    let spoofed: Vec<(&str, &str)> = IDENTITY.iter().map(|name| (*name, "spoofed")).collect();
    let passed = ask(&ada, "", &app_url(&app), &spoofed).await;
    for name in IDENTITY {
        let value = passed.headers.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_ne!(value, "spoofed", "{name}");
    }
    assert_eq!(passed.header("x-auth-username"), "");
}

#[tokio::test]
async fn the_internal_token_tells_the_same_to_one_service_for_a_minute() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let told = session_of(&ada).await;
    let token = ask(&ada, "", &app_url(&app), &[]).await.header("x-auth-token").to_owned();
    let (header, claims) = read(&token);
    assert_eq!(header["typ"], "internal+jwt");
    assert_eq!(header["alg"], "ES256");
    assert_eq!(claims["iss"], app.url);
    assert_eq!(claims["aud"], app.url, "the origin that was asked for");
    assert_eq!(claims["sub"], told["user"]["id"]);
    assert_eq!(claims["sid"], told["session"]["id"]);
    assert_eq!(claims["email"], email);
    assert_eq!(claims["email_verified"], true);
    assert_eq!(claims["roles"], json!(["user"]));
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["acr"], "aal1");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);

    let keys = ada.get("/.well-known/jwks.json").await.value();
    assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"]));
}

#[tokio::test]
async fn the_internal_token_is_kept_for_half_its_life_and_made_for_each_service() {
    let app = TestApp::with(|config| config.session.cookie_domain = Some("localhost".to_owned())).await;
    let (ada, _) = app.member("ada").await;
    let token =
        async |url: &str| ask(&ada, "", url, &[]).await.expect_status(200).header("x-auth-token").to_owned();
    let (app_one, app_two) = ("http://one.localhost/x", "http://two.localhost:81/");

    let first = token(app_one).await;
    assert_eq!(token("http://one.localhost/other").await, first);
    let second = token(app_two).await;
    assert_eq!(read(&second).1["aud"], "http://two.localhost:81");
    assert_eq!(token(app_one).await, first);

    let later = async |by: u64| {
        app.advance(Duration::from_secs(by));
        // As the server does twice a second: else it would not vouch for what it remembers.
        app.app.sessions.hear_changes().await.unwrap();
    };
    later(29).await;
    assert_eq!(token(app_one).await, first);
    later(1).await;
    let renewed = token(app_one).await;
    assert_ne!(renewed, first);

    make_admin(&app, &ada).await;
    let promoted = token(app_one).await;
    assert_eq!(
        read(&promoted).1["roles"],
        json!(["admin", "user"]),
        "at once, and not when the old one is old"
    );
}

#[tokio::test]
async fn the_internal_token_opens_nothing_here() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let token = ask(&ada, "", &app_url(&app), &[]).await.header("x-auth-token").to_owned();
    let bearer = format!("Bearer {token}");
    for path in ["/v1/session", "/v1/me", "/v1/me/sessions"] {
        let headers = [("authorization", bearer.as_str())];
        app.browser().send(Method::GET, path, &headers, None).await.expect_problem(401, "token_invalid");
    }
    let cookie = app.browser();
    cookie.set_cookie("doorward_access", &token);
    ask(&cookie, "", &app_url(&app), &[]).await.expect_problem(401, "token_invalid");
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in_and_comes_back() {
    let app = TestApp::start().await;
    let (_, email) = app.member("ada").await;
    let visitor = app.browser();
    let wanted = app_url(&app);
    let refused = ask(&visitor, "", &wanted, &[PAGE]).await;
    refused.expect_problem(401, "not_authenticated");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    let way = refused.header("x-auth-redirect").to_owned();
    assert!(way.starts_with(&format!("{}/sign-in?redirect_to=", app.url)), "{way}");

    let page = visitor.get(path(&way)).await.expect_status(200).text.clone();
    assert!(page.contains("tab=a%2Fb&amp;x=1") || page.contains("tab=a%2Fb&#38;x=1"), "{page}");
    let fields = [("identifier", email.as_str()), ("password", PASSWORD), ("redirect_to", &wanted)];
    visitor.submit("/sign-in", &fields).await.expect_redirect(&wanted);
    ask(&visitor, "", &wanted, &[PAGE]).await.expect_status(200);
}

#[tokio::test]
async fn a_page_is_redirected_where_that_is_asked_for_and_data_is_not() {
    let app = TestApp::start().await;
    let visitor = app.browser();
    let asked = async |more: &[(&str, &str)]| ask(&visitor, "?mode=redirect", &app_url(&app), more).await;
    let page = asked(&[PAGE]).await;
    assert_eq!(
        (page.status, path(page.header("location")).starts_with("/sign-in?redirect_to=")),
        (303, true)
    );
    assert_eq!(asked(&[("accept", "text/html,*/*")]).await.status, 303);
    asked(&[("accept", "application/json")]).await.expect_problem(401, "not_authenticated");
    asked(&[("sec-fetch-mode", "cors"), ("accept", "text/html")]).await.expect_status(401);
    let headers = [("x-original-url", "http://localhost/x"), ("x-original-method", "POST"), PAGE];
    let posted = visitor.send(Method::GET, "/forward-auth?mode=redirect", &headers, None).await;
    posted.expect_status(401);
    assert_eq!(path(posted.header("x-auth-redirect")), "/sign-in", "a post is not repeated as a GET");
}

#[tokio::test]
async fn a_session_whose_access_token_ran_out_is_renewed_on_the_way_and_never_here() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let before = (ada.cookie("doorward_access"), ada.cookie("doorward_refresh"));
    app.advance(Duration::from_secs(601));

    for _ in 0..20 {
        let refused = ask(&ada, "", &app_url(&app), &[PAGE]).await;
        refused.expect_problem(401, "token_expired");
        assert!(refused.set_cookies().is_empty());
    }
    assert_eq!((ada.cookie("doorward_access"), ada.cookie("doorward_refresh")), before);
    // The browser itself drops the cookie with its token.
    ada.drop_cookie("doorward_access");
    let refused = ask(&ada, "", &app_url(&app), &[PAGE]).await;
    refused.expect_problem(401, "token_expired");

    let way = refused.header("x-auth-redirect").to_owned();
    assert!(way.starts_with(&format!("{}/session/renew?redirect_to=", app.url)), "{way}");
    ada.get(path(&way)).await.expect_redirect(&app_url(&app));
    ask(&ada, "", &app_url(&app), &[PAGE]).await.expect_status(200);
}

#[tokio::test]
async fn an_ended_session_is_refused_at_once_and_led_to_sign_in_without_a_loop() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let shadow = ada.copy();
    ask(&shadow, "", &app_url(&app), &[PAGE]).await.expect_status(200);
    ada.post_empty("/v1/sign-out").await.expect_status(204);

    let refused = ask(&shadow, "", &app_url(&app), &[PAGE]).await;
    refused.expect_problem(401, "session_revoked");
    let sent = shadow.get(path(refused.header("x-auth-redirect"))).await;
    assert_eq!(sent.status, 303);
    assert!(
        path(sent.header("location")).starts_with("/sign-in?redirect_to="),
        "{}",
        sent.header("location")
    );
    assert_eq!(shadow.cookie("doorward_refresh"), None, "what is over is forgotten");
    shadow.get(path(sent.header("location"))).await.expect_status(200);
}

#[tokio::test]
async fn a_client_without_cookies_passes_by_its_bearer_token_and_is_led_nowhere() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let body = json!({"identifier": email, "password": PASSWORD, "delivery": "body"});
    let token =
        app.browser().post("/v1/sign-in", &body).await.value()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let asked = async |browser: &Browser, authorization: &str| {
        ask(browser, "?mode=redirect", &app_url(&app), &[("authorization", authorization), PAGE]).await
    };
    assert_eq!(asked(&app.browser(), &bearer).await.expect_status(200).header("x-auth-email"), email);
    let wrong = asked(&ada, "Bearer nonsense").await;
    wrong.expect_problem(401, "token_invalid");
    assert_eq!(wrong.header("x-auth-redirect"), "", "beside a Bearer token the cookie does not count");
    app.advance(Duration::from_secs(601));
    asked(&app.browser(), &bearer).await.expect_problem(401, "token_expired");
}

#[tokio::test]
async fn gates_stand_open_only_for_those_they_are_for() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let asked = async |query: &str| ask(&ada, query, &app_url(&app), &[PAGE]).await;
    for query in ["?role=user", "?verified=true", "?verified", "?acr=aal1", "?role=user&verified=1&acr=aal1"]
    {
        asked(query).await.expect_status(200);
    }
    let closed = [
        "?role=admin",
        "?role=Admin",
        "?role=nobody",
        "?permission=users:read",
        "?permission=x",
        "?acr=aal2",
        "?acr=aal3",
        "?role=user&permission=users:read",
    ];
    for query in closed {
        let refused: Reply = asked(query).await;
        refused.expect_problem(403, "permission_denied");
        assert!(IDENTITY.iter().all(|name| !refused.headers.contains_key(*name)), "{query}");
    }
    make_admin(&app, &ada).await;
    for query in ["?role=admin", "?permission=users:read", "?role=admin&permission=users:write&verified=true"]
    {
        asked(query).await.expect_status(200);
    }
}

#[tokio::test]
async fn an_address_that_is_not_verified_stays_outside_where_that_is_asked_for() {
    let app = TestApp::with(|config| config.sign_up.verify_email = VerifyEmail::Later).await;
    let browser = app.browser();
    browser.sign_up("later@example.com").await.expect_status(200);
    ask(&browser, "", &app_url(&app), &[]).await.expect_status(200);
    ask(&browser, "?verified=true", &app_url(&app), &[]).await.expect_problem(403, "email_not_verified");
}

#[tokio::test]
async fn a_gate_that_was_misspelt_does_not_stand_open() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    for (query, field, code) in [
        ("?roles=admin", "roles", "unknown"),
        ("?Role=admin", "Role", "unknown"),
        ("?role=", "role", "required"),
        ("?permission", "permission", "required"),
        ("?verified=yes", "verified", "invalid"),
        ("?acr=2", "acr", "invalid"),
        ("?mode=json", "mode", "invalid"),
    ] {
        ask(&ada, query, &app_url(&app), &[]).await.expect_status(422).expect_field(field, code);
    }
    ask(&ada, "?role=user&role=admin", &app_url(&app), &[]).await.expect_status(400);
}

#[tokio::test]
async fn what_is_asked_for_must_be_told_and_told_alike() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    ada.get("/forward-auth").await.expect_problem(400, "malformed_request");
    let url = app_url(&app);
    let forged =
        [("x-forwarded-proto", "http"), ("x-forwarded-host", "evil.example"), ("x-forwarded-uri", "/")];
    ask(&ada, "", &url, &forged).await.expect_problem(400, "malformed_request");
    // As Traefik and Caddy tell it.
    let host = app.url.strip_prefix("http://").unwrap();
    let told = [
        ("x-forwarded-method", "GET"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", host),
        ("x-forwarded-uri", "/dashboard"),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let passed = ada.send(Method::GET, "/forward-auth", &told, None).await;
    assert_eq!(read(passed.expect_status(200).header("x-auth-token")).1["aud"], app.url);
}

#[tokio::test]
async fn only_a_gateway_is_answered() {
    let mut app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    app.restart_with(|config| {
        config.mode = Mode::Production;
        config.http.proxy_secret = Some("the proxy secret of this test".into());
    })
    .await;
    let url = app_url(&app);
    ask(&ada, "", &url, &[]).await.expect_problem(403, "permission_denied");
    ask(&ada, "", &url, &[("x-doorward-proxy-secret", "another")])
        .await
        .expect_problem(403, "permission_denied");
    ask(&ada, "", &url, &[("x-doorward-proxy-secret", "the proxy secret of this test")])
        .await
        .expect_status(200);

    app.restart_with(|config| {
        config.http.proxy_secret = None;
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    ask(&ada, "", &url, &[]).await.expect_status(200);
}

#[tokio::test]
async fn where_our_cookies_do_not_reach_nobody_is_led_round_in_circles() {
    let app = TestApp::start().await;
    let visitor = app.browser();
    for elsewhere in ["http://app.example.com/", "https://localhost/", "http://sub.localhost/"] {
        let refused = ask(&visitor, "?mode=redirect", elsewhere, &[PAGE]).await;
        refused.expect_problem(401, "not_authenticated");
        assert_eq!(refused.header("x-auth-redirect"), "", "{elsewhere}");
    }
}

#[tokio::test]
async fn two_cookies_of_one_name_lead_nobody_round_in_circles() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let refresh = ada.cookie("doorward_refresh").unwrap();
    let cookies = format!("doorward_access=x; doorward_access=y; doorward_refresh={refresh}");
    let refused = ask(&app.browser(), "?mode=redirect", &app_url(&app), &[("cookie", &cookies), PAGE]).await;
    refused.expect_problem(401, "token_expired");
    assert_eq!(refused.header("x-auth-redirect"), "");
}

#[tokio::test]
async fn several_hosts_of_one_domain_share_a_session_and_lead_back_where_the_list_says_so() {
    let app = TestApp::with(|config| {
        config.public_url = "https://id.example.com".parse().unwrap();
        config.pages_base_url = config.public_url.clone();
        config.session.cookie_domain = Some("example.com".to_owned());
        config.http.allowed_redirects = vec!["https://app.example.com".to_owned()];
    })
    .await;
    let (ada, _) = app.member("ada").await;
    assert!(ada.cookie("__Secure-doorward_access").is_some());
    for host in ["https://app.example.com", "https://admin.example.com", "https://example.com"] {
        let passed = ask(&ada, "", &format!("{host}/x"), &[]).await;
        assert_eq!(read(passed.expect_status(200).header("x-auth-token")).1["aud"], host);
    }
    let way =
        async |url: &str| ask(&app.browser(), "", url, &[PAGE]).await.header("x-auth-redirect").to_owned();
    assert_eq!(
        way("https://app.example.com/x").await,
        "https://id.example.com/sign-in?redirect_to=https%3A%2F%2Fapp.example.com%2Fx"
    );
    assert_eq!(way("https://admin.example.com/x").await, "https://id.example.com/sign-in");
    assert_eq!(way("https://app.example.org/x").await, "");
}
