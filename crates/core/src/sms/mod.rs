//! SMS is a table before it is a message, as mail is: the row is written in the unit of work of what it tells, and a job hands
//! it to the operator's provider, with retries for as long as its code holds. What it says is sealed, opened by the sender
//! alone, wiped afterwards, and in no log.
//!
//! Each message costs money and rings in somebody's pocket. So only numbers of the countries that the operator names get one,
//! and they are counted by number, by account and by country in the database itself.

mod number;
mod store;
mod transport;

use std::time::Duration;

use doorward_db::Tx;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::context::{Caller, Context, SmsId, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::mail::SendError;
use crate::rate_limit::Class;
use crate::seals::SealedColumn;
pub use number::PhoneNumber;
pub use transport::{OutgoingSms, SmsTransport};

/// What is sealed here, for the rotation of the master key.
pub const SEALED: SealedColumn = store::SEALED;

const SEAL_CONTEXT: &[u8] = b"sms";
/// How long one attempt may take before another sender takes the message over.
const LEASE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// As long as anything counts them.
const KEPT: Duration = Duration::from_secs(25 * 60 * 60);

const PER_NUMBER: [(i64, Duration); 2] = [(3, Duration::from_secs(10 * 60)), (10, DAY)];
const PER_ACCOUNT: [(i64, Duration); 2] = [(5, HOUR), (15, DAY)];

#[derive(Serialize, Deserialize)]
struct Message {
    to: String,
    text: String,
}

/// Whether the settings name a provider.
pub fn is_on(context: &Context) -> bool {
    context.config.sms.is_some()
}

/// The country of a number, where the settings allow it.
///
/// # Errors
/// `validation_failed` with `phone_number` at fault.
pub fn ensure_allowed(context: &Context, number: &PhoneNumber) -> Result<()> {
    country(context, number).map(|_| ())
}

/// Queues a message about a code that holds until `expires_at`. It is sent when, and only when, the unit of work commits.
///
/// # Errors
/// `rate_limited` where the number, the account or the country had too many; `validation_failed` where the settings do not
/// allow its country; `not_found` where no provider is set.
pub async fn queue(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: UserId,
    to: &PhoneNumber,
    text: String,
    expires_at: Time,
) -> Result<()> {
    let settings = context.config.sms.as_ref().ok_or(Code::NotFound)?;
    let country = country(context, to)?;
    let digest = to.digest(context);
    let now = context.now();
    let checked = async {
        for (most, within) in PER_NUMBER {
            let nth = store::nth_of_number(tx, &digest, now - within, most).await?;
            ensure_room(nth, within, now)?;
        }
        for (most, within) in PER_ACCOUNT {
            ensure_room(store::nth_of_user(tx, user, now - within, most).await?, within, now)?;
        }
        let most = i64::from(settings.hourly_per_country);
        ensure_room(store::nth_of_country(tx, country, now - HOUR, most).await?, HOUR, now)
    }
    .await;
    context.refusals.note(&checked, Class::Sms, caller.ip, &user.to_string());
    checked?;
    let mut json =
        serde_json::to_vec(&Message { to: to.as_str().to_owned(), text }).map_err(Error::internal)?;
    let sealed = context.sealer.seal(SEAL_CONTEXT, &json);
    json.zeroize();
    let id: SmsId = context.new_id();
    store::insert(tx, &store::New { id, sealed, digest, user, country: country.to_owned(), now, expires_at })
        .await
}

/// Sends what is due, one message after the other, until nothing is due. Answers how many were sent.
pub async fn deliver_due(context: &Context, transport: &dyn SmsTransport) -> Result<usize> {
    let mut sent = 0;
    loop {
        let now = context.now();
        let claimed = context.db.write(async |tx| store::claim(tx, now, now + LEASE).await).await?;
        let Some(claimed) = claimed else { return Ok(sent) };
        sent += usize::from(deliver(context, transport, claimed).await?);
    }
}

/// When the next message wants to be sent, if one is queued.
pub async fn next_due(context: &Context) -> Result<Option<Time>> {
    context.db.read(async |tx| store::next_due(tx).await).await
}

/// Wipes messages whose code has run out and deletes old rows, at most `limit`. Answers how many it touched.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    let now = context.now();
    Ok(store::wipe_expired(tx, now).await? + store::delete_before(tx, now - KEPT, limit).await?)
}

fn country<'a>(context: &'a Context, number: &PhoneNumber) -> Result<&'a str> {
    let settings = context.config.sms.as_ref().ok_or(Code::NotFound)?;
    let allowed = settings.countries.iter().filter(|code| number.as_str().starts_with(code.as_str()));
    allowed.max_by_key(|code| code.len()).map(String::as_str).ok_or_else(|| {
        Error::invalid(vec![FieldError::new(
            "phone_number",
            "invalid",
            "No messages are sent to numbers of that country.",
        )])
    })
}

/// `nth` is when the last message was made that there is room for.
fn ensure_room(nth: Option<Time>, within: Duration, now: Time) -> Result<()> {
    match nth {
        Some(at) => Err(Error::new(Code::RateLimited).with_retry_after((at + within).since(now))),
        None => Ok(()),
    }
}

async fn deliver(context: &Context, transport: &dyn SmsTransport, claimed: store::Claimed) -> Result<bool> {
    let now = context.now();
    let outcome = match open(context, &claimed) {
        Ok(message) => {
            let id = claimed.id.to_string();
            transport.send(OutgoingSms { id, to: message.to, text: message.text, at: now }).await
        }
        Err(error) => Err(SendError::Permanent(error.to_string())),
    };
    let (id, now) = (claimed.id, context.now());
    match outcome {
        Ok(()) => {
            context.db.write(async |tx| store::mark_sent(tx, id, now).await).await?;
            metrics::counter!("sms_sent_total").increment(1);
            Ok(true)
        }
        Err(SendError::Temporary(reason)) => {
            let again = now + back_off(claimed.attempts);
            tracing::warn!(sms = %id, attempts = claimed.attempts, reason, "an SMS could not be sent and will be tried again");
            context.db.write(async |tx| store::mark_retry(tx, id, again, &reason).await).await?;
            metrics::counter!("sms_retried_total").increment(1);
            Ok(false)
        }
        Err(SendError::Permanent(reason)) => {
            tracing::error!(sms = %id, reason, "an SMS was refused for good");
            context.db.write(async |tx| store::mark_failed(tx, id, &reason).await).await?;
            metrics::counter!("sms_failed_total").increment(1);
            Ok(false)
        }
    }
}

fn open(context: &Context, claimed: &store::Claimed) -> Result<Message> {
    let json = context.sealer.open(SEAL_CONTEXT, &claimed.sealed).map_err(Error::internal)?;
    serde_json::from_slice(&json).map_err(Error::internal)
}

/// 2 s, 4 s, 8 s … up to a minute: whoever waits for a code waits now.
fn back_off(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 6) - 1).unwrap_or(0);
    Duration::from_secs(2_u64 << doublings).min(MINUTE)
}
