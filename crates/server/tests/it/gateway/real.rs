//! The examples' own settings, in the real nginx and the real Caddy, before a service that tells what reaches it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::Request;
use doorward_test_support::{Browser, PASSWORD, Reply, TestApp, code_in};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{path, read};

const PAGE: [(&str, &str); 1] = [("accept", "text/html")];

/// A gateway, Doorward below `/auth` of it, and a service behind it.
struct Stand {
    app: TestApp,
    url: String,
    gateway: Child,
    _folder: TempDir,
}

impl Drop for Stand {
    fn drop(&mut self) {
        // By its id: it is a child of ours.
        let _ = self.gateway.kill();
        let _ = self.gateway.wait();
    }
}

impl Stand {
    /// Starts `program` on a copy of an example's settings, with ports of the test's own.
    async fn start(example: &str, command: impl FnOnce(&Path) -> Command) -> Self {
        let port = free_port();
        let url = format!("http://localhost:{port}");
        let public_url = format!("{url}/auth");
        let app = TestApp::with(|config| {
            config.public_url = public_url.parse().unwrap();
            config.pages_base_url = config.public_url.clone();
            config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        let doorward = app.url.replace("http://localhost", "127.0.0.1");
        let folder = tempfile::tempdir().unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
        for entry in std::fs::read_dir(&examples).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let text = text
                .replace("127.0.0.1:4400", &doorward)
                .replace("127.0.0.1:3000", &service().await)
                .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
                .replace("localhost:8080", &format!("localhost:{port}"))
                .replace("/tmp/doorward-nginx", "nginx");
            std::fs::write(folder.path().join(entry.file_name()), text).unwrap();
        }
        let mut command = command(folder.path());
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut gateway = command.spawn().unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = gateway.try_wait().unwrap() {
                let told = std::io::read_to_string(gateway.stderr.take().unwrap());
                panic!("{example} ended with {status}: {told:?}");
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{example} does not answer");
            tokio::task::yield_now().await;
        }
        Self { app, url, gateway, _folder: folder }
    }

    /// Somebody who signed up below `/auth`.
    async fn member(&self) -> Browser {
        let browser = Browser::new(&self.url);
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        browser.post("/auth/v1/sign-up", &body).await.expect_status(202);
        let mail = self.app.mail_to("ada@example.com").await;
        let body = json!({"email": "ada@example.com", "code": code_in(&mail.text)});
        browser.post("/auth/v1/email/verify", &body).await.expect_status(200);
        browser
    }

    fn on_gateway<'a>(&self, to: &'a str) -> &'a str {
        assert!(to.starts_with(&self.url), "{to} is not on {}", self.url);
        path(to)
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A service that answers with the headers of the request.
async fn service() -> String {
    let tell = async |request: Request| {
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Json(json!({"uri": request.uri().to_string(), "headers": headers}))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(tell)).await });
    address
}

