//! Guessing passwords: failed attempts cost growing delays, and then lock for a while. The counts are in the database, so
//! they are one for all nodes and survive a restart. What others try never locks out a device that the owner has signed in
//! from: that one has a count of its own.

mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use doorward_db::Tx;

use crate::audit::{self, Event, EventType};
use crate::context::{CLOCK_SKEW, Caller, Context, DeviceId, Time, UserId};
use crate::error::{Code, Error, Result};
use crate::refusals::{By, Whose};
use store::Count;

/// Attempts that cost nothing: people mistype.
const FREE: i64 = 5;
/// From this one on every failure locks.
const LOCKS_AT: i64 = 10;
const LOCKED_FOR: Duration = Duration::from_secs(15 * 60);
/// A device that its owner has signed in from waits at most this long, and only for its own mistakes.
const DEVICE_WAITS: Duration = Duration::from_secs(32);
/// How long a failure is remembered.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);
/// From this many failures on a challenge comes before the next try, unless nobody has tried for a while.
const CHALLENGED_AT: i64 = 3;
const CHALLENGED_FOR: Duration = Duration::from_secs(5 * 60);

/// Who is guessed at.
#[derive(Debug, Clone)]
pub enum Target {
    Account(UserId),
    /// An account's owner, on a device that it was signed in from before.
    Device(UserId, DeviceId),
    /// A name that nobody has, as a keyed digest: it is counted as an account is.
    Unknown(String),
    /// Somebody who is signed in and proves it again.
    SignedIn(UserId),
    /// As [`Self::SignedIn`], on a device of the account's: what a stolen session tries keeps the owner's other devices from nothing.
    SignedInOn(UserId, DeviceId),
    /// The second factor of somebody who proved the first.
    SecondFactor(UserId),
    /// As [`Self::SecondFactor`], on a device that the account was signed in to from before.
    SecondFactorOn(UserId, DeviceId),
}

impl Target {
    /// What counts are kept by.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Account(id) => format!("account:{id}"),
            Self::Device(_, id) => format!("device:{id}"),
            Self::Unknown(digest) => format!("unknown:{digest}"),
            Self::SignedIn(id) => format!("signed_in:{id}"),
            Self::SignedInOn(_, id) => format!("signed_in_device:{id}"),
            Self::SecondFactor(id) => format!("second_factor:{id}"),
            Self::SecondFactorOn(_, id) => format!("second_factor_device:{id}"),
        }
    }

    /// The account, or the digest of the name that has none.
    fn account(&self) -> std::result::Result<UserId, &str> {
        match self {
            Self::Account(id)
            | Self::Device(id, _)
            | Self::SignedIn(id)
            | Self::SignedInOn(id, _)
            | Self::SecondFactor(id)
            | Self::SecondFactorOn(id, _) => Ok(*id),
            Self::Unknown(digest) => Err(digest),
        }
    }

    fn whose(&self) -> Whose {
        match self.account() {
            Ok(user) => Whose::Named(user.to_string()),
            Err(digest) => Whose::Digest(digest.to_owned()),
        }
    }

    /// Somebody's who signs in on a device of theirs, which is never locked.
    fn is_known_device(&self) -> bool {
        matches!(self, Self::Device(..) | Self::SecondFactorOn(..) | Self::SignedInOn(..))
    }

    /// Who confirms who they are, in a session on a device.
    pub fn signed_in(user: UserId, device: Option<DeviceId>) -> Self {
        device.map_or(Self::SignedIn(user), |device| Self::SignedInOn(user, device))
    }

    /// How long the next attempt waits after so many failures.
    fn wait(&self, failures: i64) -> Duration {
        let doublings = u32::try_from((failures - FREE).clamp(0, 16)).unwrap_or(0);
        let growing = Duration::from_secs(2 << doublings);
        match self {
            _ if failures < FREE => Duration::ZERO,
            _ if self.is_known_device() => growing.min(DEVICE_WAITS),
            _ if failures >= LOCKS_AT => LOCKED_FOR,
            _ => growing,
        }
    }
}

/// An attempt that was counted and not yet decided. Where whoever made it goes away first, nothing was tried, and the count
/// is taken back.
#[must_use = "an attempt succeeds or fails"]
pub struct Attempt {
    context: Context,
    target: Option<Target>,
}

