//! Another e-mail address for an account: the new one is confirmed by the link or the code of a mail, the old one is told
//! and can undo it for a week. An address that has an account already costs and answers the same.

mod store;

use std::time::Duration;

use doorward_db::Tx;
use secrecy::ExposeSecret;

use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, EmailChangeId, Id, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::mail::{self, Message};
use crate::password;
use crate::rate_limit::Class;
use crate::recovery;
use crate::second_factor::{self, Recent};
use crate::secret::{self, CODE_LIFE, Found, Purpose, Tries};
use crate::session::{self, Live, Sessions};
use crate::user::{self, EmailAddress, User};
pub use store::EmailChange;

/// How long the new address may take to be confirmed.
const CONFIRM_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the old address can take the change back.
pub const UNDO_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Mails the new address how to confirm it. Answers alike for one that has an account already: that one is told so.
///
/// # Errors
/// `validation_failed` for what is no address, or is the present one; `rate_limited`.
pub async fn start(context: &Context, caller: &Caller, live: &Live, new_email: &str) -> Result<()> {
    let email = EmailAddress::parse("new_email", new_email).map_err(invalid)?;
    if email.key() == live.user.email_key && email.as_str() == live.user.email {
        let detail = "That is your address already. Enter another.";
        return Err(invalid(FieldError::new("new_email", "invalid", detail)));
    }
    context.limit(Class::Mail, caller, &live.user.id.to_string()).await?;
    context.limit(Class::Mail, caller, email.key()).await?;
    context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let id: EmailChangeId = context.new_id();
            let now = context.now();
            store::end_pending(tx, live.user.id, now).await?;
            let (old, new) = (live.user.email.as_str(), email.as_str());
            store::insert(tx, id, live.user.id, old, new, now, now + CONFIRM_LIFE).await?;
            let issued =
                secret::issue(tx, context, Purpose::ChangeEmail, id.uuid(), email.key(), CONFIRM_LIFE)
                    .await?;
            let owner = user::find_by_email(tx, &email).await?;
            let owner = owner.filter(|owner| owner.id != live.user.id);
            let message = match &owner {
                Some(_) => Message::AddressKnown {
                    sign_in_link: context.config.page_link("/sign-in"),
                    reset_link: context.config.page_link("/forgot-password"),
                },
                None => Message::ChangeEmail {
                    link: context.config.page_link(&format!(
                        "/account/email/verify?token={}",
                        issued.link_token.expose_secret()
                    )),
                    code: issued.code.expose_secret().to_owned(),
                    link_expires_at: (now + CONFIRM_LIFE).micros(),
                    code_expires_at: (now + CODE_LIFE).micros(),
                },
            };
            // To the owner's own mailbox: what was typed may be somebody else's that only looks alike.
            let to = owner.as_ref().map_or(new, |owner| owner.email.as_str());
            mail::queue(tx, context, to, message).await?;
            let event = Event::new(EventType::EmailChangeAsked).user(live.user.id).session(live.session.id);
            audit::record(tx, context, caller, event).await
        })
        .await
}

/// The change that waits for its confirmation, if one does.
pub async fn pending(context: &Context, user: UserId) -> Result<Option<EmailChange>> {
    let now = context.now();
    context.db.read(async |tx| store::pending(tx, user, now).await).await
}

/// All changes of an account's address that are not deleted yet, newest first, whatever became of them.
pub async fn of_user(context: &Context, user: UserId) -> Result<Vec<EmailChange>> {
    context.db.read(async |tx| store::of_user(tx, user).await).await
}

/// The new address that a link would confirm, for its page. Looking uses nothing up.
///
/// # Errors
/// `invalid_or_expired_token`, also where the link belongs to another account than the one that is signed in.
pub async fn look_at_link(context: &Context, live: &Live, token: &str) -> Result<String> {
    context
        .db
        .read(async |tx| {
            let found = secret::find_link(tx, context, Purpose::ChangeEmail, token).await?;
            let change = store::find(tx, Id::from_uuid(found.subject)).await?;
            let mine = change.filter(|change| change.user == live.user.id);
            Ok(mine.ok_or(Code::InvalidOrExpiredToken)?.new_email)
        })
        .await
}

