use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Limits, Peer, TurnedAway, serve};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(600);
const CALM: Limits =
    Limits { max_connections: 100, per_address: 100, header_timeout: LONG, write_timeout: LONG, drain: LONG };

const COUNTED_SIZE: usize = 16 * 1024;
static COUNTED: AtomicUsize = AtomicUsize::new(0);

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/peer", get(async |Extension(peer): Extension<Peer>| peer.0.to_string()))
            .route(
                "/slow",
                get(async || {
                    tokio::time::sleep(SOON).await;
                    "late"
                }),
            )
            .route("/never", get(std::future::pending::<StatusCode>))
            .route("/large", get(async || vec![b'x'; 64 * 1024 * 1024]))
            .route(
                "/counted",
                get(async || {
                    COUNTED.fetch_add(1, Ordering::SeqCst);
                    vec![b'x'; COUNTED_SIZE]
                }),
            )
            .route("/refuse", post(async || StatusCode::FORBIDDEN))
            .layer(from_fn(async |request: Request, next: Next| {
                match request.extensions().get::<TurnedAway>() {
                    Some(TurnedAway) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                    None => next.run(request).await,
                }
            }));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, router, limits, Arc::new(|_| false), async {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn ask(&self, path: &str) -> TcpStream {
        let mut stream = self.connect().await;
        send(&mut stream, path).await;
        stream
    }

    /// Asks until there is a place.
    async fn until_answered(&self) -> TcpStream {
        timeout(PATIENCE, async {
            loop {
                let mut stream = self.ask("/peer").await;
                let answer = read_until(&mut stream, "\r\n\r\n").await;
                if answer.starts_with("HTTP/1.1 200") {
                    return stream;
                }
                assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("a place")
    }

    async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        timeout(PATIENCE, &mut self.task).await.expect("the server ends").unwrap();
    }
}

async fn send(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
}

/// What comes until it contains the text.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(text) {
        let read = timeout(PATIENCE, stream.read_buf(&mut all)).await.expect("an answer").unwrap();
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&all));
    }
    String::from_utf8(all).unwrap()
}

/// What comes until the other side closes.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("an end").unwrap();
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_request_knows_its_peer() {
    let server = Server::start(CALM).await;
    let mut stream = server.ask("/peer").await;
    let own = stream.local_addr().unwrap().to_string();
    assert!(read_until(&mut stream, &own).await.starts_with("HTTP/1.1 200"));
    send(&mut stream, "/peer").await;
    read_until(&mut stream, &own).await;
}

#[tokio::test]
async fn http_2_is_spoken_in_the_clear() {
    let server = Server::start(CALM).await;
    let mut stream = server.connect().await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!(frame[3], 4, "the first frame is the server's settings");
}

