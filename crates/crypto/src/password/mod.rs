//! Password hashing in a room of its own: Argon2id on a few threads of low priority behind a bounded queue. Hashes that
//! other systems made are verified too.

mod argon2;
mod machine;
mod pool;
mod stored;
mod system;

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::rng::{Rng, random};
use pool::Pool;
use stored::Stored;

/// The cost of an Argon2id hash (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// Memory in KiB.
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

/// The cost is below 19 MiB and 2 passes (or has no lane), which is what a password needs at the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("password hashing needs at least 19456 KiB of memory, 2 passes and 1 lane")]
pub struct BelowFloor;

/// How much hashing may go on at a time.
#[derive(Debug, Clone, Copy)]
pub struct PoolConfig {
    pub params: Params,
    /// Hashes that are computed at once; each holds `params.memory_kib` of memory. At least one.
    pub threads: usize,
    /// Hashes that may wait for a thread; those beyond are refused. At least one.
    pub queue: usize,
}

/// Makes and verifies password hashes. Clones share one pool, whose threads end with the last of them.
#[derive(Clone)]
pub struct PasswordHasher {
    params: Params,
    pool: Pool,
    takes_at_once: usize,
    rng: Arc<dyn Rng>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Match {
        /// The stored hash is not of the kind and cost that new ones are: hash the password again and store that.
        upgrade: bool,
    },
    Mismatch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HashError {
    #[error("too many passwords are waiting to be hashed")]
    Overloaded {
        /// When there should be room again.
        retry_after: Duration,
    },
    /// Out of memory, or no thread could be started.
    #[error("hashing a password failed")]
    Failed,
}

impl PasswordHasher {
    /// Starts the threads. Their memory is taken when it is first needed, and given back after a few idle seconds.
    pub fn start(config: PoolConfig, rng: Arc<dyn Rng>) -> Self {
        let takes_at_once = config.threads.max(1) + config.queue.max(1);
        Self { params: config.params, pool: Pool::start(&config), takes_at_once, rng }
    }

    /// Hashes a password into a PHC string, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashError> {
        let (params, password, salt) = (self.params, password.clone(), random(&*self.rng));
        self.pool
            .run(move |memory| argon2::hash(params, password.expose_secret().as_bytes(), &salt, memory))
            .await?
    }

    /// Compares a password with a stored hash. Where there is none (`None`), or none that is understood, it does the work of
    /// a hash of the configured cost and answers `Mismatch`, so that an unknown account takes as long as a known one.
    pub async fn verify(&self, password: &SecretString, stored: Option<&str>) -> Result<Verdict, HashError> {
        let (params, password) = (self.params, password.clone());
        let stored = stored.and_then(|text| Stored::parse(text, params));
        self.pool
            .run(move |memory| {
                let password = password.expose_secret().as_bytes();
                let Some(stored) = stored else {
                    argon2::hash(params, password, &[0; argon2::SALT], memory)?;
                    return Ok(Verdict::Mismatch);
                };
                if stored.matches(password, memory)? {
                    Ok(Verdict::Match { upgrade: !stored.is_current(params) })
                } else {
                    Ok(Verdict::Mismatch)
                }
            })
            .await?
    }

    /// How many passwords wait for a thread.
    pub fn queue_len(&self) -> usize {
        self.pool.queue_len()
    }

    /// How many hashes it takes before it refuses: those that are computed and those that wait.
    pub fn takes_at_once(&self) -> usize {
        self.takes_at_once
    }
}

impl Params {
    const FLOOR: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// A cost that is not below 19 MiB, 2 passes and 1 lane.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, BelowFloor> {
        let floor = Self::FLOOR;
        // RFC 9106, section 3.1: at most 2^24 - 1 lanes, and eight blocks of 1 KiB for each.
        let fits = memory_kib >= floor.memory_kib && passes >= floor.passes && lanes >= floor.lanes;
        if fits && lanes <= memory_kib / 8 { Ok(Self { memory_kib, passes, lanes }) } else { Err(BelowFloor) }
    }

    /// Next to no cost, for tests that are about something else.
    pub fn insecure_for_tests() -> Self {
        Self { memory_kib: 8, passes: 1, lanes: 1 }
    }
}

impl Default for Params {
    /// 64 MiB, 3 passes, 4 lanes: the second recommendation of RFC 9106, section 4.
    fn default() -> Self {
        Self { memory_kib: 65_536, passes: 3, lanes: 4 }
    }
}

impl PoolConfig {
    /// One thread for each core, as long as all of them together take no more than a quarter of the memory there is, and a
    /// queue that is worked off in some four seconds at the default cost.
    pub fn for_machine(params: Params) -> Self {
        let fitting = machine::memory_kib().map_or(usize::MAX, |memory| {
            usize::try_from(memory / 4 / u64::from(params.memory_kib.max(1))).unwrap_or(usize::MAX)
        });
        let threads = machine::cores().min(fitting).max(1);
        Self { params, threads, queue: threads * 32 }
    }
}

#[cfg(test)]
mod tests;
