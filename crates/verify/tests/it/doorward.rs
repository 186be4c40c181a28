//! A Doorward of the tests' own: its key set, its session check, its feed, and what is wrong with them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use doorward_verify::{Builder, Clock, Verifier};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::signer::Signer;
use crate::{AUDIENCE, Stopped};

/// How an address answers.
#[derive(Clone)]
pub enum Answer {
    Json(u16, Value),
    /// With this `Cache-Control`.
    Cached(Value, &'static str),
    Text(String),
    Redirect(String),
    Hang,
}

pub struct Fake {
    pub url: String,
    pub keys: Address,
    pub session: Address,
    pub feed: Feed,
    server: tokio::task::JoinHandle<()>,
}

pub struct Address {
    answer: Mutex<Answer>,
    hits: AtomicUsize,
    /// Held while a test wants all answers to wait.
    pub gate: tokio::sync::RwLock<()>,
}

/// Connections to the feed, in order. Each is a stream that the test writes.
#[derive(Default)]
pub struct Feed {
    pub status: AtomicUsize,
    opened: Mutex<VecDeque<Connection>>,
}

pub struct Connection {
    pub authorization: String,
    pub last_event_id: Option<String>,
    to: mpsc::UnboundedSender<Bytes>,
}

impl Connection {
    /// False once nobody listens any more.
    pub fn write(&self, text: &str) -> bool {
        self.to.send(Bytes::copy_from_slice(text.as_bytes())).is_ok()
    }

    pub fn snapshot(&self, id: u64, items: Value) {
        let data = json!({"items": items});
        assert!(self.write(&format!("event: snapshot\nid: {id}\ndata: {data}\n\n")));
    }

    pub fn revoked(&self, id: u64, item: Value) {
        assert!(self.write(&format!("event: revoked\nid: {id}\ndata: {item}\n\n")));
    }

    pub async fn closed(&self) {
        self.to.closed().await;
    }
}

impl Address {
    fn new(answer: Answer) -> Self {
        Self { answer: Mutex::new(answer), hits: AtomicUsize::new(0), gate: tokio::sync::RwLock::default() }
    }

    pub fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    async fn respond(&self) -> Response {
        self.hits.fetch_add(1, Ordering::SeqCst);
        let _open = self.gate.read().await;
        let answer = self.answer.lock().unwrap().clone();
        match answer {
            Answer::Json(status, value) => {
                (StatusCode::from_u16(status).unwrap(), axum::Json(value)).into_response()
            }
            Answer::Cached(value, cache) => {
                ([(header::CACHE_CONTROL, cache)], axum::Json(value)).into_response()
            }
            Answer::Text(text) => text.into_response(),
            Answer::Redirect(to) => Redirect::temporary(&to).into_response(),
            Answer::Hang => std::future::pending().await,
        }
    }
}

impl Feed {
    /// The next connection that the verifier opens.
    pub async fn next(&self) -> Connection {
        let began = std::time::Instant::now();
        loop {
            if let Some(connection) = self.opened.lock().unwrap().pop_front() {
                return connection;
            }
            assert!(began.elapsed().as_secs() < 10, "nobody listens");
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
}

pub fn set(signers: &[&Signer]) -> Value {
    json!({"keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>()})
}

impl Fake {
    pub async fn start(keys: Value) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, keys).await
    }

    pub async fn on(listener: tokio::net::TcpListener, keys: Value) -> Arc<Self> {
        let url = format!("http://{}", listener.local_addr().unwrap());
        Arc::new_cyclic(|this: &std::sync::Weak<Self>| {
            let router = Router::new()
                .route(
                    "/.well-known/jwks.json",
                    get(async |State(fake): State<Held>| fake.it().keys.respond().await),
                )
                .route("/v1/session", get(async |State(fake): State<Held>| fake.it().session.respond().await))
                .route("/v1/revocations", get(listen))
                .with_state(Held(this.clone()));
            let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            let feed = Feed { status: AtomicUsize::new(200), ..Feed::default() };
            let live = json!({"user": {"id": "user_1"}, "session": {"id": "session_1"}});
            Self {
                url,
                keys: Address::new(Answer::Json(200, keys)),
                session: Address::new(Answer::Json(200, live)),
                feed,
                server,
            }
        })
    }

    pub fn builder(&self, clock: &Arc<Stopped>) -> Builder {
        Verifier::builder(&self.url).audience(AUDIENCE).clock(Arc::clone(clock) as Arc<dyn Clock>)
    }

    pub fn verifier(&self, clock: &Arc<Stopped>) -> Verifier {
        self.builder(clock).build().unwrap()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// So that the server does not hold what holds it.
#[derive(Clone)]
struct Held(std::sync::Weak<Fake>);

impl Held {
    fn it(&self) -> Arc<Fake> {
        self.0.upgrade().expect("the test is not over")
    }
}

async fn listen(State(fake): State<Held>, headers: HeaderMap) -> Response {
    let fake = fake.it();
    let status = u16::try_from(fake.feed.status.load(Ordering::SeqCst)).unwrap();
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let (to, from) = mpsc::unbounded_channel();
    let authorization = text("authorization").unwrap_or_default();
    let connection = Connection { authorization, last_event_id: text("last-event-id"), to };
    fake.feed.opened.lock().unwrap().push_back(connection);
    if status != 200 {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    let stream = futures_util::stream::unfold(from, async |mut from| {
        let bytes: Bytes = from.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(bytes), from))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream)).into_response()
}
