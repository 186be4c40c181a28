//! The crate as a service sees it, against a Doorward that the tests make up: so that it can lie, hang and go away.

mod doorward;
mod signer;

mod feed;
mod key_set;
mod layer;
mod tokens;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use doorward_verify::{Clock, Moment};
use serde_json::{Value, json};

pub const NOW: i64 = 1_800_000_000;
pub const AUDIENCE: &str = "https://api.example.com";

/// A clock that stands still until a test moves it.
#[derive(Default)]
pub struct Stopped(AtomicU64);

impl Stopped {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Stopped {
    fn now(&self) -> Moment {
        let moved = Duration::from_millis(self.0.load(Ordering::SeqCst));
        Moment {
            unix_seconds: NOW + i64::try_from(moved.as_secs()).unwrap(),
            monotonic: Duration::from_secs(1000) + moved,
        }
    }
}

pub fn clock() -> Arc<Stopped> {
    Arc::new(Stopped::default())
}

/// The claims of a good token of this issuer.
pub fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "sub": "user_1", "aud": AUDIENCE, "exp": NOW + 600, "iat": NOW, "jti": "AAAA", "sid": "session_1",
        "client_id": "doorward", "scope": "openid profile email", "auth_time": NOW - 60, "amr": ["pwd"], "acr": "aal1",
        "email_verified": true,
    })
}

pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// Waits, for work that goes on in tasks.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
