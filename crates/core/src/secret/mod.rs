//! What a mail carries to prove that it was read: a link of 256 bits, and for some purposes a six-digit code as well.
//! Either is used once, and every use goes through `consume_once`. A code is kept as a keyed MAC (a bare hash of six
//! digits is no secret), bound to its purpose, its subject and the address; a new code ends the old one.

mod store;

use std::time::Duration;

use doorward_crypto::opaque::{one_time_code, opaque_token, token_hash};
use doorward_crypto::rng::random;
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::context::{Caller, Context, Time, UserId};
use crate::error::{Code, Error, Result};
use crate::refusals::{By, Whose};

pub const CODE_LIFE: Duration = Duration::from_secs(10 * 60);
const CODE_TRIES: i64 = 5;
const ACCOUNT_FAILURES_PER_HOUR: i64 = 20;
const HOUR: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The subject is a pending sign-up.
    SignUp,
    /// The subject is a user whose address waits to be verified.
    VerifyEmail,
    /// The subject is a user who forgot the password.
    ResetPassword,
    /// The subject is this installation, which has no administrator yet.
    FirstAdmin,
    /// The subject is a user who was told of something that they may not have done.
    NotMe,
    /// The subject is a sign-in that waits for its mail to be read.
    SignIn,
    /// The subject is a phone number that waits for its code.
    VerifyPhone,
    /// The subject is a sign-in that waits for its second factor.
    SmsFactor,
    /// The subject is a session whose owner confirms that it is still them.
    Reauthenticate,
    /// The subject is a change of address that waits for its confirmation.
    ChangeEmail,
    /// The subject is a change of address that happened.
    UndoEmail,
    /// The subject is a user who closed the account.
    RestoreAccount,
    /// The subject is a recovery of lost factors, for either.
    CancelRecovery,
    CompleteRecovery,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::FirstAdmin => "first_admin",
            Self::NotMe => "not_me",
            Self::SignIn => "sign_in",
            Self::VerifyPhone => "verify_phone",
            Self::SmsFactor => "sms_factor",
            Self::Reauthenticate => "reauthenticate",
            Self::ChangeEmail => "change_email",
            Self::UndoEmail => "undo_email",
            Self::RestoreAccount => "restore_account",
            Self::CancelRecovery => "cancel_recovery",
            Self::CompleteRecovery => "complete_recovery",
        }
    }
}

/// Whose wrong codes are counted together, 20 an hour. Who knows no more than an address must not use up the tries of those who
/// are further in; and what is counted where must not depend on whether the address has an account.
#[derive(Debug, Clone, Copy)]
pub enum Tries<'a> {
    /// Of every code that was mailed to an address, for those who have proved nothing yet.
    Address(&'a str),
    /// Without the flow that the code was asked for in, where it can't be right.
    Elsewhere(&'a str),
    /// Those of whoever has proved an account's first factor.
    FirstFactor(UserId),
    /// Those of an account's sessions.
    Session(UserId),
}

impl Tries<'_> {
    fn whose(self) -> Whose {
        Whose::Named(match self {
            Self::Address(key) | Self::Elsewhere(key) => key.to_owned(),
            Self::FirstFactor(user) | Self::Session(user) => user.to_string(),
        })
    }

    fn key(self) -> String {
        match self {
            Self::Address(key) => format!("address {key}"),
            Self::Elsewhere(key) => format!("elsewhere {key}"),
            Self::FirstFactor(user) => format!("first factor {user}"),
            Self::Session(user) => format!("session {user}"),
        }
    }
}

/// What goes into the mail, once.
pub struct Issued {
    pub link_token: SecretString,
    pub code: SecretString,
}

/// A secret that was found and is still good, not yet used.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    id: Uuid,
    pub purpose: Purpose,
    pub subject: Uuid,
    /// When it was mailed.
    pub created_at: Time,
}

/// Makes a link and a code for a subject. The link lives for `life`, the code for ten minutes; earlier codes of the
/// subject end, earlier links stay good until one of them is used.
pub async fn issue(
    tx: &mut Tx<'_>,
    context: &Context,
    purpose: Purpose,
    subject: Uuid,
    account_key: &str,
    life: Duration,
) -> Result<Issued> {
    let link_token = opaque_token("", &*context.rng);
    let code = one_time_code(&*context.rng);
    let now = context.now();
    store::end_codes(tx, purpose.as_str(), subject).await?;
    store::insert(
        tx,
        &store::NewSecret {
            id: Uuid::from_bytes(random(&*context.rng)),
            purpose: purpose.as_str(),
            subject,
            link_hash: token_hash(link_token.expose_secret()),
            code: Some((code_mac(context, purpose, subject, account_key, &code), now + CODE_LIFE)),
            created_at: now,
            expires_at: now + life,
        },
    )
    .await?;
    Ok(Issued { link_token, code: SecretString::from(code) })
}

/// Makes a link without a code. Earlier links of the subject stay good until one of them is used.
pub async fn issue_link(
    tx: &mut Tx<'_>,
    context: &Context,
    purpose: Purpose,
    subject: Uuid,
    life: Duration,
) -> Result<SecretString> {
    let link_token = opaque_token("", &*context.rng);
    let now = context.now();
    store::insert(
        tx,
        &store::NewSecret {
            id: Uuid::from_bytes(random(&*context.rng)),
            purpose: purpose.as_str(),
            subject,
            link_hash: token_hash(link_token.expose_secret()),
            code: None,
            created_at: now,
            expires_at: now + life,
        },
    )
    .await?;
    Ok(link_token)
}