impl Attempt {
    /// The proof was wrong: it counts as a failure from now on, in the unit of work that writes it down.
    pub async fn failed(&self, tx: &mut Tx<'_>, caller: &Caller) -> Result<()> {
        let Some(target) = &self.target else { return Ok(()) };
        let context = &self.context;
        let key = target.key();
        let mut count = store::find(tx, &key).await?.unwrap_or_else(|| Count::none(context.now()));
        count.failures += 1;
        count.undecided = (count.undecided - 1).max(0);
        count.last_at = context.now();
        store::put(tx, &key, &count).await?;
        if count.failures < LOCKS_AT || target.is_known_device() {
            return Ok(());
        }
        // Written alike for an unknown name, which nobody is told of.
        let event = Event::new(EventType::AccountLocked).with("failures", count.failures);
        let event = match target.account() {
            Ok(user) => event.on(user),
            Err(digest) => event.with("identifier_digest", digest),
        };
        audit::record(tx, context, caller, event).await
    }

    /// The owner has just proved who they are: what was tried in vain is forgotten, in the unit of work that goes on from
    /// there.
    pub async fn succeeded(&self, tx: &mut Tx<'_>) -> Result<()> {
        match &self.target {
            Some(target) => store::delete(tx, &target.key()).await,
            None => Ok(()),
        }
    }

    /// What became of it has been committed.
    pub fn settle(mut self) {
        self.target = None;
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(target) = self.target.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let context = self.context.clone();
        runtime.spawn(async move {
            if let Err(error) = context.db.write(async |tx| take_back(tx, &target).await).await {
                tracing::debug!(%error, "an attempt that nobody waited for stays counted");
            }
        });
    }
}

/// What others have tried meanwhile still delays and locks.
async fn take_back(tx: &mut Tx<'_>, target: &Target) -> Result<()> {
    let key = target.key();
    let Some(mut count) = store::find(tx, &key).await? else { return Ok(()) };
    count.undecided = (count.undecided - 1).max(0);
    count.next_at = count.last_at + target.wait(count.failures + count.undecided);
    store::put(tx, &key, &count).await
}

/// Counts an attempt before it is made, so that of many at once no more get through than one after the other would.
///
/// # Errors
/// `rate_limited` with the time to wait; `challenge_required` where a challenge comes first and none was solved.
pub async fn begin(context: &Context, caller: &Caller, target: Target, solved: bool) -> Result<Attempt> {
    if !context.config.lockout.enabled {
        return Ok(Attempt { context: context.clone(), target: None });
    }
    let ip = caller.ip;
    let context = context.clone();
    // To its end, also where whoever asks goes away meanwhile: what was counted by then is taken back when the answer is dropped.
    let counting = tokio::spawn(async move { count(context, ip, target, solved).await });
    counting.await.map_err(Error::internal)?
}

async fn count(context: Context, ip: Option<IpAddr>, target: Target, solved: bool) -> Result<Attempt> {
    let counted = &target;
    let refused = context
        .db
        .write(async |tx| {
            let now = context.now();
            let key = counted.key();
            let count = store::find(tx, &key).await?;
            // One from a time to come was counted by a clock that was ahead: it would lock for as long as that was.
            let count =
                count.filter(|count| count.last_at <= now + CLOCK_SKEW && now.since(count.last_at) < MEMORY);
            let mut count = count.unwrap_or_else(|| Count::none(now));
            if now < count.next_at {
                let wait = count.next_at.since(now);
                return Ok(Some(Error::new(Code::RateLimited).with_retry_after(wait)));
            }
            if context.config.challenge.enabled && !solved && is_challenged(counted, &count, now) {
                return Ok(Some(Error::new(Code::ChallengeRequired)));
            }
            count.undecided += 1;
            count.last_at = now;
            count.next_at = now + counted.wait(count.failures + count.undecided);
            store::put(tx, &key, &count).await?;
            Ok::<_, Error>(None)
        })
        .await?;
    match refused {
        Some(refusal) => {
            context.refusals.note_error(&refusal, By::Lockout, ip, || target.whose());
            Err(refusal)
        }
        None => Ok(Attempt { context, target: Some(target) }),
    }
}

/// Forgets what was tried in vain, in a unit of work that gives the account back to its owner.
pub async fn forgive(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    store::delete(tx, &Target::Account(user).key()).await
}

/// Deletes at most `limit` counts that are forgotten. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_old(tx, context.now() - MEMORY, limit).await
}

fn is_challenged(target: &Target, count: &Count, now: Time) -> bool {
    matches!(target, Target::Account(_) | Target::Unknown(_))
        && count.failures >= CHALLENGED_AT
        && now.since(count.last_at) < CHALLENGED_FOR
}
