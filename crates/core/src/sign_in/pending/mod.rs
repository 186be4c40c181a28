//! Sign-ins whose first factor is proved and whose second is due. Their `mfa_token` is no session's: it opens the second
//! step of this one sign-in, or the set-up of a second factor, and nothing else.

mod store;

use std::time::Duration;

use doorward_crypto::opaque::{opaque_token, token_hash};
use doorward_crypto::rng::random;
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Entry, Method, Second, VerifiedFactor};
use crate::context::{Context, UserId};
use crate::error::{Code, Error, Result};
use crate::second_factor;

/// How long the second factor may take.
pub const LIFE: Duration = Duration::from_secs(10 * 60);
/// Wrong codes that one sign-in may bring.
const TRIES: i64 = 5;

/// What a sign-in is told that has to go on.
#[derive(Debug)]
pub struct Due {
    pub token: SecretString,
    /// Ways to prove the second factor; where there is none yet, ways to set one up.
    pub methods: Vec<second_factor::Method>,
    /// The account needs a second factor and has none.
    pub enrols: bool,
}

/// A sign-in under way, found by its token and not used up by that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub id: Uuid,
    pub user: UserId,
    pub method: Method,
    pub epoch: i64,
    pub remember: bool,
    pub enrols: bool,
}

impl Pending {
    /// As the first step asked for it, by whatever takes the second.
    pub(super) fn entry(&self, browser: bool) -> Entry {
        Entry { remember: self.remember, browser }
    }

    /// The first factor, once the second one is proved as well.
    pub(super) fn with(self, second: Second) -> VerifiedFactor {
        let Self { user, method, epoch, .. } = self;
        VerifiedFactor { user, method, epoch: Some(epoch), attempt: None, second: Some(second) }
    }
}

/// Holds a sign-in until its second factor is proved.
pub(super) async fn hold(
    tx: &mut Tx<'_>,
    context: &Context,
    factor: &VerifiedFactor,
    epoch: i64,
    entry: Entry,
    methods: Vec<second_factor::Method>,
) -> Result<Due> {
    let token = opaque_token("", &*context.rng);
    let enrols = methods.is_empty();
    let now = context.now();
    let pending = Pending {
        id: Uuid::from_bytes(random(&*context.rng)),
        user: factor.user,
        method: factor.method,
        epoch,
        remember: entry.remember,
        enrols,
    };
    store::insert(tx, &pending, &token_hash(token.expose_secret()), now, now + LIFE).await?;
    let methods = if enrols { second_factor::Method::SET_UP.to_vec() } else { methods };
    Ok(Due { token, methods, enrols })
}

/// # Errors
/// `invalid_or_expired_token` where there is none of this token, it took too long, or was tried in vain too often.
pub(super) async fn find(tx: &mut Tx<'_>, context: &Context, token: &str) -> Result<Pending> {
    let found = store::by_token(tx, &token_hash(token), context.now(), TRIES).await?;
    found.ok_or_else(over)
}

/// Counts a try before it is decided. Answers whether there was one left.
pub(super) async fn count_try(tx: &mut Tx<'_>, context: &Context, id: Uuid) -> Result<bool> {
    store::count_try(tx, id, context.now(), TRIES).await
}

/// Ends a sign-in that goes on as a session: of many at once, one does.
pub(super) async fn consume(tx: &mut Tx<'_>, context: &Context, id: Uuid) -> Result<bool> {
    store::consume(tx, id, context.now()).await
}

/// Deletes at most `limit` that took too long. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_expired(tx, context.now(), limit).await
}

pub(super) fn over() -> Error {
    Error::new(Code::InvalidOrExpiredToken)
        .with_detail("This sign-in took too long, or was tried too often. Sign in again.")
}
