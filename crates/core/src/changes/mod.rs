//! What every node must hear: an ending or a change is a row, written in the unit of work of the act. Readers look at
//! the rows since a moment; being told twice does no harm. Refreshes are never announced.

mod store;

use std::time::Duration;

use doorward_db::Tx;
use uuid::Uuid;

use crate::context::{Context, Id, SessionId, Time, UserId};
use crate::error::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A session ended.
    Session(SessionId),
    /// An account changed: its profile, its roles, its sessions, its state.
    User(UserId),
    /// An account is no more.
    Gone(UserId),
    /// What a role allows changed.
    Roles,
    /// A signing key was made, moved on or dropped.
    Keys,
}

/// How far back a reader looks each time. A unit of work that commits later than this after it wrote its row has been
/// ended by the database's statement timeout long before.
pub const OVERLAP: Duration = Duration::from_secs(60);

/// Announces a change when, and only when, the unit of work commits.
pub async fn announce(tx: &mut Tx<'_>, context: &Context, change: Change) -> Result<()> {
    store::insert(tx, Uuid::from_bytes(doorward_crypto::rng::random(&*context.rng)), context.now(), change)
        .await
}

/// The changes written at or after a moment, each with the row's own id.
pub async fn since(context: &Context, moment: Time) -> Result<Vec<(Uuid, Change)>> {
    context.db.read(async |tx| store::since(tx, moment).await).await
}

/// The accounts that are no more since a moment, and since when.
pub async fn gone_since(tx: &mut Tx<'_>, moment: Time) -> Result<Vec<(UserId, Time)>> {
    store::gone_since(tx, moment).await
}

/// Deletes at most `limit` changes that everybody has heard long ago. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    let kept = (OVERLAP * 60).max(context.config.session.access_token_ttl + OVERLAP);
    store::delete_before(tx, context.now() - kept, limit).await
}

impl Change {
    fn parts(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Session(id) => ("session", Some(id.uuid())),
            Self::User(id) => ("user", Some(id.uuid())),
            Self::Gone(id) => ("gone", Some(id.uuid())),
            Self::Roles => ("roles", None),
            Self::Keys => ("keys", None),
        }
    }

    fn from_parts(kind: &str, subject: Option<Uuid>) -> Option<Self> {
        match (kind, subject) {
            ("session", Some(id)) => Some(Self::Session(Id::from_uuid(id))),
            ("user", Some(id)) => Some(Self::User(Id::from_uuid(id))),
            ("gone", Some(id)) => Some(Self::Gone(Id::from_uuid(id))),
            ("roles", None) => Some(Self::Roles),
            ("keys", None) => Some(Self::Keys),
            _ => None,
        }
    }
}
