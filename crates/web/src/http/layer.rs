//! What surrounds every request, in one layer: its id, who asks, whether it may change anything, how large and how slow it
//! may be, how errors become text, the headers of every answer, the figures and the log line.

use std::convert::Infallible;
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
use doorward_core::context::{Caller, Context};
use doorward_core::error::{Code, Error};
use futures_util::FutureExt as _;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, USER_AGENT, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::Limited;
use tower::{Layer, Service};

use super::client_address::client_address;
use super::metrics::Requests;
use super::problem::{self, ApiError, ErrorBody};
use super::{cors, csrf};
use crate::serve::Peer;

const BODY_LIMIT: usize = 64 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(30);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NO_PERMISSIONS: HeaderValue = HeaderValue::from_static("camera=(), geolocation=(), microphone=()");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const ORIGIN_ONLY: HeaderValue = HeaderValue::from_static("strict-origin-when-cross-origin");

/// How an error becomes a page: given the error and the request's id.
pub type RenderPage = fn(&Error, &str, &Config) -> Response;

/// The layer. Put it around a router with `Router::layer`, so that it knows which route a request took.
#[derive(Clone)]
pub struct HttpLayer(Arc<Shared>);

struct Shared {
    context: Context,
    config: Arc<Config>,
    origin: String,
    https: bool,
    render_page: RenderPage,
    requests: Requests,
    no_route: Arc<str>,
}

impl HttpLayer {
    pub fn new(context: Context, render_page: RenderPage) -> Self {
        let config = Arc::clone(&context.config);
        Self(Arc::new(Shared {
            context,
            origin: config.origin(),
            https: config.is_https(),
            config,
            render_page,
            requests: Requests::default(),
            no_route: "none".into(),
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
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let inner = self.inner.clone();
        Box::pin(async move { Ok(shared.handle(inner, request).await) })
    }
}

impl Shared {
    async fn handle<S>(&self, mut inner: S, mut request: Request) -> Response
    where
        S: Service<Request, Response = Response, Error = Infallible> + Send,
        S::Future: Send,
    {
        let started = Instant::now();
        let request_id = self.request_id();
        let method = request.method().clone();
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or_else(|| Arc::clone(&self.no_route), |path| path.as_str().into());
        let is_api = is_api(request.uri().path().strip_prefix(self.config.base_path()).unwrap_or_default());
        let token_in_address = request.uri().query().is_some_and(|query| query.contains("token="));
        let origin = if is_api {
            cors::allowed_origin(request.headers(), &self.config.http.allowed_origins).cloned()
        } else {
            None
        };

        let caller = self.caller(&request, &request_id);
        request.extensions_mut().insert(caller);
        let mut response = match self.refuse(is_api, &request) {
            Some(response) => response,
            None => {
                let request = limit_body(request);
                match tokio::time::timeout(
                    TIME_LIMIT,
                    AssertUnwindSafe(async move { inner.call(request).await }).catch_unwind(),
                )
                .await
                {
                    Ok(Ok(Ok(response))) => response,
                    Ok(Err(_panic)) => ApiError::from(Error::internal("a handler panicked")).into_response(),
                    Err(_elapsed) => {
                        let error =
                            Error::new(Code::Unavailable).with_cause("the time limit of a request passed");
                        ApiError::from(error.with_retry_after(Duration::from_secs(1))).into_response()
                    }
                }
            }
        };
        self.render_error(&mut response, is_api, &request_id);
        self.set_headers(response.headers_mut(), &request_id, token_in_address);
        if is_api && !self.config.http.allowed_origins.is_empty() {
            cors::answer(response.headers_mut(), origin);
        }

        let (status, took) = (response.status(), started.elapsed());
        self.requests.count(&route, &method, status, took);
        // Neither the address nor its query: both may carry a token. What fails is logged where it is rendered.
        tracing::debug!(
            target: "doorward::requests",
            request_id, method = method.as_str(), route = &*route, status = status.as_u16(),
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), "request"
        );
        response
    }

    /// Never taken from the request: it stands in the audit log.
    fn request_id(&self) -> String {
        struct Request;
        impl doorward_core::context::IdKind for Request {
            const PREFIX: &'static str = "req";
        }
        self.context.new_id::<Request>().to_string()
    }

    fn caller(&self, request: &Request, request_id: &str) -> Caller {
        let peer = peer(request);
        let user_agent = request.headers().get(USER_AGENT).map(|value| {
            String::from_utf8_lossy(value.as_bytes()).chars().filter(|c| !c.is_control()).take(512).collect()
        });
        Caller {
            request_id: request_id.to_owned(),
            ip: Some(client_address(peer, request.headers(), &self.config)),
            user_agent,
        }
    }

    /// What needs no handler to be answered.
    fn refuse(&self, is_api: bool, request: &Request) -> Option<Response> {
        let allowed = &self.config.http.allowed_origins;
        if is_api && let Some(response) = cors::preflight(request.method(), request.headers(), allowed) {
            return Some(response);
        }
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

    fn render_error(&self, response: &mut Response, is_api: bool, request_id: &str) {
        let error = match response.extensions_mut().remove::<ErrorBody>() {
            Some(ErrorBody(error)) => error,
            // The router's own answer has no body.
            None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
                Arc::new(Code::MethodNotAllowed.into())
            }
            None => return,
        };
        problem::log(&error, request_id);
        let mut rendered = if is_api {
            problem::respond(&error, &self.config)
        } else {
            (self.render_page)(&error, request_id, &self.config)
        };
        // Cookies that were taken back, and the methods that are allowed.
        for (name, value) in response.headers() {
            if name == http::header::SET_COOKIE || name == ALLOW {
                rendered.headers_mut().append(name, value.clone());
            }
        }
        *response = rendered;
    }

    fn set_headers(&self, headers: &mut HeaderMap, request_id: &str, token_in_address: bool) {
        headers.reserve(9);
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert(X_REQUEST_ID, id);
        }
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(CSP);
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        headers.insert(X_FRAME_OPTIONS, DENY);
        headers.insert(OPENER_POLICY, SAME_ORIGIN);
        headers.insert(PERMISSIONS_POLICY, NO_PERMISSIONS);
        let referrer = if token_in_address { NO_REFERRER } else { ORIGIN_ONLY };
        headers.entry(REFERRER_POLICY).or_insert(referrer);
        if self.https {
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        }
    }
}

/// The address at the other end of the connection.
pub fn peer(request: &Request) -> IpAddr {
    request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical())
}

/// Whether programs and not people read the answers below this path.
fn is_api(path: &str) -> bool {
    ["/v1/", "/.well-known/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/dev/mailbox.json"]
        .iter()
        .any(|start| path.starts_with(start))
}

fn limit_body(request: Request) -> Request {
    if http_body::Body::is_end_stream(request.body()) {
        return request;
    }
    request.map(|body| Body::new(Limited::new(body, BODY_LIMIT)))
}
