//! What time it is: an argument, so that tests move it.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One moment on both of a machine's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970, by which tokens begin and end (RFC 7519, section 2: `NumericDate`).
    pub unix_seconds: i64,
    /// Time since any fixed moment, which nobody sets back: for how old an answer is.
    pub monotonic: Duration,
}

/// Where a [`Verifier`](crate::Verifier) reads the time.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Moment;
}

/// The machine's own clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        #[allow(clippy::disallowed_methods, reason = "this is the clock that others are handed")]
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment {
            unix_seconds: i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX),
            monotonic: START.elapsed(),
        }
    }
}

impl Moment {
    /// Milliseconds of the monotonic clock, as they are kept in atomics. Never zero, which stands for "never".
    pub(crate) fn millis(self) -> u64 {
        millis(self.monotonic).saturating_add(1)
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
