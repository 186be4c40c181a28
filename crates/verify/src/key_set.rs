//! Doorward's public keys: fetched, kept, and refreshed within bounds.
//!
//! One fetch serves all who wait for it. A set is good for what its `Cache-Control` says, within bounds; then it is fetched
//! anew while the old one serves on. An unknown `kid` fetches too, but never more often than the floor allows, whatever
//! tokens come. In an outage the old set serves until it is stale.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::clock::{Clock, millis};
use crate::error::VerifyError;
use crate::flight::{Flight, Landing, landed, launch};
use crate::http;
use crate::key::{Algorithm, Key};

/// How long an answer of the key set's may be.
const MAX_BYTES: usize = 256 * 1024;
const MAX_KEYS: usize = 64;
/// How long a set is good for where its `Cache-Control` says nothing, and within what bounds where it does.
const GOOD_FOR: Duration = Duration::from_secs(5 * 60);
const GOOD_AT_LEAST: Duration = Duration::from_secs(60);
const GOOD_AT_MOST: Duration = Duration::from_secs(15 * 60);
/// The pause after a failed fetch, doubled with each further one up to the second.
const PAUSE: u64 = 1000;
const LONGEST_PAUSE: u64 = 5000;

pub(crate) struct KeySetSource {
    pub client: Client,
    pub url: Url,
    pub algorithms: Vec<Algorithm>,
    pub timeout: Duration,
    pub floor: Duration,
    pub stale_after: Duration,
}

pub(crate) struct KeySet {
    source: KeySetSource,
    clock: Arc<dyn Clock>,
    keys: RwLock<Arc<[Arc<Key>]>>,
    flight: Flight<bool>,
    /// Moments of the monotonic clock in milliseconds. Zero is never.
    fetched_at: AtomicU64,
    /// When a fetch for an unknown `kid` began last.
    sought_at: AtomicU64,
    /// When the next regular fetch is due: at once, to begin with.
    due_at: AtomicU64,
    usable_until: AtomicU64,
    failures: AtomicU32,
}

