//! Figures for Prometheus, with labels whose values are bounded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::Duration;

use doorward_core::config::Config;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode, Uri};
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::client_address::{is_for_this_machine, is_forwarded};

/// Seconds, from a cached check to a password hash behind a queue.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 5.0];

static RECORDER: LazyLock<Option<PrometheusHandle>> =
    LazyLock::new(|| PrometheusBuilder::new().set_buckets(&BUCKETS).ok()?.install_recorder().ok());

/// Begins to record. Calling it again does nothing.
pub fn install() {
    LazyLock::force(&RECORDER);
}

/// Sorts recent samples into their buckets. They pile up where nobody calls this now and then.
pub fn upkeep() {
    if let Some(recorder) = &*RECORDER {
        recorder.run_upkeep();
    }
}

/// All figures, in Prometheus' text format.
pub fn render() -> String {
    RECORDER.as_ref().map(PrometheusHandle::render).unwrap_or_default()
}

/// Whoever has the token may read them; where there is none, this machine alone, and only without a proxy in between.
pub fn may_read(peer: IpAddr, uri: &Uri, headers: &HeaderMap, config: &Config) -> bool {
    match &config.metrics_token {
        Some(token) => {
            bearer(headers).is_some_and(|given| given.ct_eq(token.expose_secret().as_bytes()).into())
        }
        None => {
            peer.to_canonical().is_loopback() && !is_forwarded(headers) && is_for_this_machine(uri, headers)
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

/// The figures of requests, each route's looked up once.
pub struct Requests {
    known: RwLock<HashMap<Box<str>, Vec<Figures>>>,
}

struct Figures {
    method: &'static str,
    status: StatusCode,
    requests: Counter,
    seconds: Histogram,
}

impl Requests {
    /// Begins to record, too: figures that are looked up before lead nowhere.
    pub fn start() -> Self {
        install();
        Self { known: RwLock::default() }
    }

    pub fn count(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let method = label(method);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(figures) = known.get(route).and_then(|all| find(all, method, status)) {
            return figures.count(took);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let all = known.entry(route.into()).or_default();
        if find(all, method, status).is_none() {
            all.push(Figures::look_up(route, method, status));
        }
        if let Some(figures) = find(all, method, status) {
            figures.count(took);
        }
    }
}

impl Figures {
    fn look_up(route: &str, method: &'static str, status: StatusCode) -> Self {
        let labels = [
            ("route", route.to_owned()),
            ("method", method.to_owned()),
            ("status", status.as_str().to_owned()),
        ];
        Self {
            method,
            status,
            requests: metrics::counter!("http_requests_total", &labels),
            seconds: metrics::histogram!("http_request_duration_seconds", &labels[..2]),
        }
    }

    fn count(&self, took: Duration) {
        self.requests.increment(1);
        self.seconds.record(took.as_secs_f64());
    }
}

fn find<'f>(all: &'f [Figures], method: &str, status: StatusCode) -> Option<&'f Figures> {
    all.iter().find(|figures| figures.status == status && figures.method == method)
}

/// Methods that anybody makes up would be labels without a bound.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::AUTHORIZATION;
    use http::{HeaderMap, Method, StatusCode, Uri};

    use http::header::HOST;

    use super::{Requests, may_read, render};
    use crate::http::tests::config;

    #[test]
    fn without_a_token_this_machine_alone_may_read() {
        let config = config("https://id.example.com");
        let reads = |peer: &str, header: Option<&'static str>| {
            let header = header.map(|name| (name, "x"));
            let headers: HeaderMap = [("host", "localhost:4400")]
                .into_iter()
                .chain(header)
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            may_read(peer.parse().unwrap(), &Uri::from_static("/metrics"), &headers, &config)
        };
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(reads(peer, None), "{peer}");
            assert!(reads(peer, Some("authorization")), "{peer}");
            for header in ["forwarded", "x-forwarded-for", "X-Forwarded-Proto", "x-real-ip", "via"] {
                assert!(!reads(peer, Some(header)), "{peer} {header}");
            }
        }
        for peer in ["192.0.2.1", "10.0.0.1", "0.0.0.0", "::", "::ffff:192.0.2.1", "2001:db8::1"] {
            assert!(!reads(peer, None), "{peer}");
        }
        // A name of another site's that was made to lead here.
        let foreign: HeaderMap = [(HOST, "evil.example".parse().unwrap())].into_iter().collect();
        let metrics = Uri::from_static("/metrics");
        assert!(!may_read("127.0.0.1".parse().unwrap(), &metrics, &foreign, &config));
    }

    #[test]
    fn with_a_token_it_alone_counts() {
        let mut config = config("https://id.example.com");
        config.metrics_token = Some("correct-token".into());
        let reads = |peer: &str, value: Option<&str>| {
            let headers: HeaderMap =
                value.map(|value| (AUTHORIZATION, value.parse().unwrap())).into_iter().collect();
            may_read(peer.parse().unwrap(), &Uri::from_static("/metrics"), &headers, &config)
        };
        assert!(reads("192.0.2.1", Some("Bearer correct-token")));
        assert!(reads("192.0.2.1", Some("bearer correct-token")));
        for wrong in [
            "",
            "Bearer ",
            "Bearer",
            "Bearer correct-toke",
            "Bearer correct-token2",
            "Bearer  correct-token",
            "Basic correct-token",
            "correct-token",
        ] {
            assert!(!reads("127.0.0.1", Some(wrong)), "{wrong:?}");
        }
        assert!(!reads("127.0.0.1", None));
    }

    #[test]
    fn requests_are_counted_by_route_method_and_status() {
        let requests = Requests::start();
        let count = |method: &str, status| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            requests.count("/counted/{id}", &method, status, Duration::from_millis(2));
        };
        count("GET", StatusCode::OK);
        count("GET", StatusCode::OK);
        count("GET", StatusCode::NOT_FOUND);
        count("MADE-UP", StatusCode::NOT_FOUND);
        count("ANOTHER", StatusCode::NOT_FOUND);
        let text = render();
        let counted = |method: &str, status: u16, count: u8| {
            let labels = format!("route=\"/counted/{{id}}\",method=\"{method}\",status=\"{status}\"");
            assert!(text.contains(&format!("http_requests_total{{{labels}}} {count}\n")), "{text}");
        };
        counted("GET", 200, 2);
        counted("GET", 404, 1);
        counted("other", 404, 2);
        let bucket = "route=\"/counted/{id}\",method=\"GET\",le=\"0.0025\"";
        assert!(text.contains(&format!("http_request_duration_seconds_bucket{{{bucket}}} 3\n")), "{text}");
        assert!(!text.contains("MADE-UP"));
    }
}