/// Looks a link up without using it.
pub async fn find_link(tx: &mut Tx<'_>, context: &Context, purpose: Purpose, token: &str) -> Result<Found> {
    let found = store::by_link(tx, purpose.as_str(), &token_hash(token), context.now()).await?;
    found
        .map(|(id, subject, created_at)| Found { id, purpose, subject, created_at })
        .ok_or_else(|| Code::InvalidOrExpiredToken.into())
}

/// When the oldest of a subject's links was mailed that has not run out, whether it was used or not.
pub async fn oldest_link(
    tx: &mut Tx<'_>,
    context: &Context,
    purpose: Purpose,
    subject: Uuid,
) -> Result<Option<Time>> {
    store::oldest_link(tx, purpose.as_str(), subject, context.now()).await
}

/// Compares a code with the subject's newest, and counts the try first. The count must last: the caller's unit of work
/// has to commit whatever the answer is, which is why a wrong code is a value and not an error.
pub async fn try_code(
    tx: &mut Tx<'_>,
    context: &Context,
    purpose: Purpose,
    subject: Option<Uuid>,
    account_key: &str,
    (tries, caller): (Tries<'_>, &Caller),
    code: &str,
) -> Result<Result<Found>> {
    let code = &digits(code);
    let now = context.now();
    let wrong = || Ok(Err(Error::new(Code::InvalidOrExpiredCode)));
    let counted = &tries.key();
    if let Some(at) = store::nth_failure(tx, counted, now - HOUR, ACCOUNT_FAILURES_PER_HOUR).await? {
        // There is room again when that one is an hour ago.
        let refusal = Error::new(Code::RateLimited).with_retry_after((at + HOUR).since(now));
        context.refusals.note_error(&refusal, By::Code, caller.ip, || tries.whose());
        return Ok(Err(refusal));
    }
    // An unknown address takes the same steps as a known one, with a subject that has no code.
    let subject = subject.unwrap_or_else(|| Uuid::from_bytes(random(&*context.rng)));
    let tried = store::count_try(tx, purpose.as_str(), subject, now, CODE_TRIES).await?;
    let data = [purpose.as_str().as_bytes(), subject.as_bytes(), account_key.as_bytes(), code.as_bytes()];
    let (id, mac) = tried.map_or((None, Vec::new()), |(id, mac)| (Some(id), mac));
    let right = context.sealer.verify_mac("one-time code", &data, &mac);
    match id {
        Some(id) if right => Ok(Ok(Found { id, purpose, subject, created_at: now })),
        _ => {
            store::insert_failure(tx, Uuid::from_bytes(random(&*context.rng)), counted, now).await?;
            wrong()
        }
    }
}

/// Whether a code was refused because it was wrong, which its own event tells of. What a limit refuses is not looked at, and
/// counted among the refusals alone: a flood must not fill the audit log.
pub fn is_wrong_code(refusal: &Error) -> bool {
    refusal.code() == Code::InvalidOrExpiredCode
}

/// A code as people type it, without what they put between its digits: `123 456`.
pub fn digits(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

/// The proof that a mail was read: only using a secret up makes one.
#[derive(Debug)]
pub struct Consumed {
    purpose: Purpose,
    subject: Uuid,
}

impl Consumed {
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub fn subject(&self) -> Uuid {
        self.subject
    }
}

/// Uses a secret up: of many at once, one wins, and the others get `None`. Every other secret of the same purpose and
/// subject ends with it.
pub async fn consume(tx: &mut Tx<'_>, context: &Context, found: Found) -> Result<Option<Consumed>> {
    let now = context.now();
    if tx.consume_once(&store::SECRET, found.id, now.micros()).await?.is_none() {
        return Ok(None);
    }
    store::end_all(tx, found.purpose.as_str(), found.subject, now).await?;
    Ok(Some(Consumed { purpose: found.purpose, subject: found.subject }))
}

/// Ends every unused secret of a subject.
pub async fn end_all(tx: &mut Tx<'_>, context: &Context, purpose: Purpose, subject: Uuid) -> Result<()> {
    store::end_all(tx, purpose.as_str(), subject, context.now()).await
}

/// Deletes every secret of a subject that is no more.
pub async fn end_all_of(tx: &mut Tx<'_>, subject: Uuid) -> Result<()> {
    store::delete_all_of(tx, subject).await
}

/// Deletes at most `limit` secrets and failure counts that no longer matter. Answers how many it deleted.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    let now = context.now();
    Ok(store::delete_expired(tx, now, limit).await? + store::delete_failures(tx, now - HOUR, limit).await?)
}

fn code_mac(context: &Context, purpose: Purpose, subject: Uuid, account_key: &str, code: &str) -> [u8; 32] {
    let data = [purpose.as_str().as_bytes(), subject.as_bytes(), account_key.as_bytes(), code.as_bytes()];
    context.sealer.mac("one-time code", &data)
}
