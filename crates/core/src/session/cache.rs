//! What this process remembers of tokens and sessions. It vouches for a session only while it is sure to have heard of
//! every ending: some seconds from the last time that it asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use uuid::Uuid;

use super::access_token::Checked;
use super::model::Live;
use crate::context::{SessionId, Time, UserId};

const TOKENS: usize = 100_000;
const SESSIONS: usize = 50_000;
/// For how long the cache vouches after it has heard the changes.
const VOUCHES_FOR: Duration = Duration::from_secs(1);
const NEVER: i64 = i64::MIN;

pub(super) struct Cache {
    tokens: quick_cache::sync::Cache<[u8; 32], Checked>,
    live: quick_cache::sync::Cache<Uuid, Arc<Live>>,
    /// Counts forgettings, so that what was read before one is not kept after it.
    epoch: AtomicU64,
    /// Counts the times that all tokens were forgotten, since the keys have changed.
    keys_epoch: AtomicU64,
    heard_at: AtomicI64,
    version: AtomicI64,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            tokens: quick_cache::sync::Cache::new(TOKENS),
            live: quick_cache::sync::Cache::new(SESSIONS),
            epoch: AtomicU64::new(0),
            keys_epoch: AtomicU64::new(0),
            heard_at: AtomicI64::new(NEVER),
            version: AtomicI64::new(NEVER),
        }
    }
}

impl Cache {
    pub(super) fn token(&self, digest: &[u8; 32]) -> Option<Checked> {
        self.tokens.get(digest)
    }

    pub(super) fn keys_epoch(&self) -> u64 {
        self.keys_epoch.load(Ordering::SeqCst)
    }

    /// Keeps a token that was verified at `epoch`, unless the keys have changed since: one that a dropped key signed must
    /// not be remembered after its key was forgotten.
    pub(super) fn keep_token(&self, digest: [u8; 32], checked: Checked, epoch: u64) {
        if self.keys_epoch() != epoch {
            return;
        }
        self.tokens.insert(digest, checked);
        if self.keys_epoch() != epoch {
            self.tokens.remove(&digest);
        }
    }

    /// The session, if it is remembered, still runs, and this cache may vouch for it now.
    pub(super) fn live(&self, id: SessionId, now: Time) -> Option<Arc<Live>> {
        if !self.may_vouch(now) {
            return None;
        }
        self.live.get(&id.uuid()).filter(|live| live.session.expires_at > now)
    }

    /// Whether every ending until a moment ago was heard of.
    pub(super) fn may_vouch(&self, now: Time) -> bool {
        self.heard_at().is_some_and(|at| at - VOUCHES_FOR <= now && now <= at + VOUCHES_FOR)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Keeps a session that was read at `epoch`, unless something was forgotten since.
    pub(super) fn keep_live(&self, live: &Arc<Live>, epoch: u64) {
        if self.epoch() != epoch {
            return;
        }
        let key = live.session.id.uuid();
        self.live.insert(key, Arc::clone(live));
        // Whoever forgets raises the epoch before it removes: either it removes this entry, or this sees the new epoch.
        if self.epoch() != epoch {
            self.live.remove(&key);
        }
    }

    pub(super) fn forget_session(&self, id: SessionId) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.live.remove(&id.uuid());
    }

    pub(super) fn forget_user(&self, user: UserId) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.live.retain(|_, live| live.user.id != user);
    }

    pub(super) fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.keys_epoch.fetch_add(1, Ordering::SeqCst);
        self.live.clear();
        self.tokens.clear();
    }

    pub(super) fn heard_at(&self) -> Option<Time> {
        let at = self.heard_at.load(Ordering::SeqCst);
        (at != NEVER).then(|| Time::from_micros(at))
    }

    /// Whether anything was written since the version that was heard last.
    pub(super) fn must_look(&self, version: i64) -> bool {
        self.version.load(Ordering::SeqCst) != version
    }

    pub(super) fn heard(&self, version: i64, now: Time) {
        self.version.store(version, Ordering::SeqCst);
        self.heard_at.store(now.micros(), Ordering::SeqCst);
    }
}