/// What proves that the new address's mail was read.
pub enum Proof<'a> {
    Link(&'a str),
    Code(&'a str),
}

/// Gives the account its new address. Only whoever is signed in to the account can: a click by somebody else must not
/// vouch for an account that is not theirs.
///
/// # Errors
/// `invalid_or_expired_token`, `invalid_or_expired_code`, `rate_limited`; `conflict` where somebody else has the address
/// now.
pub async fn confirm(sessions: &Sessions, caller: &Caller, live: &Live, proof: Proof<'_>) -> Result<User> {
    let context = sessions.context();
    let refusal = match proof {
        Proof::Link(_) => Code::InvalidOrExpiredToken,
        Proof::Code(_) => Code::InvalidOrExpiredCode,
    };
    let found = find(context, caller, live, proof).await?;
    let user = context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let change = store::find(tx, Id::from_uuid(found.subject)).await?;
            let change = change.filter(|change| change.user == live.user.id).ok_or(refusal)?;
            secret::consume(tx, context, found).await?.ok_or(refusal)?;
            let now = context.now();
            let undo_until = undo_until(tx, &change, now).await?;
            if !store::mark_confirmed(tx, change.id, now, undo_until).await? {
                return Err(Error::new(refusal));
            }
            let user = user::find(tx, change.user).await?.ok_or(Code::SessionRevoked)?;
            let email = EmailAddress::parse("new_email", &change.new_email).map_err(invalid)?;
            if !give(tx, context, &user, &email).await? {
                return Err(Error::new(Code::Conflict).with_detail(
                    "Another account has that address now. Use another, or sign in to that account.",
                ));
            }
            // Its mails lie in the former mailbox.
            recovery::cancel_in(tx, context, caller, user.id, "address").await?;
            let (subject, life) = (change.id.uuid(), undo_until.since(now));
            let token = secret::issue_link(tx, context, Purpose::UndoEmail, subject, life).await?;
            let message = Message::EmailChanged {
                at: now.micros(),
                device: caller.client().name(),
                place: context.address_in_words(caller.ip_text().as_deref()),
                undo_link: context.config.page_link(&format!("/undo-email?token={}", token.expose_secret())),
                link_expires_at: undo_until.micros(),
            };
            mail::queue(tx, context, &user.email, message).await?;
            let event = Event::new(EventType::EmailChanged).user(user.id).session(live.session.id);
            audit::record(tx, context, caller, event).await?;
            user::find(tx, user.id).await?.ok_or_else(|| Code::SessionRevoked.into())
        })
        .await?;
    sessions.forget_user(user.id);
    Ok(user)
}

/// Until when a change can be undone. One that goes back to an address of a while ago, no longer than the one that went away
/// from it: else an address that a stranger gave the account would outlive the owner's in taking it back.
async fn undo_until(tx: &mut Tx<'_>, change: &EmailChange, now: Time) -> Result<Time> {
    let key = |email: &str| EmailAddress::parse("email", email).map(|email| email.key().to_owned()).ok();
    let back_to = key(&change.new_email);
    let lately = store::since(tx, change.user, now - UNDO_LIFE).await?;
    let away = lately.iter().find(|earlier| key(&earlier.old_email) == back_to);
    Ok(away.and_then(|away| away.confirmed_at).unwrap_or(now) + UNDO_LIFE)
}

/// The address that an undo link gives back, and the second factors that are new, for its page. Looking uses nothing up.
///
/// # Errors
/// `invalid_or_expired_token`.
pub async fn look_at_undo(context: &Context, token: &str) -> Result<(String, Vec<Recent>)> {
    context
        .db
        .read(async |tx| {
            let found = secret::find_link(tx, context, Purpose::UndoEmail, token).await?;
            let change = store::find(tx, Id::from_uuid(found.subject)).await?;
            let change = change.ok_or(Code::InvalidOrExpiredToken)?;
            let planted = planted(tx, context, &change, found.created_at).await?;
            Ok((change.old_email, planted))
        })
        .await
}

/// Gives the account its old address back. Whoever changed it is shut out: every session ends, no device is known, the
/// password stops working, and the old address gets the mail to set a new one.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`; `account_disabled` where another account has the old address now: whoever changed it
/// is shut out all the same, and so is everybody else, until the operator has looked at it.
pub async fn undo(sessions: &Sessions, caller: &Caller, token: &str) -> Result<()> {
    let context = sessions.context();
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    let (id, done) = context
        .db
        .write(async |tx| {
            let gone = || Error::new(Code::InvalidOrExpiredToken);
            let found = secret::find_link(tx, context, Purpose::UndoEmail, token).await?;
            let change = store::find(tx, Id::from_uuid(found.subject)).await?.ok_or_else(gone)?;
            secret::consume(tx, context, found).await?.ok_or_else(gone)?;
            let planted = planted(tx, context, &change, found.created_at).await?;
            let is_given = take_back(tx, context, caller, &change).await?;
            second_factor::remove(tx, context, caller, change.user, &planted).await?;
            if !is_given {
                password::shut(tx, context, caller, change.user).await?;
                return Ok((change.user, Err(password::is_shut())));
            }
            let ended = password::rescue(tx, context, caller, change.user).await?;
            let event = Event::new(EventType::EmailChangeUndone).user(change.user).with("ended", ended);
            audit::record(tx, context, caller, event.with("factors", planted.len())).await?;
            Ok::<_, Error>((change.user, Ok(())))
        })
        .await?;
    sessions.forget_user(id);
    done
}

