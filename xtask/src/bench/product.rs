//! The product under measurement: the `doorward` beside this binary, in development mode on an empty folder, used over
//! its HTTP API alone.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::cores::Cores;
use crate::load::{Client, Connection, Response};
use crate::process::Process;

const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "a long and quite unusual sentence";

pub struct Product {
    pub process: Process,
    pub address: SocketAddr,
    folder: PathBuf,
    cores: Cores,
}

impl Product {
    /// Starts it on the database in `folder`, which is made where there is none.
    pub async fn start(folder: &Path, cores: Cores) -> Result<Self> {
        // Taken and given back, as the server binds it itself.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let product = Self::start_unready(folder, address, cores)?;
        product.wait_for("/readyz", "").await?;
        Ok(product)
    }

    /// Ends it and starts it again on the same database. Gives the time from start to the first answer to `session`.
    pub async fn restart(self, session: &Session) -> Result<(Self, Duration)> {
        // On the same address: it is the issuer of the tokens.
        let Self { process, address, folder, cores } = self;
        process.stop()?;
        let start = Instant::now();
        let product = Self::start_unready(&folder, address, cores)?;
        product.wait_for("/v1/session", &session.cookie()).await?;
        Ok((product, start.elapsed()))
    }

    pub fn database(&self) -> PathBuf {
        self.folder.join("data/doorward.db")
    }

    /// Signs up and confirms with the code of the mail.
    pub async fn sign_up(&self) -> Result<Session> {
        self.sign_up_as(EMAIL).await
    }

    /// As [`Product::sign_up`], with an address of the caller's.
    pub async fn sign_up_as(&self, email: &str) -> Result<Session> {
        let mut connection = Connection::open(self.address).await?;
        let body = json!({ "email": email, "password": PASSWORD, "delivery": "body" });
        let started = call(&mut connection, "POST", "/v1/sign-up", &body, 202).await?;
        let code = self.code_from_mail(&mut connection, email).await?;
        let body = json!({
            "email": email, "code": code, "flow_token": started["flow_token"], "delivery": "body",
        });
        Session::read(&call(&mut connection, "POST", "/v1/email/verify", &body, 200).await?)
    }

    pub async fn sign_in(&self) -> Result<Session> {
        let mut connection = Connection::open(self.address).await?;
        Session::read(&call(&mut connection, "POST", "/v1/sign-in", &sign_in_body(), 200).await?)
    }

    /// The server's CPU time, in milliseconds, for an attempt with a wrong password.
    pub async fn wrong_password(&self, connection: &mut Connection, email: &str) -> Result<f64> {
        let body = json!({ "identifier": email, "password": "not the right password", "delivery": "body" });
        let before = self.process.cpu()?;
        call(connection, "POST", "/v1/sign-in", &body, 401).await?;
        Ok(self.process.cpu()?.saturating_sub(before).as_secs_f64() * 1e3)
    }

    /// An answer to a session check, as it comes over the wire.
    pub async fn record_check(&self, session: &Session) -> Result<String> {
        let mut connection = Connection::open(self.address).await?;
        let response = connection.send(&request("GET", "/v1/session", &session.cookie(), "")).await?;
        response.expect(200)?;
        Ok(format!("{}{}", response.head, std::str::from_utf8(response.body)?))
    }

    fn start_unready(folder: &Path, address: SocketAddr, cores: Cores) -> Result<Self> {
        let process = Process::start(&mut command(folder, address)?, cores)?;
        Ok(Self { process, address, folder: folder.into(), cores })
    }

