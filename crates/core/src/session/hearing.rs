//! Hearing what other processes changed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Revoked, Sessions};
use crate::changes::{self, Change};
use crate::context::Time;
use crate::error::Result;

/// The changes that this process has acted on, and when. Whoever hears holds it, so that nobody takes a change for heard
/// while somebody else is still acting on it.
pub(super) type Heard = Mutex<HashMap<Uuid, Time>>;

const REMEMBERED: usize = 10_000;

impl Sessions {
    /// Hears what other processes announced, and lets the cache vouch for a few seconds more. If this is not called, or
    /// fails, the cache stops vouching and every check asks the database.
    pub async fn hear_changes(&self) -> Result<()> {
        let mut heard = self.heard.lock().await;
        let context = &self.context;
        let version = context.db.data_version().await?;
        let now = context.now();
        if self.cache.must_look(version) {
            let since = self.cache.heard_at().unwrap_or(now) - changes::OVERLAP;
            for (id, change) in changes::since(context, since).await? {
                if let Entry::Vacant(place) = heard.entry(id) {
                    self.act_on(change, now).await?;
                    place.insert(now);
                }
            }
            if heard.len() > REMEMBERED {
                heard.retain(|_, at| *at > now - changes::OVERLAP * 3);
            }
        }
        self.cache.heard(version, now);
        Ok(())
    }

    async fn act_on(&self, change: Change, now: Time) -> Result<()> {
        match change {
            Change::Session(session) => {
                self.cache.forget_session(session);
                self.tell(vec![Revoked::Session(session, now)]);
            }
            Change::User(user) => {
                self.cache.forget_user(user);
                self.tell(self.revoked_of(Some(user), now - changes::OVERLAP).await?);
            }
            Change::Gone(user) => {
                self.cache.forget_user(user);
                self.tell(vec![Revoked::Account(user, now)]);
            }
            Change::Roles => self.cache.forget_all(),
            Change::Keys => {
                self.keys.reload(&self.context).await?;
                self.cache.forget_all();
            }
        }
        Ok(())
    }
}
