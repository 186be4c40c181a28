//! What surrounds every request, in one layer: its id, who asks, whether it may change anything, how large and how slow it
//! may be, how errors become text, the headers of every answer, the figures and the log line.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use doorward_core::config::Config;
use doorward_core::context::{Caller, Context, IdKind};
use doorward_core::error::{Code, Error};
use doorward_core::rate_limit::Standings;
use doorward_core::user_agent;
use futures_util::FutureExt as _;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body::Body as _;
use http_body_util::Limited;
use tower::{Layer, Service};

use super::client_address::client_address;
use super::json;
use super::load::{Load, overloaded};
use super::metrics::Requests;
use super::problem::{self, ApiError, ErrorBody};
use super::{cors, csrf, headers, rate_limit};
use crate::serve::{Peer, TurnedAway, Unaddressed};

const BODY_LIMIT: usize = 64 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(30);
const USER_AGENT_LIMIT: usize = 512;

/// How an error becomes a page: given the error and the request's id.
pub type RenderPage = fn(&Error, &str, &Config) -> Response;

/// The layer. Put it around a router with `Router::layer`, so that it knows which route a request took.
#[derive(Clone)]
pub struct HttpLayer(Arc<Shared>);

struct Shared {
    config: Arc<Config>,
    new_id: Box<dyn Fn() -> String + Send + Sync>,
    render_page: RenderPage,
    time_limit: Duration,
    origin: String,
    https: bool,
    policy: HeaderValue,
    requests: Requests,
    load: Load,
}

impl HttpLayer {
    pub fn new(context: Context, render_page: RenderPage, load: Load) -> Self {
        enum RequestKind {}
        impl IdKind for RequestKind {
            const PREFIX: &'static str = "req";
        }
        let config = Arc::clone(&context.config);
        Self::with(config, render_page, TIME_LIMIT, load, move || {
            let mut text = String::with_capacity("req_".len() + 32);
            let _ = write!(text, "{}", context.new_id::<RequestKind>());
            text
        })
    }

    fn with(
        config: Arc<Config>,
        render_page: RenderPage,
        time_limit: Duration,
        load: Load,
        new_id: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Shared {
            new_id: Box::new(new_id),
            render_page,
            time_limit,
            origin: config.origin(),
            https: config.is_https(),
            policy: headers::policy(&config),
            requests: Requests::start(),
            load,
            config,
        }))
    }
}

impl<S> Layer<S> for HttpLayer {
    type Service = Http<S>;

    fn layer(&self, inner: S) -> Http<S> {
        Http { inner, shared: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub struct Http<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request> for Http<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let visit = shared.receive(&mut request);
        if let Some(response) = shared.refuse(&visit, &request) {
            return Box::pin(async move { Ok(shared.finish(visit, response)) });
        }
        let request = limit_body(request);
        if request.method().is_safe() {
            let answer = self.inner.call(request);
            return Box::pin(async move {
                let response = within(shared.time_limit, answer).await;
                Ok(shared.finish(visit, response))
            });
        }
        // The one that was polled ready is the one to call (tower's `Service`, "Be careful when cloning").
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let response = within(shared.time_limit, shared.change(&visit, inner, request)).await;
            Ok(shared.finish(visit, response))
        })
    }
}

/// What must be known of a request when its answer goes out.
struct Visit {
    started: Instant,
    request_id: HeaderValue,
    method: Method,
    route: Option<MatchedPath>,
    is_api: bool,
    token_in_address: bool,
    standings: Standings,
    /// Whether pages of some other origins may read the answer, and whether the one that asks is of those.
    cross_origin: Option<Option<HeaderValue>>,
}

impl Visit {
    fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }
}

impl Shared {
    fn receive(&self, request: &mut Request) -> Visit {
        let started = Instant::now();
        // Never taken from the request: it stands in the audit log.
        let request_id = (self.new_id)();
        let path = request.uri().path().strip_prefix(self.config.base_path()).unwrap_or_default();
        let origins = &self.config.http.allowed_origins;
        let cross_origin = (!origins.is_empty() && path.starts_with("/v1/"))
            .then(|| cors::allowed_origin(request.headers(), origins).cloned());
        let visit = Visit {
            started,
            request_id: HeaderValue::from_str(&request_id).expect("an id is letters, digits and `_`"),
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            is_api: is_api(path),
            token_in_address: request.uri().query().is_some_and(|query| query.contains("token=")),
            standings: Standings::default(),
            cross_origin,
        };
        let caller = Caller {
            standings: visit.standings.clone(),
            request_id,
            ip: Some(client_address(peer(request), request.headers(), &self.config)),
            user_agent: request.headers().get(USER_AGENT).map(shown_user_agent),
            client_hints: client_hints(request.headers()),
            // Parsed where somebody signs in, and not for each request.
            devices: None,
        };
        request.extensions_mut().insert(caller);
        visit
    }

