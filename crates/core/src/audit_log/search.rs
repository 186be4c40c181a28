use std::time::Duration;

use uuid::Uuid;

use super::entry::Entry;
use super::store::{self, Wanted};
use crate::audit::EventType;
use crate::context::{Context, EventId, Time, UserId};
use crate::error::Result;

/// Which events are wanted; without any of these, all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub user: Option<UserId>,
    pub event_type: Option<EventType>,
    /// This moment and later.
    pub since: Option<Time>,
    /// Before this moment.
    pub until: Option<Time>,
}

/// Which part of the answer is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub newest_first: bool,
    /// Go on after this event.
    pub cursor: Option<EventId>,
    pub limit: i64,
}

/// By how much an id may be older or newer than its event says: they are read off the clock one after the other.
const SLACK: Duration = Duration::from_secs(60);

/// Events that fit, in the order of time.
pub async fn search(context: &Context, filter: &Filter, page: &Page) -> Result<Vec<Entry>> {
    let mut above = filter.since.map_or(Uuid::nil(), |since| first_id(since - SLACK));
    let mut below = filter.until.map_or(Uuid::max(), |until| first_id(until + SLACK));
    match page.cursor {
        Some(cursor) if page.newest_first => below = below.min(cursor.uuid()),
        Some(cursor) => above = above.max(cursor.uuid()),
        None => {}
    }
    let wanted = Wanted {
        above,
        below,
        since: filter.since.map_or(i64::MIN, Time::micros),
        until: filter.until.map_or(i64::MAX, Time::micros),
        event_type: filter.event_type.map(EventType::as_str),
        user: filter.user.map(UserId::uuid),
    };
    context.db.read(async |tx| store::search(tx, &wanted, page.newest_first, page.limit).await).await
}

/// Less than every id that is made from this moment on (RFC 9562, section 5.7: milliseconds stand in front).
fn first_id(time: Time) -> Uuid {
    let millis = u128::try_from(time.micros().max(0) / 1000).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
