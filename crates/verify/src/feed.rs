//! The revocation feed: a stream of endings that is kept open, so that a token of an ended session is refused within a second
//! and without a request for each check.
//!
//! The feed vouches only while it is heard: after fifteen seconds of silence it is lost, and until it is back each check
//! asks Doorward (`ask`).

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Url};
use serde_json::Value;

use crate::claims::Claims;
use crate::clock::{Clock, Moment, millis};
use crate::endings::Endings;
use crate::http::{self, Failure};
use crate::key_set::jitter;
use crate::sse::{Heard, Reader};

/// Three beats of the feed.
pub(crate) const SILENCE: Duration = Duration::from_secs(15);
/// The longest event: the snapshot, of as many endings as are kept.
const MAX_EVENT: usize = 16 * 1024 * 1024;
const FIRST_PAUSE: u64 = 100;
const LONGEST_PAUSE: u64 = 5000;

pub(crate) struct FeedSource {
    pub client: Client,
    pub url: Url,
    pub authorization: HeaderValue,
    /// For how long an ending matters: as long as the longest-lived access token.
    pub keep: Duration,
}

pub(crate) struct Feed {
    source: FeedSource,
    clock: Arc<dyn Clock>,
    endings: RwLock<Endings>,
    /// When the feed last vouched, on both clocks: one stands still where a machine sleeps, the other may be set back.
    heard_at: AtomicU64,
    heard_unix: AtomicI64,
}

impl Feed {
    pub(crate) fn new(source: FeedSource, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            clock,
            endings: RwLock::default(),
            heard_at: AtomicU64::new(0),
            heard_unix: AtomicI64::new(0),
        }
    }

    pub(crate) fn has_ended(&self, claims: &Claims) -> bool {
        self.endings().concern(claims)
    }

    /// Takes an ending that was learnt elsewhere.
    pub(crate) fn remember(&self, sid: &str) {
        // Of this form every item is understood.
        let _ = self.add(&[serde_json::json!({"sid": sid})]);
    }

    /// Whether the session of a token would be known here, had it ended.
    pub(crate) fn vouches_for(&self, claims: &Claims, now: Moment) -> bool {
        let life = u64::try_from(claims.exp.saturating_sub(claims.iat)).unwrap_or(u64::MAX);
        life <= self.source.keep.as_secs() && self.is_live(now)
    }

    pub(crate) fn is_live(&self, now: Moment) -> bool {
        self.is_heard(now) && self.endings().are_complete(now.millis())
    }

    /// Keeps the stream open until its task is dropped.
    pub(crate) async fn listen(self: Arc<Self>) {
        let mut last: Option<String> = None;
        let mut pause = FIRST_PAUSE;
        loop {
            // What the feed was silent about for so long is told anew, by a snapshot.
            if !self.is_heard(self.clock.now()) {
                self.lose();
                last = None;
            }
            let began = self.clock.now().millis();
            let failure = match self.follow(&mut last).await {
                Ok(()) => "the stream has ended".to_owned(),
                Err(failure) => failure,
            };
            if self.heard_at.load(Ordering::Acquire) >= began {
                pause = FIRST_PAUSE;
            }
            tracing::info!(url = %self.source.url, failure, "the revocation feed is interrupted");
            tokio::time::sleep(Duration::from_millis(pause / 2 + jitter(pause))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn endings(&self) -> RwLockReadGuard<'_, Endings> {
        self.endings.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_heard(&self, now: Moment) -> bool {
        let at = self.heard_at.load(Ordering::Acquire);
        let unix = self.heard_unix.load(Ordering::Relaxed);
        let silent = now.unix_seconds.saturating_sub(unix);
        at > 0
            && now.millis() < at.saturating_add(millis(SILENCE))
            && silent.unsigned_abs() <= SILENCE.as_secs()
    }

    fn hear(&self) {
        let now = self.clock.now();
        self.heard_unix.store(now.unix_seconds, Ordering::Relaxed);
        self.heard_at.store(now.millis(), Ordering::Release);
    }

    fn lose(&self) {
        self.heard_at.store(0, Ordering::Release);
    }

    async fn follow(&self, last: &mut Option<String>) -> Result<(), Failure> {
        let mut request = self.source.client.get(self.source.url.clone());
        request = request.header(ACCEPT, "text/event-stream");
        request = request.header(AUTHORIZATION, self.source.authorization.clone());
        if let Some(id) = last.as_deref().and_then(|id| HeaderValue::from_str(id).ok()) {
            request = request.header("last-event-id", id);
        }
        let silence = |_| format!("silent for {SILENCE:?}");
        let response = tokio::time::timeout(SILENCE, request.send()).await.map_err(silence)?;
        let mut response = response.map_err(|error| http::plain(&error))?;
        let status = response.status().as_u16();
        if status != 200 {
            if matches!(status, 401 | 403) {
                tracing::error!(status, "Doorward does not take the service key for its revocation feed");
            }
            return Err(format!("status {status}"));
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if !kind.starts_with("text/event-stream") {
            return Err("not a stream of events".to_owned());
        }
        let mut reader = Reader::new(MAX_EVENT);
        let mut heard = Vec::new();
        // A stream that goes on from an event has told all before; any other one must tell all first.
        let mut is_whole = last.is_some();
        loop {
            let chunk = tokio::time::timeout(SILENCE, response.chunk()).await.map_err(silence)?;
            let Some(chunk) = chunk.map_err(|error| http::plain(&error))? else { return Ok(()) };
            let read = reader.read(&chunk, &mut heard);
            for one in heard.drain(..) {
                let taken = self.take(one, last, &mut is_whole);
                if taken.is_err() {
                    self.lose();
                    return taken;
                }
            }
            if read.is_err() {
                self.lose();
                return Err(format!("an event of more than {MAX_EVENT} bytes"));
            }
        }
    }

    /// What is heard vouches only after it has been taken in.
    fn take(&self, heard: Heard, last: &mut Option<String>, is_whole: &mut bool) -> Result<(), Failure> {
        if let Heard::Event { name, id, data } = heard {
            match name.as_str() {
                "snapshot" => {
                    let snapshot = parse(&data)?;
                    let items = snapshot.get("items").and_then(Value::as_array);
                    self.add(items.ok_or("a snapshot without items")?)?;
                    if !std::mem::replace(is_whole, true) {
                        tracing::info!(url = %self.source.url, "the revocation feed is heard");
                    }
                }
                "revoked" => self.add(&[parse(&data)?])?,
                // Said to listeners of a later day.
                _ => {}
            }
            if id.is_some() {
                *last = id;
            }
        }
        if *is_whole {
            self.hear();
        }
        Ok(())
    }

    fn add(&self, items: &[Value]) -> Result<(), Failure> {
        let now = self.clock.now().millis();
        let until = now + millis(self.source.keep);
        let mut endings = self.endings.write().unwrap_or_else(PoisonError::into_inner);
        endings.sweep_sometimes(now, millis(self.source.keep) / 8);
        for item in items {
            endings.add(item, now, until).map_err(|_| format!("an ending that is not understood: {item}"))?;
        }
        Ok(())
    }
}

fn parse(data: &str) -> Result<Value, Failure> {
    serde_json::from_str(data).map_err(|error| format!("an event that is no JSON: {error}"))
}
