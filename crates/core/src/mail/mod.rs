//! Mails: rows of an outbox, which a job renders and hands to the mail server, and in development the mailbox that catches them.

mod store;
pub mod templates;
mod transport;

use std::time::Duration;

use doorward_db::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroize;

use crate::context::{Context, MailId, Time};
use crate::error::{Error, Result};
use crate::outbox::{Counters, Outbox, SendError, Sender, statements};
use crate::seals::SealedColumn;
pub use transport::{OutgoingMail, Transport};

/// What is sealed here, for the rotation of the master key.
pub const SEALED_OUTBOX: SealedColumn = store::SEALED_OUTBOX;
pub const SEALED_CAUGHT: SealedColumn = store::SEALED_CAUGHT;

const SEAL_CONTEXT: &[u8] = b"mail";
const SEAL_CONTEXT_CAUGHT: &[u8] = b"caught mail";
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
const OUTBOX: Outbox = Outbox {
    what: "mail",
    statements: statements!("outbox"),
    seal_context: SEAL_CONTEXT,
    lease: Duration::from_secs(60),
    back_off,
    kept: Duration::from_secs(7 * 24 * 60 * 60),
    counters: Counters {
        sent: "mails_sent_total",
        retried: "mails_retried_total",
        failed: "mails_failed_total",
    },
};

/// What a mail tells. It is sealed as JSON until it is sent.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Message {
    VerifyEmail {
        link: String,
        code: String,
        link_expires_at: i64,
        code_expires_at: i64,
    },
    AddressKnown {
        sign_in_link: String,
        reset_link: String,
    },
    ResetPassword {
        link: String,
        code: String,
        link_expires_at: i64,
        code_expires_at: i64,
    },
    SignIn {
        link: String,
        code: String,
        link_expires_at: i64,
        code_expires_at: i64,
        device: String,
        place: String,
    },
    /// A password that was set before the address was verified is gone.
    PasswordRemoved {
        reset_link: String,
    },
    ConfirmIdentity {
        code: String,
        code_expires_at: i64,
        device: String,
        place: String,
    },
    ChangeEmail {
        link: String,
        code: String,
        link_expires_at: i64,
        code_expires_at: i64,
    },
    EmailChanged {
        at: i64,
        device: String,
        place: String,
        undo_link: String,
        link_expires_at: i64,
    },
    AccountClosed {
        restore_link: String,
        deletes_at: i64,
        device: String,
        place: String,
    },
    Recovery {
        stage: RecoveryStage,
        asked_at: i64,
        ready_at: i64,
        expires_at: i64,
        device: String,
        place: String,
        cancel_link: String,
        /// At the end alone.
        complete_link: String,
        not_me_link: String,
        not_me_expires_at: i64,
    },
    Alarm {
        alarm: Alarm,
        at: i64,
        device: String,
        place: String,
        not_me_link: String,
        link_expires_at: i64,
    },
}

/// How far a recovery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryStage {
    Asked,
    Halfway,
    Ready,
}

/// Something that an account's owner may not have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    NewDevice,
    PasswordChanged,
    PasswordRemoved,
    PhoneAdded,
    PhoneRemoved,
    /// A refresh token was used that had been replaced before.
    RefreshReused,
    FactorAdded,
    FactorRemoved,
    BackupCodesMade,
    BackupCodeUsed,
    PasskeyAdded,
    PasskeyRemoved,
    /// A passkey's counter did not rise.
    PasskeyCloned,
}

impl Message {
    const fn template(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::AddressKnown { .. } => "address_known",
            Self::ResetPassword { .. } => "reset_password",
            Self::SignIn { .. } => "sign_in",
            Self::PasswordRemoved { .. } => "password_removed",
            Self::ConfirmIdentity { .. } => "confirm_identity",
            Self::ChangeEmail { .. } => "change_email",
            Self::EmailChanged { .. } => "email_changed",
            Self::AccountClosed { .. } => "account_closed",
            Self::Recovery { .. } => "recovery",
            Self::Alarm { alarm, .. } => alarm.template(),
        }
    }
}