/// The second factors that whoever changed the address may have added.
async fn planted(
    tx: &mut Tx<'_>,
    context: &Context,
    change: &EmailChange,
    mailed_at: Time,
) -> Result<Vec<Recent>> {
    let address_since = last_until(tx, change.user, change.created_at).await?;
    second_factor::recent(tx, context, change.user, mailed_at, address_since).await
}

/// The first change of an account's address since a moment, if it can still be undone: whoever was mailed before it has the
/// address that it took away.
pub(crate) async fn first_since(
    tx: &mut Tx<'_>,
    context: &Context,
    user: UserId,
    moment: Time,
) -> Result<Option<EmailChange>> {
    let since = moment.max(context.now() - UNDO_LIFE);
    store::first_since(tx, user, since, context.now()).await
}

/// When the account got the address that it had at a moment, as far back as changes can be undone.
pub(crate) async fn last_until(tx: &mut Tx<'_>, user: UserId, moment: Time) -> Result<Option<Time>> {
    store::last_until(tx, user, moment).await
}

/// Gives the account the address back that a change took away. What was changed after it is void. Answers whether it could: not
/// where another account has proved the address meanwhile.
pub(crate) async fn take_back(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    change: &EmailChange,
) -> Result<bool> {
    let user = user::find(tx, change.user).await?.ok_or(Code::InvalidOrExpiredToken)?;
    let email = EmailAddress::parse("email", &change.old_email).map_err(invalid)?;
    // Somebody who signed up with it meanwhile and never read its mail yields to whoever does.
    if let Some(squatter) = user::find_by_email(tx, &email).await?
        && squatter.id != user.id
        && !squatter.email_verified
    {
        user::delete(tx, context, squatter.id).await?;
        audit::erase(tx, context, squatter.id, &squatter.email_key).await?;
        let event = Event::new(EventType::AccountDeleted).on(squatter.id).with("by", "address");
        audit::record(tx, context, caller, event).await?;
    }
    store::mark_undone(tx, change.id, context.now()).await?;
    let is_given = give(tx, context, &user, &email).await?;
    end_later(tx, context, change.user, change.created_at).await?;
    Ok(is_given)
}

/// Lets a change go that was asked for and not confirmed.
pub(crate) async fn abandon(tx: &mut Tx<'_>, context: &Context, user: UserId) -> Result<()> {
    store::end_pending(tx, user, context.now()).await
}

/// Deletes at most `limit` changes that can neither be confirmed nor undone any more. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_old(tx, context.now() - UNDO_LIFE, limit).await
}

/// Every mail that could still prove something for the former address proves nothing from now on.
/// Answers whether the account has it: not where it is another one's.
async fn give(tx: &mut Tx<'_>, context: &Context, user: &User, email: &EmailAddress) -> Result<bool> {
    if !user::set_email(tx, context, user.id, email).await? {
        return Ok(false);
    }
    for purpose in [Purpose::ResetPassword, Purpose::VerifyEmail] {
        secret::end_all(tx, context, purpose, user.id.uuid()).await?;
    }
    Ok(true)
}

async fn end_later(tx: &mut Tx<'_>, context: &Context, user: UserId, since: Time) -> Result<()> {
    for id in store::later_than(tx, user, since).await? {
        for purpose in [Purpose::ChangeEmail, Purpose::UndoEmail] {
            secret::end_all(tx, context, purpose, id.uuid()).await?;
        }
    }
    store::end_pending(tx, user, context.now()).await
}

async fn find(context: &Context, caller: &Caller, live: &Live, proof: Proof<'_>) -> Result<Found> {
    match proof {
        Proof::Link(token) => {
            context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
            context
                .db
                .read(async |tx| secret::find_link(tx, context, Purpose::ChangeEmail, token).await)
                .await
        }
        Proof::Code(code) => {
            context.limit(Class::Proof, caller, &live.user.id.to_string()).await?;
            let now = context.now();
            context
                .db
                .write(async |tx| {
                    let pending = store::pending(tx, live.user.id, now).await?;
                    let subject = pending.as_ref().map(|change| change.id.uuid());
                    let key = match pending.map(|change| EmailAddress::parse("new_email", &change.new_email))
                    {
                        Some(Ok(email)) => email.key().to_owned(),
                        _ => live.user.email_key.clone(),
                    };
                    let tries = (Tries::Session(live.user.id), caller);
                    let tried =
                        secret::try_code(tx, context, Purpose::ChangeEmail, subject, &key, tries, code)
                            .await?;
                    if tried.as_ref().is_err_and(secret::is_wrong_code) {
                        let event = Event::new(EventType::EmailChanged).failed();
                        let event = event.user(live.user.id).session(live.session.id);
                        audit::record(tx, context, caller, event).await?;
                    }
                    Ok::<_, Error>(tried)
                })
                .await?
        }
    }
}

fn invalid(error: FieldError) -> Error {
    Error::invalid(vec![error])
}
