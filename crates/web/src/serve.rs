//! The accept loop: hyper's, with the time limits that it leaves to its user, a bound on connections, and a bounded drain.

mod guarded;
mod places;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Version;
use http::header::HOST;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use guarded::{Closing, Guarded};
pub use places::MayHaveAll;
use places::{Place, Places};

/// The address at the other end of a request's connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Marks the request of a connection that found no place. It is answered 503, and the connection closed.
#[derive(Debug, Clone, Copy)]
pub struct TurnedAway;

/// Marks a request that does not say, or says more than once, whom it is for. It is refused (RFC 9112, section 3.2): servers
/// do not agree on what that means.
#[derive(Debug, Clone, Copy)]
pub struct Unaddressed;

/// Connections without a place that may be told so at a time, and how long each of them has. The kernel's queue holds
/// those beyond.
const TURNED_AWAY: usize = 256;
const TURN_AWAY_WITHIN: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub max_connections: usize,
    /// Of one address, or of one /64 of IPv6.
    pub per_address: usize,
    /// Until the head of a request has arrived, from its connection's opening or the answer before.
    pub header_timeout: Duration,
    /// How long a client may take in nothing of an answer that waits for it.
    pub write_timeout: Duration,
    /// How long requests that are under way at the end may still take.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            per_address: 1000,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Answers on the listener until `shutdown` is done, then lets what is under way finish, for a while. What is not done
/// by then is cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    may_have_all: MayHaveAll,
    shutdown: impl Future<Output = ()>,
) {
    let all = limits.max_connections.clamp(1, Semaphore::MAX_PERMITS - TURNED_AWAY);
    let places = Places::new(all, limits.per_address, may_have_all);
    let doors = Arc::new(Semaphore::new(all + TURNED_AWAY));
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let graceful = GracefulShutdown::new();
    let (server, refusing) = (Arc::new(server(&limits)), Arc::new(refusing_server()));
    let mut tasks = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (door, stream, peer) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_ended) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = accept(&listener, &doors) => accepted,
        };
        let connection = |server: &Arc<_>| Connection {
            server: Arc::clone(server),
            router: router.clone(),
            peer,
            limits,
            _door: door,
        };
        if let Some(place) = places.take(peer.ip()) {
            tasks.spawn(connection(&server).run(stream, graceful.watcher(), place));
            continue;
        }
        metrics::counter!("http_connections_turned_away_total").increment(1);
        // Where even those are too many, it is closed without a word.
        if let Ok(turn) = Arc::clone(&turned_away).try_acquire_owned() {
            tasks.spawn(connection(&refusing).turn_away(stream, graceful.watcher(), turn));
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and are cut off");
    }
    tasks.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    doors: &Arc<Semaphore>,
) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let door = Arc::clone(doors).acquire_owned().await.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (door, stream, peer),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Out of file descriptors, most often: trying again at once would only burn the processor.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn server(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(64 * 1024);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(100)
        .max_header_list_size(64 * 1024);
    server
}

/// One request each, and little time.
fn refusing_server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(TURN_AWAY_WITHIN).keep_alive(false);
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(1).max_header_list_size(16 * 1024);
    server
}

struct Connection {
    server: Arc<auto::Builder<TokioExecutor>>,
    router: Router,
    peer: SocketAddr,
    limits: Limits,
    _door: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream, watcher: Watcher, _place: Place) {
        let (header_timeout, write_timeout) = (self.limits.header_timeout, self.limits.write_timeout);
        let (stream, closing) = Guarded::new(stream, header_timeout, write_timeout);
        self.answer(stream, closing, watcher, false).await;
    }

    /// Says that there is no place, by the same layer that answers everybody.
    async fn turn_away(self, stream: TcpStream, watcher: Watcher, _turn: OwnedSemaphorePermit) {
        let (stream, closing) = Guarded::new(stream, TURN_AWAY_WITHIN, TURN_AWAY_WITHIN);
        let answered = self.answer(stream, closing, watcher, true);
        let _ = tokio::time::timeout(2 * TURN_AWAY_WITHIN, answered).await;
    }

    async fn answer(self, stream: Guarded, closing: Closing, watcher: Watcher, turned_away: bool) {
        let Self { server, router, peer, .. } = self;
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1 {
                request.extensions_mut().insert(Unaddressed);
            }
            if turned_away {
                request.extensions_mut().insert(TurnedAway);
            }
            let answer = router.clone().oneshot(request);
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let connection = server.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = &*error, "a connection ended early");
            if error.downcast_ref().is_some_and(hyper::Error::is_timeout) {
                return;
            }
        }
        closing.linger().await;
    }
}

#[cfg(test)]
mod tests;