#[tokio::test]
async fn who_does_not_send_a_request_is_disconnected() {
    let server = Server::start(Limits { header_timeout: SOON, ..CALM }).await;
    for part in ["", "P", "PRI * HTTP/2.0\r\n", "G", "PUT / HTTP", "GET / HTTP/1.1\r\nHost: x\r\nA: "] {
        let mut stream = server.connect().await;
        stream.write_all(part.as_bytes()).await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, "", "{part:?}");
    }
    let mut idle = server.ask("/peer").await;
    assert!(read_to_end(&mut idle).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_header_that_trickles_in_does_not_buy_time() {
    let server = Server::start(Limits { header_timeout: SOON, ..CALM }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    timeout(PATIENCE, async {
        while stream.write_all(b"A: b\r\n").await.is_ok() {
            tokio::time::sleep(SOON / 10).await;
        }
    })
    .await
    .expect("the server hangs up");
}

#[tokio::test]
async fn who_takes_no_answer_is_disconnected() {
    let server = Server::start(Limits { max_connections: 1, write_timeout: SOON, ..CALM }).await;
    let _stuck = server.ask("/large").await;
    // There is room for one connection only.
    server.until_answered().await;
}

#[tokio::test]
async fn who_asks_and_asks_and_takes_nothing_in_is_answered_no_further() {
    const ASKED: usize = 4000;
    let server = Server::start(CALM).await;
    let mut stream = server.connect().await;
    for _ in 0..ASKED {
        send(&mut stream, "/counted").await;
    }
    // What the kernel holds for both sides, and one answer more.
    let mut before = usize::MAX;
    while COUNTED.load(Ordering::SeqCst) != before {
        before = COUNTED.load(Ordering::SeqCst);
        tokio::time::sleep(SOON).await;
    }
    assert!(before < ASKED / 4, "{before} answers are kept");
    let (mut all, mut scrap) = (0, vec![0; 64 * 1024]);
    while all < ASKED * COUNTED_SIZE {
        all += timeout(PATIENCE, stream.read(&mut scrap)).await.expect("answers").unwrap();
    }
    assert_eq!(COUNTED.load(Ordering::SeqCst), ASKED);
}

#[tokio::test]
async fn what_can_not_be_read_is_answered_before_the_connection_closes() {
    let server = Server::start(CALM).await;
    let many: String = (0..120).map(|number| format!("X{number}: x\r\n")).collect();
    let good = "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n";
    for (request, statuses) in [
        (format!("GET /peer HTTP/1.1\r\nHost: x\r\n{many}\r\n"), &["431"][..]),
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(70_000)), &["431"]),
        (format!("GET /peer HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "x".repeat(70_000)), &["431"]),
        ("\x01\x02\r\n\r\n".to_owned(), &["400"]),
        ("GET /peer HTTP/1.1\r\nHost x\r\n\r\n".to_owned(), &["400"]),
        ("GET /peer HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n".to_owned(), &["400"]),
        (format!("{good}\x01\x02\r\n\r\n"), &["200", "400"]),
        (format!("{good}{good}GET\r\n\r\n"), &["200", "200", "400"]),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answers = read_to_end(&mut stream).await;
        let found: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(found, statuses, "{:?}", &request[..request.len().min(60)]);
    }
}

#[tokio::test]
async fn who_is_still_sending_gets_the_answer() {
    let server = Server::start(CALM).await;
    let mut stream = server.connect().await;
    let length = 8 * 1024 * 1024;
    let head = format!("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![0; length]).await.unwrap();
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn who_finds_no_place_is_told_so_at_once_and_places_come_back() {
    for limits in [Limits { max_connections: 1, ..CALM }, Limits { per_address: 1, ..CALM }] {
        let server = Server::start(limits).await;
        let mut first = server.ask("/peer").await;
        read_until(&mut first, "HTTP/1.1 200").await;
        let began = Instant::now();
        let answer = read_to_end(&mut server.ask("/peer").await).await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("connection: close"), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        send(&mut first, "/peer").await;
        read_until(&mut first, "HTTP/1.1 200").await;
        drop(first);
        server.until_answered().await;
    }
}

#[tokio::test]
async fn who_finds_no_place_and_says_nothing_is_soon_gone() {
    let server = Server::start(Limits { max_connections: 1, ..CALM }).await;
    let _first = server.until_answered().await;
    let mut silent: Vec<TcpStream> = Vec::new();
    for _ in 0..20 {
        silent.push(server.connect().await);
    }
    for mut stream in silent {
        assert_eq!(read_to_end(&mut stream).await, "");
    }
}

#[tokio::test]
async fn at_the_end_requests_finish_and_idle_connections_close() {
    let mut server = Server::start(CALM).await;
    let (mut idle, mut silent) = (server.ask("/peer").await, server.connect().await);
    read_until(&mut idle, "HTTP/1.1 200").await;
    let mut busy = server.ask("/slow").await;
    tokio::time::sleep(SOON / 4).await;
    server.stop().await;
    assert!(read_to_end(&mut busy).await.ends_with("late"));
    assert!(!read_to_end(&mut idle).await.contains("HTTP/1.1"));
    assert_eq!(read_to_end(&mut silent).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let mut server = Server::start(Limits { drain: SOON, ..CALM }).await;
    let mut hanging = server.ask("/never").await;
    tokio::time::sleep(SOON / 4).await;
    server.stop().await;
    assert_eq!(timeout(PATIENCE, hanging.read(&mut [0; 16])).await.expect("cut off").unwrap_or(0), 0);
}
