//! Where attempts are counted and refused: by account, by network and by class of endpoint. Each count is a GCRA, a leaky
//! bucket kept as one moment in time. The counts are this process's own, or shared by all through a store beside them;
//! both answer alike, and this process's own take over while the shared ones are away.

mod local;
mod shared;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_crypto::seal::Sealer;

use crate::error::{Code, Error, Result};
use local::Local;
use shared::Shared;
pub use shared::{Answer, SharedCounts, SharedCountsError};

/// What is tried, and so how often it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    SignIn,
    SignUp,
    /// Usernames that are asked for: whether one is taken is told.
    Username,
    /// Anything that makes a mail go out.
    Mail,
    /// Anything that makes an SMS go out. How many go to one number or country, `sms` counts.
    Sms,
    /// Links and codes that are tried.
    Proof,
    /// Challenges for passkeys, and their answers. A sign-in page that is looked at asks for one.
    Passkey,
    Refresh,
}

/// At once, and then one per `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub burst: u32,
    pub every: Duration,
}

impl Class {
    /// As clients see it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
            Self::Username => "username",
            Self::Mail => "mail",
            Self::Sms => "sms",
            Self::Proof => "proof",
            Self::Passkey => "passkey",
            Self::Refresh => "refresh",
        }
    }

    pub const fn per_account(self) -> Limit {
        match self {
            Self::SignIn => Limit { burst: 10, every: Duration::from_secs(6) },
            Self::SignUp | Self::Mail => Limit { burst: 5, every: Duration::from_secs(60) },
            Self::Sms => Limit { burst: 5, every: Duration::from_secs(120) },
            Self::Username => Limit { burst: 20, every: Duration::from_secs(3) },
            Self::Proof => Limit { burst: 10, every: Duration::from_secs(10) },
            Self::Passkey | Self::Refresh => Limit { burst: 120, every: Duration::from_millis(500) },
        }
    }

    pub const fn per_network(self) -> Limit {
        match self {
            Self::SignIn | Self::Username | Self::Proof => Limit { burst: 60, every: Duration::from_secs(1) },
            Self::SignUp | Self::Mail => Limit { burst: 30, every: Duration::from_secs(10) },
            Self::Passkey => Limit { burst: 120, every: Duration::from_millis(500) },
            Self::Sms => Limit { burst: 10, every: Duration::from_secs(60) },
            Self::Refresh => Limit { burst: 600, every: Duration::from_millis(50) },
        }
    }
}

impl Limit {
    /// How long a count that is used up takes to be whole again.
    pub fn window(self) -> Duration {
        self.every * self.burst
    }
}

/// Whose attempts one count counts. A MAC: no address and no account stands in a store that others may read.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

impl Key {
    fn new(sealer: &Sealer, class: Class, of: &str, whose: &[u8]) -> Self {
        let mac = sealer.mac("rate limit", &[class.name().as_bytes(), of.as_bytes(), whose]);
        let mut key = [0; 16];
        key.copy_from_slice(&mac[..16]);
        Self(key)
    }

    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// One count of a check. An attempt is let in if, counted, it is worked off by `window` from now.
#[derive(Clone, Copy)]
pub struct Count {
    pub key: Key,
    /// How long one attempt takes to be worked off, in microseconds.
    pub every: i64,
    /// In microseconds.
    pub window: i64,
}

impl Count {
    fn new(key: Key, limit: Limit) -> Self {
        Self { key, every: micros(limit.every), window: micros(limit.window()) }
    }

    /// Until when earlier attempts are being worked off, given what a store remembers. What lies further ahead than two
    /// windows was written by a clock that was wrong, and counts for nothing.
    const fn taken(&self, remembered: Option<i64>, now: i64) -> i64 {
        match remembered {
            Some(until) if until > now && until <= now + 2 * self.window => until,
            _ => now,
        }
    }

