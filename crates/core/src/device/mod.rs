//! Devices: the browsers that an account was used in, known again by a long-lived cookie. A device that is known gets no
//! alarm by mail and is not locked out by what others try. It proves nothing about who sits before it.

mod store;

use std::time::Duration;

use doorward_crypto::opaque::{opaque_token, token_hash};
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};

use crate::audit::{self, Event, EventType};
use crate::changes::{self, Change};
use crate::context::{CLOCK_SKEW, Caller, Context, DeviceId, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::user::{self, User};
use crate::user_agent::Client;

/// How long a browser is known since it was last signed in from. No browser keeps a cookie for longer.
pub const LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Accounts that one browser keeps apart.
const PER_BROWSER: usize = 5;
/// Browsers that one account keeps apart; the one that was not seen for longest makes room.
const PER_ACCOUNT: i64 = 50;
const LONGEST_NAME: usize = 60;
/// Between the tokens of a cookie: no token has it.
const SEPARATOR: char = '.';

/// A browser that an account was used in.
#[derive(Debug, Clone)]
pub struct Device {
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: Option<String>,
    pub user_agent: Option<String>,
    pub client_hints: Option<String>,
    pub created_at: Time,
    pub last_seen_at: Time,
}

impl Device {
    /// What the browser said that it is, when it was last signed in from.
    pub fn client(&self) -> Client {
        Client::of(self.user_agent.as_deref(), self.client_hints.as_deref())
    }
}

/// A browser that has just been signed in from.
pub(crate) struct Entered {
    pub id: DeviceId,
    /// The account was never used in it, as far as anybody knows.
    pub is_new: bool,
    /// The cookie that it keeps from now on.
    pub cookie: SecretString,
}

/// The device that the caller's cookie names, if the account knows it.
pub(crate) async fn recognise(tx: &mut Tx<'_>, user: UserId, caller: &Caller) -> Result<Option<DeviceId>> {
    for token in tokens(caller) {
        if let Some(id) = store::by_token(tx, user, &token_hash(token)).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Notes that the account was signed in to from the caller's browser, which is known again from now on.
pub(crate) async fn enter(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
) -> Result<Entered> {
    let now = context.now();
    if let Some(id) = recognise(tx, user, caller).await? {
        store::touch(tx, id, caller, now).await?;
        let cookie = tokens(caller).collect::<Vec<_>>().join(&SEPARATOR.to_string());
        return Ok(Entered { id, is_new: false, cookie: cookie.into() });
    }
    let token = opaque_token("", &*context.rng);
    let id = context.new_id();
    store::insert(tx, id, user, &token_hash(token.expose_secret()), caller, now).await?;
    store::make_room(tx, user, PER_ACCOUNT).await?;
    let mut all = vec![token.expose_secret()];
    all.extend(tokens(caller).take(PER_BROWSER - 1));
    let cookie = all.join(&SEPARATOR.to_string());
    Ok(Entered { id, is_new: true, cookie: cookie.into() })
}

/// Whether a sign-in of the caller's browser need not prove the second factor again: its owner said so when that was proved
/// last, and has not ended all sessions since.
pub(crate) async fn is_trusted(
    tx: &mut Tx<'_>,
    context: &Context,
    user: &User,
    caller: &Caller,
) -> Result<bool> {
    let Some(id) = recognise(tx, user.id, caller).await? else { return Ok(false) };
    let now = context.now();
    // One from a time to come was trusted by a clock that was ahead.
    let latest = now + context.config.mfa.trusted_device + CLOCK_SKEW;
    let until = store::trusted_until(tx, id, user.epoch).await?;
    Ok(until.is_some_and(|until| now < until && until <= latest))
}

/// Asks the device for no second factor for as long as the settings say.
pub(crate) async fn trust(tx: &mut Tx<'_>, context: &Context, id: DeviceId, epoch: i64) -> Result<()> {
    let span = context.config.mfa.trusted_device;
    if span.is_zero() {
        return Ok(());
    }
    store::trust(tx, id, context.now() + span, epoch).await
}

/// Asks every device of the account for the second factor again.
pub(crate) async fn distrust(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    store::distrust(tx, user).await
}

/// The account's devices, last seen first.
pub async fn of_user(context: &Context, user: UserId) -> Result<Vec<Device>> {
    context.db.read(async |tx| store::of_user(tx, user).await).await
}

/// The device that the caller's cookie names, for somebody who is signed in.
pub async fn current(context: &Context, user: UserId, caller: &Caller) -> Result<Option<DeviceId>> {
    context.db.read(async |tx| recognise(tx, user, caller).await).await
}

/// Gives a device of the account another name; none gives back the browser's own.
///
/// # Errors
/// `validation_failed`; `not_found` where the account has no such device.
pub async fn rename(
    context: &Context,
    caller: &Caller,
    user: UserId,
    id: DeviceId,
    name: Option<&str>,
) -> Result<Device> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let fault = |code, detail: &'static str| Err(Error::invalid(vec![FieldError::new("name", code, detail)]));
    match name {
        Some(name) if name.chars().count() > LONGEST_NAME => {
            return fault("too_long", "Use at most 60 characters.");
        }
        Some(name) if name.contains(user::deceives) => {
            return fault("invalid", "Use letters, digits and signs that can be seen.");
        }
        _ => {}
    }
    context
        .db
        .write(async |tx| {
            let device = store::rename(tx, user, id, name).await?.ok_or(Code::NotFound)?;
            let event = Event::new(EventType::DeviceRenamed).user(user).with("device", id.to_string());
            audit::record(tx, context, caller, event).await?;
            // Sessions show the name.
            changes::announce(tx, context, Change::User(user)).await?;
            Ok(device)
        })
        .await
}

/// Forgets a device of the account, in a unit of work of the caller's that ended so many sessions in it. Answers whether it
/// was known.
pub(crate) async fn forget(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    id: DeviceId,
    ended: u64,
) -> Result<bool> {
    let known = store::delete(tx, user, id).await?;
    if known {
        let event = Event::new(EventType::DeviceForgotten).user(user).with("device", id.to_string());
        audit::record(tx, context, caller, event.with("ended", ended)).await?;
    }
    Ok(known)
}

/// Forgets all devices of an account: one of them may be somebody else's.
pub(crate) async fn forget_all(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    store::delete_all(tx, user).await
}

/// Deletes at most `limit` devices that nobody has signed in from for a long time. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_unseen(tx, context.now() - LIFE, limit).await
}

fn tokens(caller: &Caller) -> impl Iterator<Item = &str> {
    let cookie = caller.devices.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    cookie.split(SEPARATOR).filter(|token| token.len() == 43).take(PER_BROWSER)
}