/// What the service was told under a name: one value, or none.
fn told(reply: &Reply, name: &str) -> Option<String> {
    let value = reply.expect_status(200).value();
    let all: Vec<&Value> = value["headers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pair| pair[0] == name)
        .map(|pair| &pair[1])
        .collect();
    assert!(all.len() < 2, "{name} came {} times", all.len());
    all.first().map(|value| value.as_str().unwrap().to_owned())
}

async fn page(browser: &Browser, path: &str) -> Reply {
    browser.send(Method::GET, path, &PAGE, None).await
}

/// All that an example promises.
async fn holds(mut stand: Stand) {
    let visitor = Browser::new(&stand.url);
    let sent = page(&visitor, "/dashboard?tab=a%2Fb&x=1").await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    assert!(stand.on_gateway(sent.header("location")).starts_with("/auth/sign-in?redirect_to="));
    page(&visitor, stand.on_gateway(sent.header("location"))).await.expect_status(200);
    visitor.get("/api/data").await.expect_status(401);

    let ada = stand.member().await;
    let spoofed: Vec<(&str, &str)> = [
        "x-auth-subject",
        "x-auth-session",
        "x-auth-email",
        "x-auth-email-verified",
        "x-auth-username",
        "x-auth-roles",
        "x-auth-token",
    ]
    .map(|name| (name, "spoofed"))
    .to_vec();
    let more = [
        &PAGE[..],
        &spoofed,
        &[("x-original-url", "https://evil.example/"), ("x-forwarded-host", "evil.example")],
    ];
    let passed = ada.send(Method::GET, "/dashboard?tab=a%2Fb&x=1", &more.concat(), None).await;
    assert_eq!(passed.expect_status(200).value()["uri"], "/dashboard?tab=a%2Fb&x=1");
    assert_eq!(told(&passed, "x-auth-email").as_deref(), Some("ada@example.com"));
    assert_eq!(told(&passed, "x-auth-email-verified").as_deref(), Some("true"));
    assert_eq!(told(&passed, "x-auth-roles").as_deref(), Some("user"));
    assert_eq!(told(&passed, "x-auth-username").unwrap_or_default(), "", "she has none");
    let (header, claims) = read(&told(&passed, "x-auth-token").unwrap());
    assert_eq!(
        (header["typ"].as_str(), claims["aud"].as_str()),
        (Some("internal+jwt"), Some(stand.url.as_str()))
    );
    assert_eq!(told(&passed, "x-auth-subject").as_deref(), claims["sub"].as_str());
    assert_eq!(told(&passed, "x-auth-session").as_deref(), claims["sid"].as_str());
    assert!(
        !told(&passed, "cookie").unwrap_or_default().contains("doorward_"),
        "the service can't act as her"
    );
    hides_nothing_of_a_clients_own(&stand, &ada).await;

    assert_eq!(page(&ada, "/admin").await.status, 403);
    for asked in ["/auth/forward-auth", "/auth/forward-auth?role=user"] {
        let headers = [("x-original-url", "https://evil.example/")];
        assert_eq!(
            ada.send(Method::GET, asked, &headers, None).await.status,
            404,
            "nobody asks from outside"
        );
    }

    stand.app.advance(Duration::from_secs(601));
    ada.get("/api/data").await.expect_status(401);
    let sent = page(&ada, "/dashboard?x=1").await;
    let renewing = stand.on_gateway(sent.header("location"));
    assert!(renewing.starts_with("/auth/session/renew?redirect_to="), "{renewing}");
    page(&ada, renewing).await.expect_redirect(&format!("{}/dashboard?x=1", stand.url));
    page(&ada, "/dashboard?x=1").await.expect_status(200);
    ada.get("/api/data").await.expect_status(200);

    let other = ada.copy();
    ada.post_empty("/auth/v1/sign-out").await.expect_status(204);
    assert_eq!(page(&other, "/dashboard").await.status, 303, "an ended session is out at once");

    let body = json!({"identifier": "ada@example.com", "password": PASSWORD});
    ada.post("/auth/v1/sign-in", &body).await.expect_status(200);
    stand.app.shut_down().await;
    let down = page(&ada, "/dashboard").await;
    assert_eq!((down.status, down.header("retry-after")), (503, "1"), "{}", down.text);
    assert!(down.set_cookies().is_empty());
    stand.app.restart().await;
    page(&ada, "/dashboard").await.expect_status(200);
}

/// What a client may try, so that the service takes it for somebody else or acts as it.
async fn hides_nothing_of_a_clients_own(stand: &Stand, ada: &Browser) {
    // Headers that a service takes for ours: spelt otherwise, or taken away on the way.
    let tricks = [
        ("connection", "X-Auth-Roles, X-Auth-Subject, X-Auth-Email"),
        ("x_auth_roles", "admin"),
        ("x-auth_roles", "admin"),
        ("x_auth-roles", "admin"),
        ("accept", "text/html"),
    ];
    let passed = ada.send(Method::GET, "/dashboard", &tricks, None).await;
    assert_eq!(told(&passed, "x-auth-roles").as_deref(), Some("user"));
    for name in ["x_auth_roles", "x-auth_roles", "x_auth-roles"] {
        assert_eq!(told(&passed, name), None, "{name}");
    }
    // All that a name may be made of (RFC 9110, section 5.6.2): services that make a variable of it take each of these for `-`.
    for other in "!#$%&'*+.^_`|~".chars() {
        let names = [
            format!("x{other}auth-roles"),
            format!("x-auth{other}roles"),
            format!("X{other}Auth{other}Roles"),
        ];
        let mut tricks: Vec<_> = names.iter().map(|name| (name.as_str(), "admin")).collect();
        tricks.push(PAGE[0]);
        let passed = ada.send(Method::GET, "/dashboard", &tricks, None).await;
        assert_eq!(told(&passed, "x-auth-roles").as_deref(), Some("user"));
        for name in names {
            assert_eq!(told(&passed, &name.to_lowercase()), None, "{name}");
        }
    }

    // Cookies: ours go, others stay, also where there are several that look alike.
    let (access, refresh) = (ada.cookie("doorward_access").unwrap(), ada.cookie("doorward_refresh").unwrap());
    for cookies in [
        format!("theme=dark; doorward_access={access}; doorward_refresh={refresh}; lang=de"),
        format!(
            "adoorward_refresh=1; doorward_access={access}; doorward_refresh={refresh}; x=doorward_refresh"
        ),
        format!("doorward_refresh={refresh};doorward_access={access};theme=dark; doorward_device=x"),
    ] {
        let passed = ada.send(Method::GET, "/dashboard", &[("cookie", &cookies), PAGE[0]], None).await;
        let left = told(&passed, "cookie").unwrap_or_default();
        assert!(!left.contains(&refresh) && !left.contains(&access), "{left}");
        assert_eq!(left.contains("theme=dark"), cookies.contains("theme=dark"), "{left}");
        assert_eq!(left.contains("adoorward_refresh=1"), cookies.contains("adoorward"), "{left}");
    }
    let many = format!("{}doorward_access={access}", "__Secure-doorward_refresh=x; ".repeat(9));
    let passed = ada.send(Method::GET, "/dashboard", &[("cookie", &many), PAGE[0]], None).await;
    assert!(!told(&passed, "cookie").unwrap_or_default().contains("doorward_"));

    // Paths that the gateway and the service could read differently: none gets past the gate of /admin.
    for path in [
        "/x/../admin",
        "/admin/../x",
        "/admin/%2e%2e/x",
        "/admin/..%2fx",
        "/./admin",
        "//admin",
        "/x/%2e%2e/admin",
    ] {
        let mut stream =
            TcpStream::connect(stand.url.replace("http://localhost", "127.0.0.1")).await.unwrap();
        let ask = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nCookie: doorward_access={access}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let passed_on =
            answer.split("\"uri\":\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        if let Some(uri) = passed_on {
            assert!(!uri.contains("admin") && !uri.contains(".."), "{path} reached the service as {uri}");
        }
    }
}

fn program(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

#[tokio::test]
async fn the_example_for_nginx_holds_what_it_promises() {
    let Some(nginx) = program("DOORWARD_TEST_NGINX") else { return };
    let stand = Stand::start("nginx", |folder| {
        let mut command = Command::new(nginx);
        let folder = folder.to_str().unwrap();
        command.args(["-p", folder, "-c", "nginx.conf", "-g", "daemon off; master_process off;"]);
        command
    });
    holds(stand.await).await;
}

#[tokio::test]
async fn the_example_for_caddy_holds_what_it_promises() {
    let Some(caddy) = program("DOORWARD_TEST_CADDY") else { return };
    let stand = Stand::start("caddy", |folder| {
        let mut command = Command::new(caddy);
        command.args(["run", "--config", "Caddyfile"]).env("HOME", folder).env("XDG_DATA_HOME", folder);
        command
    });
    holds(stand.await).await;
}