    /// What needs no handler to be answered.
    fn refuse(&self, visit: &Visit, request: &Request) -> Option<Response> {
        if request.extensions().get::<TurnedAway>().is_some() {
            return Some(ApiError::from(overloaded()).into_response());
        }
        if request.extensions().get::<Unaddressed>().is_some() {
            let error = Error::new(Code::MalformedRequest).with_detail("Send one Host header.");
            return Some(ApiError::from(error).into_response());
        }
        if let Some(Some(_allowed)) = &visit.cross_origin
            && let Some(response) = cors::preflight(request.method(), request.headers())
        {
            return Some(response);
        }
        let allowed = &self.config.http.allowed_origins;
        if !csrf::may_change(request.method(), request.headers(), &self.origin, allowed) {
            return Some(ApiError::from(Code::CrossSiteRefused).into_response());
        }
        let announced =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: u64| length > BODY_LIMIT as u64) {
            return Some(ApiError::from(Code::BodyTooLarge).into_response());
        }
        None
    }

    /// A request that may change something has its place among those under way once its body has arrived.
    async fn change<S>(&self, visit: &Visit, mut inner: S, request: Request) -> Result<Response, Infallible>
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let request = match arrived(request).await {
            Ok(request) => request,
            Err(refusal) => return Ok(refusal.into_response()),
        };
        let route = visit.route.as_ref().map_or("", MatchedPath::as_str);
        let route = route.strip_prefix(self.config.base_path()).unwrap_or(route);
        match self.load.enter(request.method(), route) {
            Ok(_place) => inner.call(request).await,
            Err(error) => Ok(ApiError::from(error).into_response()),
        }
    }

    fn finish(&self, visit: Visit, response: Response) -> Response {
        let mut response = self.render_error(&visit, response);
        let (status, took) = (response.status(), visit.started.elapsed());
        let route = visit.route.as_ref().map_or("none", MatchedPath::as_str);
        self.requests.count(route, &visit.method, status, took);
        log(&visit, route, status, took);
        if let Some(origin) = visit.cross_origin {
            cors::allow(response.headers_mut(), origin);
        }
        rate_limit::tell(response.headers_mut(), &visit.standings.all());
        headers::set(
            response.headers_mut(),
            visit.request_id,
            &self.policy,
            visit.token_in_address,
            self.https,
        );
        response
    }

    fn render_error(&self, visit: &Visit, mut response: Response) -> Response {
        let error = match response.extensions_mut().remove::<ErrorBody>() {
            Some(ErrorBody(error)) => error,
            None => match refused_by_router(&response) {
                Some(error) => Arc::new(error),
                None => return response,
            },
        };
        problem::log(&error, visit.request_id());
        let mut rendered = if visit.is_api {
            problem::respond(&error, &self.config)
        } else {
            (self.render_page)(&error, visit.request_id(), &self.config)
        };
        // Cookies that were taken back, and the methods that are allowed.
        for (name, value) in response.headers() {
            if name == SET_COOKIE || name == ALLOW || name == "x-auth-redirect" {
                rendered.headers_mut().append(name, value.clone());
            }
        }
        rendered
    }
}

/// The answer, if it comes in time and nothing breaks.
async fn within(limit: Duration, answer: impl Future<Output = Result<Response, Infallible>>) -> Response {
    match tokio::time::timeout(limit, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(_panic)) => ApiError::from(Error::internal("a handler panicked")).into_response(),
        Err(_elapsed) => {
            let error = Error::new(Code::Unavailable).with_cause("the time limit of a request passed");
            ApiError::from(error.with_retry_after(Duration::from_secs(1))).into_response()
        }
    }
}

/// The router and its extractors refuse with a bare status or a line of plain text. Our own answers do neither.
fn refused_by_router(response: &Response) -> Option<Error> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let is_bare = match response.headers().get(CONTENT_TYPE) {
        Some(kind) => kind.as_bytes().starts_with(b"text/plain"),
        None => response.body().is_end_stream(),
    };
    let code = match status {
        StatusCode::BAD_REQUEST => Code::MalformedRequest,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
        _ => return None,
    };
    is_bare.then(|| Error::new(code).with_cause("refused by the router"))
}

/// Neither the address nor its query: both may carry a token. What fails is logged where it is rendered.
fn log(visit: &Visit, route: &str, status: StatusCode, took: Duration) {
    tracing::debug!(
        target: "doorward::requests",
        request_id = visit.request_id(), method = visit.method.as_str(), route, status = status.as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), "request"
    );
}

/// The address at the other end of the connection.
pub fn peer(request: &Request) -> IpAddr {
    request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical())
}

/// What a browser says of itself beside the `User-Agent`, which many have stopped to tell apart.
fn client_hints(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let brands = text("sec-ch-ua").filter(|brands| brands.len() <= USER_AGENT_LIMIT)?;
    user_agent::hints(brands, text("sec-ch-ua-platform"), text("sec-ch-ua-mobile"))
}

/// In characters that can be shown, and not longer than anybody needs.
fn shown_user_agent(value: &HeaderValue) -> String {
    match value.to_str() {
        Ok(text) if text.len() <= USER_AGENT_LIMIT && !text.contains('\t') => text.to_owned(),
        _ => {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.chars().filter(|char| !char.is_control()).take(USER_AGENT_LIMIT).collect()
        }
    }
}

/// Whether programs and not people read the answers below this path.
fn is_api(path: &str) -> bool {
    [
        "/v1/",
        "/forward-auth",
        "/.well-known/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/dev/mailbox.json",
    ]
    .iter()
    .any(|start| path.starts_with(start))
}

/// The request with its body read whole.
async fn arrived(request: Request) -> Result<Request, ApiError> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let body = json::body(Request::new(body)).await?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn limit_body(request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::new(Limited::new(body, BODY_LIMIT)))
}

#[cfg(test)]
mod tests;
