//! The accept loop: hyper's, with the time limits that it leaves to its user, a bound on connections, and a bounded drain.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// The address at the other end of a request's connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub max_connections: usize,
    /// Until the head of a request has arrived, from its connection's opening or the answer before.
    pub header_timeout: Duration,
    /// How long requests that are under way at the end may still take.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            header_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }
}

/// Answers on the listener until `shutdown` is done, then lets what is under way finish, for a while.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    let server = Arc::new(server(&limits));
    let mut tasks = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        // Beyond the bound nobody is accepted: the kernel's queue holds them, and then refuses them.
        let accepted = async {
            let permit = Arc::clone(&connections).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut shutdown => break,
            Some(_ended) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = accepted => accepted,
        };
        match (permit, accepted) {
            (Ok(permit), Ok((stream, peer))) => {
                let service = connection(
                    Arc::clone(&server),
                    stream,
                    peer,
                    router.clone(),
                    graceful.watcher(),
                    limits.header_timeout,
                );
                tasks.spawn(async move {
                    service.await;
                    drop(permit);
                });
            }
            (_, Err(error)) => {
                // Out of file descriptors, most often: trying again at once would only burn the processor.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and are cut off");
    }
    tasks.shutdown().await;
}

fn server(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(64 * 1024)
        .pipeline_flush(true);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(100)
        .max_header_list_size(64 * 1024);
    server
}

async fn connection(
    server: Arc<auto::Builder<TokioExecutor>>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
    patience: Duration,
) {
    // Whoever says nothing, or half of how HTTP/2 begins, would otherwise hold the connection for ever: hyper's own limit
    // starts only once it knows the version.
    if !matches!(tokio::time::timeout(patience, begun(&stream)).await, Ok(Ok(()))) {
        return;
    }
    // An answer is one write: waiting for more would only delay it.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Waits until the first bytes tell which version of HTTP is spoken.
async fn begun(stream: &TcpStream) -> std::io::Result<()> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut first = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        if length == 0 || length == PREFACE.len() || !PREFACE.starts_with(&first[..length]) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;

    async fn start(limits: Limits) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let peer =
            |request: Request| async move { request.extensions().get::<Peer>().unwrap().0.to_string() };
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            "done"
        };
        let router = Router::new().route("/peer", get(peer)).route("/slow", get(slow));
        let server = tokio::spawn(serve(listener, router, limits, async {
            let _ = stopped.await;
        }));
        (address, stop, server)
    }

    async fn answer(stream: &mut TcpStream, request: &[u8]) -> String {
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_handler_knows_the_peer() {
        let (address, _stop, _server) = start(Limits::default()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        let text = answer(&mut stream, b"GET /peer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(text.ends_with(&own), "{text}");
    }

    #[tokio::test]
    async fn whoever_is_silent_or_slow_is_shut_out() {
        let limits = Limits { header_timeout: Duration::from_millis(100), ..Limits::default() };
        let (address, _stop, _server) = start(limits).await;
        for start in [&b""[..], b"PRI * HTTP", b"GET /peer HTTP/1.1\r\nHost:"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(start).await.unwrap();
            // An end, or a reset where something was left unread.
            let closed =
                tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut Vec::new())).await;
            assert!(closed.is_ok(), "{start:?}");
        }
    }

    #[tokio::test]
    async fn what_is_under_way_may_finish_and_then_the_server_ends() {
        let (address, stop, server) = start(Limits::default()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.send(()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.ends_with("done"), "{text}");
        server.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn what_takes_too_long_is_cut_off() {
        let limits = Limits { drain: Duration::from_millis(20), ..Limits::default() };
        let (address, stop, server) = start(limits).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.send(()).unwrap();
        server.await.unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text).await;
        assert!(!text.contains("done"), "{text}");
    }

    #[tokio::test]
    async fn beyond_the_bound_one_waits_until_another_leaves() {
        let limits = Limits { max_connections: 1, ..Limits::default() };
        let (address, _stop, _server) = start(limits).await;
        let first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut text = String::new();
        let early = tokio::time::timeout(Duration::from_millis(100), second.read_to_string(&mut text)).await;
        assert!(early.is_err());
        drop(first);
        second.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    }
}
