//! Counts that all processes share, in a store beside them. A store that fails or dawdles is left alone for a moment, and
//! this process's own counts stand in for it: an attempt is never let in because nobody could count it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use thiserror::Error;

use super::{Count, micros};

/// The store. It counts as this process does, in one step for all counts of a check, whoever else counts meanwhile.
pub trait SharedCounts: Send + Sync + 'static {
    /// Counts an attempt at the moment `now` on each of the counts or, where one of them has no room, on none. Answers
    /// until when each was taken before (`now`, where it was not).
    fn count<'a>(&'a self, now: i64, counts: &'a [Count]) -> Answer<'a, Vec<i64>>;

    /// Whether it is there.
    fn ping(&self) -> Answer<'_, ()>;
}

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SharedCountsError>> + Send + 'a>>;

/// Why the store did not count. For the log alone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SharedCountsError(pub String);

/// What a request waits for the store at most; a little less than what it may.
const PATIENCE: Duration = Duration::from_millis(80);
/// How long the store is left alone after it failed.
const REST: Duration = Duration::from_secs(1);
const NEVER: i64 = i64::MIN;

pub(super) struct Shared {
    store: Arc<dyn SharedCounts>,
    /// When it failed last, since when it has not counted; `NEVER` while it counts.
    failed_at: AtomicI64,
}

impl Shared {
    pub(super) fn new(store: Arc<dyn SharedCounts>) -> Self {
        metrics::gauge!("rate_limit_shared_up").set(1.0);
        Self { store, failed_at: AtomicI64::new(NEVER) }
    }

    /// `None` where it did not count.
    pub(super) async fn count(&self, now: i64, counts: &[Count]) -> Option<Vec<i64>> {
        let taken = if self.rests(now) { None } else { self.ask(now, counts).await };
        if taken.is_none() {
            metrics::counter!("rate_limit_fallback_total").increment(1);
        }
        taken
    }

    pub(super) async fn answers(&self) -> bool {
        matches!(tokio::time::timeout(PATIENCE, self.store.ping()).await, Ok(Ok(())))
    }

    async fn ask(&self, now: i64, counts: &[Count]) -> Option<Vec<i64>> {
        let answer = tokio::time::timeout(PATIENCE, self.store.count(now, counts)).await;
        let cause = match answer {
            Ok(Ok(taken)) if taken.len() == counts.len() => {
                if self.failed_at.swap(NEVER, Ordering::Relaxed) != NEVER {
                    metrics::gauge!("rate_limit_shared_up").set(1.0);
                    tracing::info!("the store of shared counts answers again");
                }
                return Some(taken);
            }
            Ok(Ok(_)) => "it answered with a wrong number of counts".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => "it did not answer in time".to_owned(),
        };
        // Said once, not at every attempt for as long as it is away.
        if self.failed_at.swap(now, Ordering::Relaxed) == NEVER {
            metrics::gauge!("rate_limit_shared_up").set(0.0);
            tracing::warn!(
                cause,
                "the store of shared counts is away; this process counts attempts by itself"
            );
        }
        None
    }

    fn rests(&self, now: i64) -> bool {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        failed_at != NEVER && (0..micros(REST)).contains(&(now - failed_at))
    }
}