impl Alarm {
    #[cfg(test)]
    const ALL: &'static [Self] = &[
        Self::NewDevice,
        Self::PasswordChanged,
        Self::PasswordRemoved,
        Self::RefreshReused,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::BackupCodesMade,
        Self::BackupCodeUsed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeyCloned,
        Self::PhoneAdded,
        Self::PhoneRemoved,
    ];

    const fn template(self) -> &'static str {
        match self {
            Self::NewDevice => "new_device",
            Self::PasswordChanged => "password_changed",
            Self::PasswordRemoved => "password_taken_away",
            Self::PhoneAdded => "phone_added",
            Self::PhoneRemoved => "phone_removed",
            Self::RefreshReused => "refresh_reused",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::BackupCodesMade => "backup_codes_made",
            Self::BackupCodeUsed => "backup_code_used",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::PasskeyCloned => "passkey_cloned",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Letter {
    to: String,
    message: Message,
}

/// Queues a mail to one address, as it was typed. It is sent when, and only when, the unit of work commits.
pub async fn queue(tx: &mut Tx<'_>, context: &Context, to: &str, message: Message) -> Result<()> {
    let template = message.template();
    insert(tx, context, "queued", template, &Letter { to: to.to_owned(), message }).await
}

/// Writes what a mail would have written, and sends nothing: an unknown address costs what a known one costs.
pub async fn queue_nothing(tx: &mut Tx<'_>, context: &Context, message: Message) -> Result<()> {
    let template = message.template();
    insert(tx, context, "void", template, &Letter { to: String::new(), message }).await
}

/// Sends what is due, one mail after the other, until nothing is due. Answers how many were sent.
pub async fn deliver_due(context: &Context, transport: &dyn Transport) -> Result<usize> {
    OUTBOX.deliver_due(context, &Postman { context, transport }).await
}

struct Postman<'a> {
    context: &'a Context,
    transport: &'a dyn Transport,
}

impl Sender for Postman<'_> {
    type Message = Letter;

    async fn send(&self, id: Uuid, letter: Letter) -> Result<(), SendError> {
        let mail =
            render(self.context, id, letter).map_err(|error| SendError::Permanent(error.to_string()))?;
        self.transport.send(mail).await
    }
}

/// As [`deliver_due`], and waits for a moment for what another sender has under way: what was queued before the call has
/// arrived after it.
pub async fn deliver_and_settle(context: &Context, transport: &dyn Transport) -> Result<()> {
    for _ in 0..100 {
        deliver_due(context, transport).await?;
        if queued(context).await? == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// When the next mail wants to be sent, if one is queued.
pub async fn next_due(context: &Context) -> Result<Option<Time>> {
    OUTBOX.next_due(context).await
}

/// How many mails are queued: for readiness and metrics.
pub async fn queued(context: &Context) -> Result<i64> {
    OUTBOX.queued(context).await
}

/// Wipes mails that ran out and deletes old rows, at most `limit` of each. Answers how many it touched.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    OUTBOX.clean_up(tx, context, limit).await
}

/// Keeps a mail for the developer's mailbox in place of sending it.
pub async fn catch(context: &Context, mail: &OutgoingMail) -> Result<()> {
    let mut json = serde_json::to_vec(mail).map_err(Error::internal)?;
    let sealed = context.sealer.seal(SEAL_CONTEXT_CAUGHT, &json);
    json.zeroize();
    // Its own id: a mail that is sent twice is caught once, and the order is that of the queue.
    let id = MailId::parse(&mail.id).unwrap_or_else(|| context.new_id());
    let now = context.now();
    context.db.write(async |tx| store::insert_caught(tx, id, &sealed, now).await).await
}

/// The caught mails, newest first.
pub async fn caught(context: &Context, limit: i64) -> Result<Vec<(MailId, Time, OutgoingMail)>> {
    let rows = context.db.read(async |tx| store::caught(tx, limit).await).await?;
    rows.into_iter()
        .map(|(id, created_at, sealed)| {
            let json = context.sealer.open(SEAL_CONTEXT_CAUGHT, &sealed).map_err(Error::internal)?;
            Ok((id, created_at, serde_json::from_slice(&json).map_err(Error::internal)?))
        })
        .collect()
}

async fn insert(
    tx: &mut Tx<'_>,
    context: &Context,
    state: &'static str,
    template: &'static str,
    letter: &Letter,
) -> Result<()> {
    let sealed = if state == "queued" { Some(OUTBOX.seal(context, letter)?) } else { None };
    let now = context.now();
    store::insert(tx, context.new_id(), state, template, sealed, now, now + LIFE).await
}

fn render(context: &Context, id: Uuid, letter: Letter) -> Result<OutgoingMail> {
    let rendered = templates::render(&context.config, &letter.to, &letter.message)?;
    Ok(OutgoingMail {
        id: MailId::from_uuid(id).to_string(),
        from: context.config.mail.from.clone(),
        to: letter.to,
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
    })
}

/// 10 s, 20 s, 40 s … up to an hour.
fn back_off(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    Duration::from_secs((10_u64 << doublings).min(3600))
}