impl KeySet {
    pub(crate) fn new(source: KeySetSource, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            clock,
            keys: RwLock::new(Arc::new([])),
            flight: Flight::default(),
            fetched_at: AtomicU64::new(0),
            sought_at: AtomicU64::new(0),
            due_at: AtomicU64::new(0),
            usable_until: AtomicU64::new(0),
            failures: AtomicU32::new(0),
        }
    }

    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        &self.source.algorithms
    }

    /// Sees to it that there is a set that may be used now. While one is there, this waits for nothing: a fetch that is due
    /// goes on beside.
    ///
    /// # Errors
    /// `Unavailable` where there is none, or only a stale one.
    pub(crate) async fn tend(self: &Arc<Self>, now: u64) -> Result<(), VerifyError> {
        let due_at = self.due_at.load(Ordering::Acquire);
        if now < due_at {
            return self.usable(now);
        }
        let landing = self.fetch_where(|this, now| now >= this.due_at.load(Ordering::Acquire));
        // Past due for long without a failure: this process slept. What it knows is too old to go on with unasked.
        let slept = self.failures.load(Ordering::Relaxed) == 0 && now > due_at + millis(GOOD_AT_LEAST);
        if (slept || self.usable(now).is_err())
            && let Some(landing) = landing
        {
            landed(landing).await;
        }
        self.usable(self.clock.now().millis())
    }

    /// Whether there is a set, and none is due.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        now < self.due_at.load(Ordering::Acquire) && self.usable(now).is_ok()
    }

    /// The key of a `kid`. An unknown one is looked for once more at Doorward, if the floor allows.
    pub(crate) async fn find(self: &Arc<Self>, kid: &str) -> Result<Arc<Key>, VerifyError> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let floor = millis(self.source.floor);
        let may = |this: &Self, now: u64| {
            let sought_at = this.sought_at.load(Ordering::Acquire);
            let may = sought_at == 0 || now >= sought_at.saturating_add(floor);
            if may {
                this.sought_at.store(now, Ordering::Release);
            }
            may
        };
        if let Some(landing) = self.fetch_where(may) {
            landed(landing).await;
        }
        let key = self.known(kid).ok_or(VerifyError::UnknownKey);
        // With no key at all the fault is hardly the token's.
        if key.is_err() && self.all().is_empty() { Err(VerifyError::Unavailable) } else { key }
    }

    /// The key that has seen this very header before.
    pub(crate) fn by_header(&self, header: &str) -> Option<Arc<Key>> {
        self.all().iter().find(|key| key.knows_header(header)).map(Arc::clone)
    }

    /// Fetches now, or joins who does. Whether it succeeded.
    pub(crate) async fn fetch(self: &Arc<Self>) -> bool {
        match self.fetch_where(|_, _| true) {
            Some(landing) => landed(landing).await.unwrap_or(false),
            None => false,
        }
    }

    /// How old the set is; `None` where there is none.
    pub(crate) fn age(&self) -> Option<Duration> {
        let at = self.fetched_at.load(Ordering::Acquire);
        (at > 0).then(|| Duration::from_millis(self.clock.now().millis().saturating_sub(at)))
    }

    /// Fetches whenever it is due, so that a service that nobody asks for a while is not caught by an old set.
    pub(crate) async fn keep(self: Arc<Self>) {
        loop {
            let due_in = self.due_at.load(Ordering::Acquire).saturating_sub(self.clock.now().millis());
            tokio::time::sleep(Duration::from_millis(due_in.max(PAUSE / 10))).await;
            if let Some(landing) = self.fetch_where(|this, now| now >= this.due_at.load(Ordering::Acquire)) {
                landed(landing).await;
            }
        }
    }

    fn usable(&self, now: u64) -> Result<(), VerifyError> {
        if now < self.usable_until.load(Ordering::Acquire) { Ok(()) } else { Err(VerifyError::Unavailable) }
    }

    fn all(&self) -> Arc<[Arc<Key>]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn known(&self, kid: &str) -> Option<Arc<Key>> {
        self.all().iter().find(|key| key.kid == kid).map(Arc::clone)
    }

    /// The fetch that is under way; else a new one, where `may` allows it now.
    fn fetch_where(self: &Arc<Self>, may: impl FnOnce(&Self, u64) -> bool) -> Option<Landing<bool>> {
        self.flight.join(|| {
            let now = self.clock.now().millis();
            if !may(self, now) {
                return None;
            }
            let this = Arc::clone(self);
            Some(launch(async move { this.fetch_once(now).await }))
        })
    }

    /// `began`: what the answer says was so then, or later.
    async fn fetch_once(&self, began: u64) -> bool {
        let request = self.source.client.get(self.source.url.clone());
        let request = request.header(ACCEPT, "application/jwk-set+json, application/json");
        let fetched = http::send(request, self.source.timeout, MAX_BYTES).await;
        let read = fetched.and_then(|answer| {
            let good_for = good_for(answer.cache_control.as_deref());
            read(&answer, &self.source.algorithms).map(|keys| (keys, good_for))
        });
        match read {
            Ok((keys, good_for)) => {
                if keys.is_empty() {
                    let algorithms = &self.source.algorithms;
                    tracing::error!(url = %self.source.url, ?algorithms, "no key of the key set can be used");
                }
                self.replace(keys);
                let spread = jitter(millis(good_for) / 10);
                self.failures.store(0, Ordering::Relaxed);
                self.fetched_at.store(began, Ordering::Release);
                self.usable_until.store(began + millis(self.source.stale_after), Ordering::Release);
                self.due_at.store(began + millis(good_for) - spread, Ordering::Release);
                true
            }
            Err(failure) => {
                let failures = self.failures.fetch_add(1, Ordering::Relaxed);
                let pause = (PAUSE << failures.min(10)).min(LONGEST_PAUSE);
                let now = self.clock.now().millis();
                self.due_at.store(now + pause + jitter(pause / 2), Ordering::Release);
                tracing::warn!(url = %self.source.url, failure, "the key set could not be fetched");
                false
            }
        }
    }

    /// Takes the new set. A key that was there before stays the one it was; one that is gone verifies nothing any more,
    /// tokens that were seen before included.
    fn replace(&self, fresh: Vec<Key>) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let next: Arc<[Arc<Key>]> = fresh
            .into_iter()
            .map(|key| match keys.iter().find(|known| known.is_same(&key)) {
                Some(known) => Arc::clone(known),
                None => Arc::new(key),
            })
            .collect();
        for gone in keys.iter().filter(|known| !next.iter().any(|key| Arc::ptr_eq(key, known))) {
            gone.withdraw();
        }
        *keys = next;
    }
}

/// The usable keys of a well-formed set. Of two with one `kid` the first counts.
fn read(answer: &http::Answer, algorithms: &[Algorithm]) -> Result<Vec<Key>, http::Failure> {
    if answer.status != 200 {
        return Err(format!("status {}", answer.status));
    }
    let set: Value =
        serde_json::from_slice(&answer.body).map_err(|error| format!("not a key set: {error}"))?;
    let entries = set.get("keys").and_then(Value::as_array).ok_or("not a key set")?;
    let mut keys: Vec<Key> = Vec::new();
    for key in entries.iter().take(MAX_KEYS).filter_map(|entry| Key::from_jwk(entry, algorithms)) {
        if !keys.iter().any(|known| known.kid == key.kid) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// RFC 9111, section 5.2.2.1, within bounds.
fn good_for(cache_control: Option<&str>) -> Duration {
    let max_age = cache_control.and_then(|text| {
        let directives = text.split(',').map(str::trim);
        directives.filter_map(|one| one.strip_prefix("max-age=")).find_map(|seconds| seconds.parse().ok())
    });
    max_age.map_or(GOOD_FOR, Duration::from_secs).clamp(GOOD_AT_LEAST, GOOD_AT_MOST)
}

/// Up to this much, at random, so that many services do not come all at once.
pub(crate) fn jitter(most: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) % most.max(1)
}