    const fn has_room(&self, taken: i64, now: i64) -> bool {
        taken + self.every <= now + self.window
    }
}

/// How a limit stands after a check, for whoever made the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub class: Class,
    /// What the caller's own network has left; `None` for a caller without an address.
    pub network: Option<Left>,
    /// How long until the account may be tried again, where that refused. What an account has left is told to nobody: it
    /// would show that its owner is signing in just now, and so that there is one.
    pub account_wait: Option<Duration>,
    /// How long to wait, where the attempt was refused by either.
    pub wait: Option<Duration>,
}

/// Attempts that are left, and how long it takes until there is one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    pub attempts: u32,
    pub more_in: Duration,
}

impl Standing {
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn outcome(&self) -> Result<()> {
        match self.wait {
            Some(wait) => Err(Error::new(Code::RateLimited).with_retry_after(wait)),
            None => Ok(()),
        }
    }
}

/// The standings of one request, shared by its clones: what its answer says of the limits.
#[derive(Debug, Clone, Default)]
pub struct Standings(Arc<Mutex<Vec<Standing>>>);

impl Standings {
    pub(crate) fn note(&self, standing: Standing) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|earlier| earlier.class != standing.class);
        noted.push(standing);
    }

    /// One for each class, the latest.
    pub fn all(&self) -> Vec<Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The counts: this process's own and, where there are any, those that all processes share.
#[derive(Default)]
pub struct Limiter {
    local: Local,
    shared: Option<Shared>,
}

impl Limiter {
    pub fn new(shared: Option<Arc<dyn SharedCounts>>) -> Self {
        Self { local: Local::default(), shared: shared.map(Shared::new) }
    }

    /// Counts an attempt on an account from a network at a moment in microseconds; on both, or where either has no room
    /// left, on neither.
    pub async fn check(
        &self,
        sealer: &Sealer,
        now: i64,
        class: Class,
        ip: Option<IpAddr>,
        account_key: &str,
    ) -> Standing {
        let account = Key::new(sealer, class, "account", account_key.as_bytes());
        let mut counts = vec![Count::new(account, class.per_account())];
        if let Some(ip) = ip {
            let network = Key::new(sealer, class, "network", network(ip).to_string().as_bytes());
            counts.push(Count::new(network, class.per_network()));
        }
        let taken = self.count(now, &counts).await;
        standing(class, now, &counts, &taken)
    }

    /// Whether the shared counts answer; `None` where there are none.
    pub async fn shared_answers(&self) -> Option<bool> {
        match &self.shared {
            Some(shared) => Some(shared.answers().await),
            None => None,
        }
    }

    async fn count(&self, now: i64, counts: &[Count]) -> Vec<i64> {
        if let Some(shared) = &self.shared
            && let Some(taken) = shared.count(now, counts).await
        {
            // Should they go away, this process goes on from here.
            self.local.note(now, counts, &taken);
            return taken;
        }
        self.local.count(now, counts)
    }
}

fn standing(class: Class, now: i64, counts: &[Count], taken: &[i64]) -> Standing {
    let counted = counts.iter().zip(taken).all(|(count, taken)| count.has_room(*taken, now));
    let lefts = counts.iter().zip(taken).map(|(count, taken)| {
        let full = now + count.window - taken - if counted { count.every } else { 0 };
        let attempts = (full / count.every).max(0);
        let more_in = Duration::from_micros(u64::try_from((attempts + 1) * count.every - full).unwrap_or(0));
        Left { attempts: u32::try_from(attempts).unwrap_or(u32::MAX), more_in }
    });
    let lefts: Vec<Left> = lefts.collect();
    let wait = |left: &Left| (!counted && left.attempts == 0).then_some(left.more_in);
    Standing {
        class,
        network: lefts.get(1).copied(),
        account_wait: lefts.first().and_then(wait),
        wait: lefts.iter().filter_map(wait).max(),
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The network that an address counts for: itself, or its /64 for IPv6.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let bits = v6.to_bits() & (u128::MAX << 64);
            IpAddr::V6(bits.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}
