//! Hooks where attempts are counted and refused: by account, by network and by class of endpoint. The count is a GCRA
//! (a leaky bucket kept as one moment in time) in this process.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Code, Error, Result};

/// What is tried, and so how often it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    SignIn,
    SignUp,
    /// Anything that makes a mail go out.
    Mail,
    /// Links and codes that are tried.
    Proof,
    Refresh,
}

struct Limit {
    /// At once, and then one per `every`.
    burst: u32,
    every: Duration,
}

impl Class {
    const fn per_account(self) -> Limit {
        match self {
            Self::SignIn => Limit { burst: 10, every: Duration::from_secs(6) },
            Self::SignUp | Self::Mail => Limit { burst: 5, every: Duration::from_secs(60) },
            Self::Proof => Limit { burst: 10, every: Duration::from_secs(10) },
            Self::Refresh => Limit { burst: 120, every: Duration::from_millis(500) },
        }
    }

    const fn per_network(self) -> Limit {
        match self {
            Self::SignIn | Self::Proof => Limit { burst: 60, every: Duration::from_secs(1) },
            Self::SignUp | Self::Mail => Limit { burst: 30, every: Duration::from_secs(10) },
            Self::Refresh => Limit { burst: 600, every: Duration::from_millis(50) },
        }
    }
}

/// The counts of this process. Bounded: a shard that is full forgets those that no longer hold anybody back first.
pub struct Limiter {
    shards: Vec<Mutex<HashMap<u64, i64>>>,
    hasher: RandomState,
}

const SHARDS: usize = 16;
const KEYS_PER_SHARD: usize = 8192;

impl Default for Limiter {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl Limiter {
    /// Counts an attempt on an account from a network at a moment in microseconds.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait, where either has none left.
    pub fn check(&self, now: i64, class: Class, ip: Option<IpAddr>, account_key: &str) -> Result<()> {
        if let Some(network) = ip.map(network) {
            self.count(now, &(class, "network", network), &class.per_network())?;
        }
        self.count(now, &(class, "account", account_key), &class.per_account())
    }

    fn count(&self, now: i64, key: &impl std::hash::Hash, limit: &Limit) -> Result<()> {
        let hash = self.hasher.hash_one(key);
        let shard = &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)];
        let mut counts = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= KEYS_PER_SHARD && !counts.contains_key(&hash) {
            make_room(&mut counts, now);
        }
        let arrival = counts.get(&hash).copied().filter(|at| *at > now).unwrap_or(now) + micros(limit.every);
        let wait = arrival - (now + micros(limit.every * limit.burst));
        if let Ok(wait @ 1..) = u64::try_from(wait) {
            return Err(Error::new(Code::RateLimited).with_retry_after(Duration::from_micros(wait)));
        }
        counts.insert(hash, arrival);
        Ok(())
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn make_room(counts: &mut HashMap<u64, i64>, now: i64) {
    counts.retain(|_, at| *at > now);
    if counts.len() >= KEYS_PER_SHARD {
        // All still count: those that would be free soonest lose the least by being forgotten.
        let mut moments: Vec<i64> = counts.values().copied().collect();
        let (_, middle, _) = moments.select_nth_unstable(KEYS_PER_SHARD / 2);
        let middle = *middle;
        counts.retain(|_, at| *at > middle);
    }
}

/// The network that an address counts for: itself, or its /64 for IPv6.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let bits = v6.to_bits() & (u128::MAX << 64);
            IpAddr::V6(bits.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, KEYS_PER_SHARD, Limiter, SHARDS};

    const SECOND: i64 = 1_000_000;

    #[test]
    fn after_the_burst_an_attempt_waits_and_then_passes() {
        let limiter = Limiter::default();
        for _ in 0..10 {
            limiter.check(0, Class::SignIn, None, "ada").unwrap();
        }
        let refused = limiter.check(0, Class::SignIn, None, "ada").unwrap_err();
        assert_eq!(refused.retry_after().unwrap().as_secs(), 6);
        limiter.check(0, Class::SignIn, None, "eve").unwrap();
        limiter.check(6 * SECOND, Class::SignIn, None, "ada").unwrap();
        limiter.check(6 * SECOND, Class::SignIn, None, "ada").unwrap_err();
    }

    #[test]
    fn one_ipv6_network_is_one_network() {
        let limiter = Limiter::default();
        let mut refused = 0;
        for host in 0..100 {
            let ip = format!("2001:db8:1:2::{host:x}").parse().unwrap();
            refused += usize::from(limiter.check(0, Class::SignIn, Some(ip), &host.to_string()).is_err());
        }
        assert_eq!(refused, 40);
    }

    #[test]
    fn a_flood_of_keys_takes_bounded_room() {
        let limiter = Limiter::default();
        for key in 0..300_000 {
            limiter.check(0, Class::SignIn, None, &key.to_string()).unwrap();
        }
        let kept: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(kept <= SHARDS * KEYS_PER_SHARD, "{kept}");
    }
}
