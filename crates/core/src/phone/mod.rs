//! The phone number of an account, for codes by SMS. A number is added by the code that was sent to it, and takes the place of
//! the one before. It is a second factor and nothing else: whoever holds the number signs in to nothing by it alone, and
//! resets no password. NIST SP 800-63B-4 calls it restricted (section 3.1.3.3), so it is off unless the operator sets it up.

mod store;

use std::time::Duration;

use doorward_db::Tx;
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, PhoneId, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::rate_limit::Class;
use crate::secret::{self, CODE_LIFE, Consumed, Issued, Purpose, Tries};
use crate::session::{self, Live};
use crate::sms::{self, PhoneNumber};
use crate::user::User;

/// How long a number waits for its code.
const PENDING_LIFE: Duration = CODE_LIFE;

/// A number of an account.
#[derive(Debug, Clone)]
pub struct Phone {
    pub id: PhoneId,
    pub user: UserId,
    pub number: PhoneNumber,
    pub created_at: Time,
    /// `None` while it waits for its code.
    pub verified_at: Option<Time>,
    pub last_used_at: Option<Time>,
}

/// Whether the settings name a provider of SMS.
pub fn is_on(context: &Context) -> bool {
    sms::is_on(context)
}

/// The verified number of an account. What is switched off is no factor of anybody.
pub(crate) async fn verified(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Phone>> {
    store::verified(tx, user).await
}

/// The number of an account, and the one that waits for its code; also where SMS was switched off since.
pub async fn of_user(context: &Context, user: UserId) -> Result<(Option<Phone>, Option<Phone>)> {
    let since = context.now() - PENDING_LIFE;
    context
        .db
        .read(async |tx| Ok((store::verified(tx, user).await?, store::pending(tx, user, since).await?)))
        .await
}

/// Sends a code to a number, which becomes the account's once the code is typed.
///
/// # Errors
/// `validation_failed` for what is no number, or of a country that is not allowed; `rate_limited`; `not_found` where no
/// provider is set.
pub async fn start(context: &Context, caller: &Caller, live: &Live, number: &str) -> Result<()> {
    ensure_on(context)?;
    let number = PhoneNumber::parse(number).map_err(|error| Error::invalid(vec![error]))?;
    sms::ensure_allowed(context, &number)?;
    let user = &live.user;
    context.limit(Class::Sms, caller, &user.id.to_string()).await?;
    context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            let present = store::verified(tx, user.id).await?;
            if present.is_some_and(|present| present.number == number) {
                let detail = "That is your number already. Enter another.";
                return Err(Error::invalid(vec![FieldError::new("phone_number", "invalid", detail)]));
            }
            store::delete_pending(tx, user.id).await?;
            let id: PhoneId = context.new_id();
            store::insert(tx, id, user.id, &number, context.now()).await?;
            issue(tx, context, caller, user, &number, Purpose::VerifyPhone, id.uuid()).await?;
            let event = Event::new(EventType::PhoneAsked).user(user.id).session(live.session.id);
            audit::record(tx, context, caller, event).await
        })
        .await
}

/// Gives the account the number that waits for this code, in place of the one before. The owner is told by mail. What is
/// wrong with the code is a value: the try is counted, so the unit of work must succeed.
///
/// # Errors
/// As a value: `invalid_or_expired_code`, `rate_limited`.
pub(crate) async fn verify(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    live: &Live,
    code: &str,
) -> Result<Result<Phone>> {
    let user = &live.user;
    session::ensure_holds_in(tx, context, live).await?;
    let now = context.now();
    let pending = store::pending(tx, user.id, now - PENDING_LIFE).await?;
    let subject = pending.as_ref().map(|phone| phone.id.uuid());
    let consumed =
        use_code(tx, context, user, Purpose::VerifyPhone, subject, (Tries::Session(user.id), caller), code)
            .await?;
    let (Ok(_), Some(phone)) = (&consumed, pending) else {
        let refusal = consumed.err().unwrap_or_else(wrong_code);
        if secret::is_wrong_code(&refusal) {
            let event = Event::new(EventType::PhoneAdded).user(user.id).session(live.session.id);
            audit::record(tx, context, caller, event.failed()).await?;
        }
        return Ok(Err(refusal));
    };
    store::delete_verified(tx, user.id).await?;
    if !store::mark_verified(tx, phone.id, now).await? {
        return Ok(Err(wrong_code()));
    }
    alarm::tell(tx, context, caller, user.id, &user.email, Alarm::PhoneAdded).await?;
    let event = Event::new(EventType::PhoneAdded).user(user.id).session(live.session.id);
    audit::record(tx, context, caller, event).await?;
    Ok(Ok(Phone { verified_at: Some(now), ..phone }))
}

