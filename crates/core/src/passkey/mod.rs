//! Passkeys (Web Authentication, Level 3): made by an account's owner, and proved by [`authentication::prove`] alone, whatever
//! for. A challenge is a row that is used once, bound to what it is for and to whom; its client sees an opaque token.

pub mod authentication;
mod ceremony;
mod providers;
pub mod registration;
mod store;
#[cfg(test)]
mod tests;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_db::Tx;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, PasskeyId, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::session::{self, Live};
use crate::user::{self, User};
pub use providers::Kind;

/// So many an account may have.
pub const MOST: i64 = 20;
const LONGEST_NAME: usize = 60;

pub(crate) const SYNCED: &str = "swk";
pub(crate) const ON_ONE_DEVICE: &str = "hwk";

/// How a proof by passkey is named in `amr` (RFC 8176).
pub const fn amr(backup_eligible: bool) -> &'static str {
    if backup_eligible { SYNCED } else { ON_ONE_DEVICE }
}

/// Whether an `amr` is a passkey's.
pub fn is_amr(method: &str) -> bool {
    method == SYNCED || method == ON_ONE_DEVICE
}

/// A passkey, as its owner sees it.
#[derive(Debug, Clone)]
pub struct Passkey {
    pub id: PasskeyId,
    pub user: UserId,
    /// What the authenticator calls it.
    pub credential_id: Vec<u8>,
    pub name: String,
    aaguid: Uuid,
    /// It may be copied to other devices of its owner.
    pub backup_eligible: bool,
    /// It was, when it was last used.
    pub backed_up: bool,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
    transports: Vec<String>,
}

impl Passkey {
    /// What keeps it, where that says so: `iCloud Keychain`. Nobody vouches for it.
    pub fn provider(&self) -> Option<&'static str> {
        providers::find(self.aaguid).map(|(name, _)| name)
    }

    /// What sort of thing keeps it: as that says itself, or as the passkey behaves.
    pub fn kind(&self) -> Kind {
        let behaves = if self.backup_eligible { Kind::Synced } else { Kind::SecurityKey };
        providers::find(self.aaguid).map_or(behaves, |(_, kind)| kind)
    }

    /// Its credential id, as WebAuthn's JSON forms write it.
    pub fn credential_id_text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.credential_id)
    }
}

/// A ceremony under way: what the client hands to the browser, and the token that its answer comes back with.
pub struct Started {
    pub token: SecretString,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` (Web Authentication, sections
    /// 5.1.9 and 5.1.10).
    pub options: Value,
}

/// What a browser needs to tell the person's password manager how things stand (Web Authentication, section 5.1.10): which
/// passkeys are still good, and what the account is called now.
pub fn signals(context: &Context, user: &User, passkeys: &[Passkey]) -> Value {
    json!({
        "rpId": context.config.webauthn.rp_id,
        "userId": BASE64_URL_SAFE_NO_PAD.encode(user.id.uuid().as_bytes()),
        "name": user.email,
        "displayName": display_name(user),
        "allAcceptedCredentialIds": passkeys.iter().map(Passkey::credential_id_text).collect::<Vec<_>>(),
    })
}

/// The account's passkeys, the newest first.
pub async fn of_user(context: &Context, user: UserId) -> Result<Vec<Passkey>> {
    context.db.read(async |tx| store::of_user(tx, user).await).await
}

/// As [`of_user`], within a unit of work.
pub(crate) async fn all_of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Passkey>> {
    store::of_user(tx, user).await
}

/// Takes those from an account that were added since a moment, in a unit of work of the caller's.
pub(crate) async fn forget_since(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    since: Time,
) -> Result<()> {
    let forgotten = store::delete_since(tx, user, since).await?;
    note_forgotten(tx, context, caller, user, forgotten).await
}

/// Has those of an account that were added since a moment sign in no more by themselves, in a unit of work of the caller's. One
/// that comes second in a sign-in is whole again.
pub(crate) async fn make_second_only_since(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    since: Time,
) -> Result<()> {
    let passkeys = store::second_only_since(tx, user, since).await?;
    let event = Event::new(EventType::PasskeySecondOnly).on(user).with("passkeys", passkeys);
    audit::record(tx, context, caller, event).await
}

/// Whether the account has a passkey.
pub async fn has_any(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    Ok(store::count(tx, user).await? > 0)
}

/// Gives a passkey of the account another name.
///
/// # Errors
/// `validation_failed`; `not_found` where the account has no such passkey.
pub async fn rename(
    context: &Context,
    caller: &Caller,
    live: &Live,
    id: PasskeyId,
    name: &str,
) -> Result<Passkey> {
    let name = checked_name(name)?;
    let user = live.user.id;
    context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let passkey = store::rename(tx, user, id, name).await?.ok_or(Code::NotFound)?;
            let event = Event::new(EventType::PasskeyRenamed).user(user).session(live.session.id);
            audit::record(tx, context, caller, event.with("passkey", id.to_string())).await?;
            Ok(passkey)
        })
        .await
}

/// Takes a passkey from the account, and tells its owner by mail. Nobody signs in with it any more.
///
/// # Errors
/// `not_found` where the account has no such passkey; `last_sign_in_method` where nobody could get in without it.
pub(crate) async fn remove(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    live: &Live,
    id: PasskeyId,
) -> Result<()> {
    session::ensure_holds_in(tx, context, live).await?;
    let user = user::find(tx, live.user.id).await?.ok_or(Code::SessionRevoked)?;
    if !store::delete(tx, user.id, id).await? {
        return Err(Error::new(Code::NotFound));
    }
    if user.password_hash.is_none() && !user.signs_in_by_mail(context) && !has_any(tx, user.id).await? {
        let detail =
            "This is your only way to sign in. Set a password or add another passkey, then remove it.";
        return Err(Error::new(Code::LastSignInMethod).with_detail(detail));
    }
    alarm::tell(tx, context, caller, user.id, &user.email, Alarm::PasskeyRemoved).await?;
    let event = Event::new(EventType::PasskeyRemoved).user(user.id).session(live.session.id);
    audit::record(tx, context, caller, event.with("passkey", id.to_string())).await
}

/// Takes every passkey from an account, in a unit of work of the caller's: one of them may be somebody else's.
pub(crate) async fn forget_all(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
) -> Result<()> {
    let forgotten = store::delete_all(tx, user).await?;
    note_forgotten(tx, context, caller, user, forgotten).await
}

async fn note_forgotten(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    forgotten: u64,
) -> Result<()> {
    if forgotten > 0 {
        let event = Event::new(EventType::PasskeyRemoved).on(user).with("removed", forgotten);
        audit::record(tx, context, caller, event).await?;
    }
    Ok(())
}

/// Deletes at most `limit` challenges that have run out. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_expired(tx, context.now(), limit).await
}

fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    let fault = |code, detail: &'static str| Err(Error::invalid(vec![FieldError::new("name", code, detail)]));
    if name.is_empty() {
        return fault("required", "Give the passkey a name.");
    }
    if name.chars().count() > LONGEST_NAME {
        return fault("too_long", "Use at most 60 characters.");
    }
    if name.contains(user::deceives) {
        return fault("invalid", "Use letters, digits and signs that can be seen.");
    }
    Ok(name)
}

/// What the person is called where a passkey is chosen.
fn display_name(user: &User) -> String {
    let names = [user.profile.given_name.as_deref(), user.profile.family_name.as_deref()];
    let full = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if full.is_empty() { user.username.clone().unwrap_or_else(|| user.email.clone()) } else { full }
}
