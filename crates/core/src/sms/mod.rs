//! SMS: rows of an outbox, which a job hands to the operator's provider.
//!
//! Each message costs money and rings in somebody's pocket. So only numbers of the countries that the operator names get one,
//! and they are counted by number, by account and by country in the database itself.

mod number;
mod store;
mod transport;

use std::time::Duration;

use doorward_db::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::store::Counted;
use crate::context::{Caller, Context, SmsId, Time, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::outbox::{Counters, Outbox, SendError, Sender, statements};
use crate::rate_limit::Class;
use crate::seals::SealedColumn;
pub use number::PhoneNumber;
pub use transport::{OutgoingSms, SmsTransport};

/// What is sealed here, for the rotation of the master key.
pub const SEALED: SealedColumn = store::SEALED;

const SEAL_CONTEXT: &[u8] = b"sms";
const OUTBOX: Outbox = Outbox {
    what: "SMS",
    statements: statements!("sms_outbox"),
    seal_context: SEAL_CONTEXT,
    lease: Duration::from_secs(30),
    back_off,
    // As long as anything counts them.
    kept: Duration::from_secs(25 * 60 * 60),
    counters: Counters { sent: "sms_sent_total", retried: "sms_retried_total", failed: "sms_failed_total" },
};
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
    (to, claims): (&PhoneNumber, bool),
    text: String,
    expires_at: Time,
) -> Result<()> {
    let settings = context.config.sms.as_ref().ok_or(Code::NotFound)?;
    let country = country(context, to)?;
    let digest = to.digest(context);
    let now = context.now();
    let checked = async {
        for (most, within) in PER_NUMBER {
            let of = if claims { Counted::Claims(&digest) } else { Counted::Number(&digest) };
            let nth = store::nth(tx, of, now - within, most).await?;
            ensure_room(nth, within, now)?;
        }
        for (most, within) in PER_ACCOUNT {
            let nth = store::nth(tx, Counted::User(user), now - within, most).await?;
            ensure_room(nth, within, now)?;
        }
        let most = i64::from(settings.hourly_per_country);
        let nth = store::nth(tx, Counted::Country(country), now - HOUR, most).await?;
        ensure_room(nth, HOUR, now)
    }
    .await;
    context.refusals.note(&checked, Class::Sms, caller.ip, &user.to_string());
    checked?;
    let sealed = OUTBOX.seal(context, &Message { to: to.as_str().to_owned(), text })?;
    let id: SmsId = context.new_id();
    store::insert(
        tx,
        &store::New { id, sealed, digest, claims, user, country: country.to_owned(), now, expires_at },
    )
    .await
}

/// Sends what is due, one message after the other, until nothing is due. Answers how many were sent.
pub async fn deliver_due(context: &Context, transport: &dyn SmsTransport) -> Result<usize> {
    OUTBOX.deliver_due(context, &Messenger { context, transport }).await
}

struct Messenger<'a> {
    context: &'a Context,
    transport: &'a dyn SmsTransport,
}

impl Sender for Messenger<'_> {
    type Message = Message;

    async fn send(&self, id: Uuid, Message { to, text }: Message) -> Result<(), SendError> {
        let id = SmsId::from_uuid(id).to_string();
        self.transport.send(OutgoingSms { id, to, text, at: self.context.now() }).await
    }
}

/// When the next message wants to be sent, if one is queued.
pub async fn next_due(context: &Context) -> Result<Option<Time>> {
    OUTBOX.next_due(context).await
}

/// Wipes messages whose code has run out and deletes old rows, at most `limit` of each. Answers how many it touched.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    OUTBOX.clean_up(tx, context, limit).await
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

/// 2 s, 4 s, 8 s … up to a minute: whoever waits for a code waits now.
fn back_off(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 6) - 1).unwrap_or(0);
    Duration::from_secs(2_u64 << doublings).min(MINUTE)
}