    async fn wait_for(&self, path: &str, headers: &str) -> Result<()> {
        let start = Instant::now();
        let request = request("GET", path, headers, "");
        loop {
            if let Ok(mut connection) = Connection::open(self.address).await
                && let Ok(response) = connection.send(&request).await
                && response.status == 200
            {
                return Ok(());
            }
            if start.elapsed() > Duration::from_secs(30) {
                let log = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                bail!("the server does not answer {path}:\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The mail is written by a job of its own, a moment later.
    async fn code_from_mail(&self, connection: &mut Connection, email: &str) -> Result<String> {
        for _ in 0..500 {
            let mails =
                call(connection, "GET", &format!("/dev/mailbox.json?to={email}"), &Value::Null, 200).await?;
            if let Some(text) = mails["items"][0]["text"].as_str() {
                let mut words =
                    text.split(|char: char| !char.is_alphanumeric() && !matches!(char, '-' | '_'));
                let code =
                    words.find(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
                return Ok(code.context("no code in the mail")?.to_owned());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("no mail came");
    }
}

fn command(folder: &Path, address: SocketAddr) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?.with_file_name("doorward"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DOORWARD_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("DOORWARD_LISTEN", address.to_string())
        .env("DOORWARD_PUBLIC_URL", format!("http://localhost:{}", address.port()))
        .env("DOORWARD_DATA_DIR", folder.join("data"))
        .env("DOORWARD_RATE_LIMIT__ENABLED", "false")
        // Some hundred accounts are made within a minute.
        .env("DOORWARD_CHALLENGE__ENABLED", "false");
    let log = File::options().create(true).append(true).open(folder.join("server.log"))?;
    command.stdout(log.try_clone()?).stderr(log);
    Ok(command)
}

/// A session by its tokens.
#[derive(Clone)]
pub struct Session {
    access_token: String,
    refresh_token: String,
}

impl Session {
    fn read(answer: &Value) -> Result<Self> {
        let token = |name: &str| {
            answer[name].as_str().map(str::to_owned).with_context(|| format!("no {name}: {answer}"))
        };
        Ok(Self { access_token: token("access_token")?, refresh_token: token("refresh_token")? })
    }

    fn cookie(&self) -> String {
        format!("Cookie: doorward_access={}\r\n", self.access_token)
    }
}

/// Asks who is signed in, by cookie.
pub struct Check(Vec<u8>);

impl Check {
    pub fn new(session: &Session) -> Self {
        Self(request("GET", "/v1/session", &session.cookie(), ""))
    }
}

/// Asks as a gateway does, for a browser with its cookie.
pub struct ForwardAuth(Vec<u8>);

impl ForwardAuth {
    pub fn new(session: &Session, address: SocketAddr) -> Self {
        let asked = format!(
            "X-Original-URL: http://localhost:{}/dashboard\r\nX-Original-Method: GET\r\n",
            address.port()
        );
        Self(request("GET", "/forward-auth", &format!("{}{asked}", session.cookie()), ""))
    }
}

impl Client for ForwardAuth {
    fn request(&mut self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.0);
    }

    fn answer(&mut self, response: &Response<'_>) -> Result<()> {
        response.expect(200)
    }
}

impl Client for Check {
    fn request(&mut self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.0);
    }

    fn answer(&mut self, response: &Response<'_>) -> Result<()> {
        response.expect(200)
    }
}

/// Refreshes, each time with the token that it got the time before.
pub struct Refresh(Session);

impl Refresh {
    pub const fn new(session: Session) -> Self {
        Self(session)
    }

    pub fn into_session(self) -> Session {
        self.0
    }
}

impl Client for Refresh {
    fn request(&mut self, buffer: &mut Vec<u8>) {
        let body = format!("{{\"refresh_token\":\"{}\"}}", self.0.refresh_token);
        buffer.extend_from_slice(&request("POST", "/v1/token/refresh", "", &body));
    }

    fn answer(&mut self, response: &Response<'_>) -> Result<()> {
        const KEY: &str = "\"refresh_token\":\"";
        response.expect(200)?;
        let body = std::str::from_utf8(response.body)?;
        let token = body.split_once(KEY).and_then(|(_, rest)| rest.split('"').next()).context("no token")?;
        if token == self.0.refresh_token {
            bail!("the token was not rotated");
        }
        token.clone_into(&mut self.0.refresh_token);
        Ok(())
    }
}

/// Signs in with the right password, each time anew.
pub struct SignIn;

impl Client for SignIn {
    fn request(&mut self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&request("POST", "/v1/sign-in", "", &sign_in_body().to_string()));
    }

    fn answer(&mut self, response: &Response<'_>) -> Result<()> {
        response.expect(200)
    }
}

fn sign_in_body() -> Value {
    json!({ "identifier": EMAIL, "password": PASSWORD, "delivery": "body" })
}

async fn call(
    connection: &mut Connection,
    method: &str,
    path: &str,
    body: &Value,
    status: u16,
) -> Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = connection.send(&request(method, path, "", &body)).await?;
    response.expect(status).with_context(|| format!("{method} {path}"))?;
    Ok(serde_json::from_slice(response.body)?)
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let body_headers = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{headers}{body_headers}\r\n{body}")
        .into_bytes()
}