/// Takes the number away, and one that waits as well. The owner is told by mail. Works where SMS was switched off since.
/// Answers whether there was one.
pub(crate) async fn remove(tx: &mut Tx<'_>, context: &Context, caller: &Caller, live: &Live) -> Result<bool> {
    let user = &live.user;
    session::ensure_holds_in(tx, context, live).await?;
    store::delete_pending(tx, user.id).await?;
    if store::delete_verified(tx, user.id).await? == 0 {
        return Ok(false);
    }
    alarm::tell(tx, context, caller, user.id, &user.email, Alarm::PhoneRemoved).await?;
    let event = Event::new(EventType::PhoneRemoved).user(user.id).session(live.session.id);
    audit::record(tx, context, caller, event).await?;
    Ok(true)
}

/// Takes every number away, in a unit of work that gives the account to somebody else.
pub(crate) async fn forget_all(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    store::delete_pending(tx, user).await?;
    store::delete_verified(tx, user).await.map(|_| ())
}

/// Sends a code to the account's number for a sign-in that waits for its second factor: `flow`, whose former code ends.
///
/// # Errors
/// `rate_limited`; `validation_failed` where the account has no number, or its country is not allowed any more; `not_found`
/// where no provider is set.
pub async fn send_code(context: &Context, caller: &Caller, user: &User, flow: Uuid) -> Result<()> {
    ensure_on(context)?;
    context.limit(Class::Sms, caller, &user.id.to_string()).await?;
    context
        .db
        .write(async |tx| {
            let Some(phone) = store::verified(tx, user.id).await? else {
                let detail = "This account has no phone number. Choose another way.";
                return Err(Error::invalid(vec![FieldError::new("method", "invalid", detail)]));
            };
            issue(tx, context, caller, user, &phone.number, Purpose::SmsFactor, flow).await?;
            audit::record(tx, context, caller, Event::new(EventType::SmsCodeSent).on(user.id)).await
        })
        .await
}

/// Tries a code that [`send_code`] sent for a flow, and uses it up. The try is counted: the caller's unit of work has to commit
/// whatever the answer is, which is why a wrong code is a value and not an error.
///
/// # Errors
/// As a value: `invalid_or_expired_code`, `rate_limited`.
pub async fn try_code(
    tx: &mut Tx<'_>,
    context: &Context,
    user: &User,
    flow: Uuid,
    tries: (Tries<'_>, &Caller),
    code: &str,
) -> Result<Result<Consumed>> {
    let phone = verified(tx, user.id).await?.filter(|_| is_on(context));
    // A number that was taken away meanwhile proves nothing, whatever was sent to it.
    let subject = phone.as_ref().map(|_| flow);
    let consumed = use_code(tx, context, user, Purpose::SmsFactor, subject, tries, code).await?;
    if consumed.is_ok() {
        store::mark_used(tx, user.id, context.now()).await?;
    }
    Ok(consumed)
}

/// Deletes at most `limit` numbers whose code never came back. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_stale(tx, context.now() - PENDING_LIFE, limit).await
}

/// # Errors
/// `not_found` where no provider is set.
pub(crate) fn ensure_on(context: &Context) -> Result<()> {
    if is_on(context) { Ok(()) } else { Err(Code::NotFound.into()) }
}

async fn issue(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: &User,
    number: &PhoneNumber,
    purpose: Purpose,
    subject: Uuid,
) -> Result<()> {
    let issued = secret::issue(tx, context, purpose, subject, &user.email_key, CODE_LIFE).await?;
    let expires_at = context.now() + CODE_LIFE;
    // Anybody can claim a number; that must use up none of its owner's messages.
    let to = (number, purpose == Purpose::VerifyPhone);
    sms::queue(tx, context, caller, user.id, to, words(context, &issued), expires_at).await
}

async fn use_code(
    tx: &mut Tx<'_>,
    context: &Context,
    user: &User,
    purpose: Purpose,
    subject: Option<Uuid>,
    tries: (Tries<'_>, &Caller),
    code: &str,
) -> Result<Result<Consumed>> {
    Ok(match secret::try_code(tx, context, purpose, subject, &user.email_key, tries, code).await? {
        Ok(found) => {
            let consumed = secret::consume(tx, context, found).await?;
            consumed.ok_or_else(wrong_code)
        }
        Err(refusal) if refusal.code() == Code::InvalidOrExpiredCode => Err(wrong_code()),
        Err(refusal) => Err(refusal),
    })
}

/// `invalid_or_expired_code`, with where the right one is.
fn wrong_code() -> Error {
    Error::new(Code::InvalidOrExpiredCode)
        .with_detail("That code is wrong or has run out. Check the newest message, or ask for a new code.")
}

/// The last line binds the code to our host, so that browsers fill it in nowhere else (WICG, Origin-bound one-time codes
/// delivered via SMS).
fn words(context: &Context, issued: &Issued) -> String {
    let (code, product) = (issued.code.expose_secret(), &context.config.brand.product_name);
    let host = context.config.pages_base_url.host_str().unwrap_or_default();
    format!("{product}: your code is {code}. It works for 10 minutes. Give it to nobody.\n\n@{host} #{code}")
}
