//! Figures for Prometheus, with labels whose values are bounded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use doorward_core::config::Config;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

/// Seconds, from a cached check to a password hash behind a queue.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 5.0];

static RECORDER: LazyLock<Option<PrometheusHandle>> =
    LazyLock::new(|| PrometheusBuilder::new().set_buckets(&BUCKETS).ok()?.install_recorder().ok());

/// Begins to record. Calling it again does nothing.
pub fn install() {
    LazyLock::force(&RECORDER);
}

/// All figures, in Prometheus' text format.
pub fn render() -> String {
    RECORDER
        .as_ref()
        .map(|recorder| {
            recorder.run_upkeep();
            recorder.render()
        })
        .unwrap_or_default()
}

/// Sorts recent samples into their buckets. They pile up where nobody calls this now and then.
pub fn upkeep() {
    if let Some(recorder) = RECORDER.as_ref() {
        recorder.run_upkeep();
    }
}

/// Whoever has the token may read them; where there is none, this machine alone, and only without a proxy in between.
pub fn may_read(peer: IpAddr, headers: &HeaderMap, config: &Config) -> bool {
    if let Some(token) = &config.metrics_token {
        let expected = format!("Bearer {}", token.expose_secret());
        return headers
            .get(AUTHORIZATION)
            .is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes())));
    }
    let forwarded =
        ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "x-doorward-client-ip"];
    peer.to_canonical().is_loopback() && !forwarded.iter().any(|name| headers.contains_key(*name))
}

/// The figures of requests, each route's looked up once.
#[derive(Default)]
pub struct Requests {
    known: RwLock<HashMap<Key, (Counter, Histogram)>>,
}

type Key = (Arc<str>, Method, StatusCode);

impl Requests {
    pub fn count(&self, route: &Arc<str>, method: &Method, status: StatusCode, took: Duration) {
        // Methods that anybody makes up would be labels without a bound.
        let known = if is_standard(method) { method.clone() } else { Method::TRACE };
        let key = (Arc::clone(route), known, status);
        if let Some((requests, seconds)) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key)
        {
            requests.increment(1);
            seconds.record(took.as_secs_f64());
            return;
        }
        let labels = [
            ("route", route.to_string()),
            ("method", if is_standard(method) { method.to_string() } else { "other".to_owned() }),
            ("status", status.as_str().to_owned()),
        ];
        let requests = metrics::counter!("http_requests_total", &labels);
        let seconds = metrics::histogram!("http_request_duration_seconds", &labels[..2]);
        requests.increment(1);
        seconds.record(took.as_secs_f64());
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(key, (requests, seconds));
    }
}

fn is_standard(method: &Method) -> bool {
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS]
        .contains(method)
}
