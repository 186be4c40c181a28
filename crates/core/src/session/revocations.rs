//! What resource servers must hear so that their local token checks turn false: which sessions ended, and which accounts
//! are gone. An ending matters for as long as an access token of it could still be good.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;
use uuid::Uuid;

use crate::context::{SessionId, Time, UserId};

/// A listener that is further behind gets everything anew.
const BUFFERED: usize = 1024;
const LISTENERS: usize = 1000;
/// Clocks of resource servers may lag a little behind.
const SKEW: Duration = Duration::from_secs(60);

/// An ending, and when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    Session(SessionId, Time),
    /// Every token of the account that was made before.
    Account(UserId, Time),
}

impl Revoked {
    pub fn at(&self) -> Time {
        match self {
            Self::Session(_, at) | Self::Account(_, at) => *at,
        }
    }

    fn key(&self) -> Uuid {
        match self {
            Self::Session(id, _) => id.uuid(),
            Self::Account(id, _) => id.uuid(),
        }
    }
}

/// Tells this process's listeners.
pub(super) struct Revocations {
    sender: broadcast::Sender<Revoked>,
    told: Mutex<HashMap<Uuid, Time>>,
}

impl Default for Revocations {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BUFFERED), told: Mutex::default() }
    }
}

impl Revocations {
    /// `None` where too many listen already.
    pub(super) fn listen(&self) -> Option<broadcast::Receiver<Revoked>> {
        (self.sender.receiver_count() < LISTENERS).then(|| self.sender.subscribe())
    }

    /// Tells what was not told before.
    pub(super) fn tell(&self, endings: Vec<Revoked>, forget_before: Time) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| *at >= forget_before);
        for ending in endings {
            if told.insert(ending.key(), ending.at()).is_none() {
                // Nobody listens: nobody needs to be told.
                let _ = self.sender.send(ending);
            }
        }
    }
}

/// Since when endings still matter.
pub(super) fn horizon(now: Time, access_token_ttl: Duration) -> Time {
    now - access_token_ttl - SKEW
}
