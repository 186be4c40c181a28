//! A mail that was read, as a factor. One mail carries a link and a six-digit code, and both are bound to the browser that
//! asked for it: the code works there alone, and so does the link. Opened elsewhere, the link shows a code to be typed where
//! the mail was asked for; who clicks on what a stranger asked for signs nobody in.
//!
//! It is a first factor only. A mailbox is no out-of-band authenticator (NIST SP 800-63B-4, section 3.1.3.1), so it raises no
//! `acr`. An address without an account costs the same work and the same writes.

mod claim;
mod store;

use std::time::Duration;

use doorward_crypto::opaque::{opaque_token, token_hash};
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::{Method, VerifiedFactor};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, EmailSignInId, Id, Time, UserId};
use crate::error::{Code, Error, Result};
use crate::mail::{self, Message};
use crate::rate_limit::Class;
use crate::secret::{self, CODE_LIFE, Found, Issued, Purpose, Tries};
use crate::session::Sessions;
use crate::user::{self, EmailAddress};
use crate::user_agent::Client;

/// How long a sign-in waits for its mail to be read. The link and the code hold for less: [`CODE_LIFE`].
pub const LIFE: Duration = Duration::from_secs(60 * 60);

/// A mail that somebody asks for.
pub struct Asked<'a> {
    pub email: &'a str,
    pub remember: bool,
    /// Where to go afterwards. Whether anybody may be sent there, the caller has checked.
    pub redirect_to: Option<&'a str>,
    /// The sign-in that was under way in the same browser: the new one takes its place.
    pub former: Option<&'a SecretString>,
}

/// The factor of somebody who read the mail, and what they asked for when they asked for it.
#[derive(Debug)]
pub struct Proved {
    pub factor: VerifiedFactor,
    pub remember: bool,
    pub redirect_to: Option<String>,
}

/// What a link would do, for the page that shows its button. Looking uses nothing up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// Asked for in this browser: one click signs in.
    Mine { email: String },
    /// Asked for elsewhere, or by somebody else: one click shows a code for that browser.
    Elsewhere(AskedBy),
}

/// Who asked for a mail, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedBy {
    pub email: String,
    /// What the client said that it is: `Firefox on Linux`.
    pub device: String,
    /// Its address, with its place where that is known.
    pub place: String,
    pub at: Time,
}

/// A code for the browser that asked.
pub struct ShownCode {
    pub code: SecretString,
    pub expires_at: Time,
    pub asked_by: AskedBy,
}

/// A sign-in that waits for its mail to be read.
struct Flow {
    id: EmailSignInId,
    /// Of the token that ties it to the browser.
    hash: Vec<u8>,
    email: String,
    email_key: String,
    user: Option<UserId>,
    epoch: i64,
    remember: bool,
    redirect_to: Option<String>,
    user_agent: Option<String>,
    client_hints: Option<String>,
    ip: Option<String>,
    created_at: Time,
}

/// Mails a link and a code to the address, where it has an account. Answers alike for every address, after the same work,
/// with the token that ties both to whoever asked.
///
/// # Errors
/// `validation_failed` for what is no address, `rate_limited`; `not_found` where the settings switch it off.
pub async fn start(context: &Context, caller: &Caller, asked: &Asked<'_>) -> Result<SecretString> {
    ensure_on(context)?;
    let email = EmailAddress::parse("email", asked.email).map_err(|error| Error::invalid(vec![error]))?;
    context.limit(Class::Mail, caller, email.key()).await?;
    let flow_token = opaque_token("", &*context.rng);
    let (id, hash) = (context.new_id(), token_hash(flow_token.expose_secret()).to_vec());
    context
        .db
        .write(async |tx| {
            end_former(tx, context, asked.former).await?;
            let user = user::find_by_email(tx, &email).await?;
            let now = context.now();
            let flow = Flow {
                id,
                hash: hash.clone(),
                email: email.as_str().to_owned(),
                email_key: email.key().to_owned(),
                user: user.as_ref().map(|user| user.id),
                epoch: user.as_ref().map_or(0, |user| user.epoch),
                remember: asked.remember,
                redirect_to: asked.redirect_to.map(str::to_owned),
                user_agent: None,
                client_hints: None,
                ip: None,
                created_at: now,
            };
            store::insert(tx, &flow, caller, now, now + LIFE).await?;
            let issued =
                secret::issue(tx, context, Purpose::SignIn, id.uuid(), email.key(), CODE_LIFE).await?;
            let message = letter(context, caller, &issued);
            let event = Event::new(EventType::SignInMailAsked);
            let event = match &user {
                Some(user) => {
                    // To the account's own mailbox: what was typed may be somebody else's that only looks alike.
                    mail::queue(tx, context, &user.email, message).await?;
                    event.on(user.id)
                }
                None => {
                    mail::queue_nothing(tx, context, message).await?;
                    event.failed().with("identifier_digest", audit::digest(context, email.key()))
                }
            };
            audit::record(tx, context, caller, event).await
        })
        .await?;
    Ok(flow_token)
}

/// The address that a flow waits for, as it was typed.
pub async fn waiting_for(context: &Context, flow_token: &SecretString) -> Result<Option<String>> {
    ensure_on(context)?;
    let flow = context.db.read(async |tx| find_flow(tx, context, Some(flow_token)).await).await?;
    Ok(flow.map(|flow| flow.email))
}

/// Proves by the code, within the flow that asked for it.
///
/// # Errors
/// `invalid_or_expired_code`, `rate_limited`; `not_found` where the settings switch it off.
pub async fn by_code(
    sessions: &Sessions,
    caller: &Caller,
    email: &str,
    code: &str,
    flow_token: Option<&SecretString>,
) -> Result<Proved> {
    let context = sessions.context();
    ensure_on(context)?;
    let email = EmailAddress::parse("email", email).map_err(|error| Error::invalid(vec![error]))?;
    // Whoever has no flow must not use up the attempts of whoever has one.
    let key = flow_token.map_or_else(
        || format!("nobody {}", email.key()),
        |token| audit::digest(context, token.expose_secret()),
    );
    context.limit(Class::Proof, caller, &key).await?;
    let proved = context
        .db
        .write(async |tx| {
            let flow = find_flow(tx, context, flow_token).await?;
            let flow = flow.filter(|flow| flow.email_key == email.key());
            let subject = flow.as_ref().map(|flow| flow.id.uuid());
            let tries =
                if flow.is_some() { Tries::Address(email.key()) } else { Tries::Elsewhere(email.key()) };
            let tried =
                secret::try_code(tx, context, Purpose::SignIn, subject, email.key(), (tries, caller), code)
                    .await?;
            match (tried, &flow) {
                (Ok(found), Some(flow)) => {
                    let proved = use_up(tx, context, caller, found, flow, Method::EmailCode).await?;
                    Ok(proved.ok_or_else(|| Error::new(Code::InvalidOrExpiredCode)))
                }
                (Ok(_), None) => Ok(Err(Error::new(Code::InvalidOrExpiredCode))),
                (Err(refusal), _) => {
                    if secret::is_wrong_code(&refusal) {
                        let user = flow.as_ref().and_then(|flow| flow.user);
                        note_failure(tx, context, caller, user, email.key()).await?;
                    }
                    Ok::<_, Error>(Err(refusal))
                }
            }
        })
        .await??;
    Ok(settled(sessions, proved))
}

/// Proves by the link, in the browser that asked for it.
///
/// # Errors
/// `invalid_or_expired_token`, also where it was asked for elsewhere, which uses nothing up; `rate_limited`; `not_found`
/// where the settings switch it off.
pub async fn by_link(
    sessions: &Sessions,
    caller: &Caller,
    token: &str,
    flow_token: Option<&SecretString>,
) -> Result<Proved> {
    let context = sessions.context();
    ensure_on(context)?;
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    let proved = context
        .db
        .write(async |tx| {
            let (found, flow) = find_link(tx, context, token).await?;
            if !is_mine(&flow, flow_token) {
                return Err(Error::new(Code::InvalidOrExpiredToken).with_detail(
                    "This link was asked for in another browser. Open it there, or type the mail's code there.",
                ));
            }
            use_up(tx, context, caller, found, &flow, Method::EmailLink).await
        })
        .await?;
    Ok(settled(sessions, proved.ok_or(Code::InvalidOrExpiredToken)?))
}

/// What a link would do. Looking uses nothing up.
///
/// # Errors
/// `invalid_or_expired_token`; `not_found` where the settings switch it off.
pub async fn look_at_link(
    context: &Context,
    token: &str,
    flow_token: Option<&SecretString>,
) -> Result<LinkState> {
    ensure_on(context)?;
    let (_, flow) = context.db.read(async |tx| find_link(tx, context, token).await).await?;
    Ok(if is_mine(&flow, flow_token) {
        LinkState::Mine { email: flow.email }
    } else {
        LinkState::Elsewhere(asked_by(context, flow))
    })
}

/// Uses a link up that was opened elsewhere, for a code that signs in the browser that asked, and nobody else. The code of
/// the mail ends with it.
///
/// # Errors
/// `invalid_or_expired_token`, `rate_limited`; `not_found` where the settings switch it off.
pub async fn show_code(context: &Context, caller: &Caller, token: &str) -> Result<ShownCode> {
    ensure_on(context)?;
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    context
        .db
        .write(async |tx| {
            let (found, flow) = find_link(tx, context, token).await?;
            secret::consume(tx, context, found).await?.ok_or(Code::InvalidOrExpiredToken)?;
            let (purpose, subject) = (Purpose::SignIn, flow.id.uuid());
            let issued = secret::issue(tx, context, purpose, subject, &flow.email_key, CODE_LIFE).await?;
            let event = Event::new(EventType::SignInCodeShown);
            let event = event.on_whom(context, flow.user, &flow.email_key);
            audit::record(tx, context, caller, event).await?;
            Ok(ShownCode {
                code: issued.code,
                expires_at: context.now() + CODE_LIFE,
                asked_by: asked_by(context, flow),
            })
        })
        .await
}

/// Deletes at most `limit` sign-ins that have run out. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_expired(tx, context.now(), limit).await
}

fn ensure_on(context: &Context) -> Result<()> {
    if context.config.sign_in.email { Ok(()) } else { Err(Code::NotFound.into()) }
}

async fn end_former(tx: &mut Tx<'_>, context: &Context, former: Option<&SecretString>) -> Result<()> {
    let Some(flow) = find_flow(tx, context, former).await? else { return Ok(()) };
    store::end(tx, flow.id, context.now()).await?;
    secret::end_all(tx, context, Purpose::SignIn, flow.id.uuid()).await
}

async fn find_flow(
    tx: &mut Tx<'_>,
    context: &Context,
    flow_token: Option<&SecretString>,
) -> Result<Option<Flow>> {
    match flow_token {
        Some(token) => store::by_flow(tx, &token_hash(token.expose_secret()), context.now()).await,
        None => Ok(None),
    }
}

async fn find_link(tx: &mut Tx<'_>, context: &Context, token: &str) -> Result<(Found, Flow)> {
    let found = secret::find_link(tx, context, Purpose::SignIn, token).await?;
    let flow = store::by_id(tx, Id::from_uuid(found.subject), context.now()).await?;
    Ok((found, flow.ok_or(Code::InvalidOrExpiredToken)?))
}

fn is_mine(flow: &Flow, flow_token: Option<&SecretString>) -> bool {
    flow_token.is_some_and(|token| {
        bool::from(token_hash(token.expose_secret()).as_slice().ct_eq(flow.hash.as_slice()))
    })
}

/// Of many at once one gets the factor. `None` also where the account is not any more what it was when the mail went out:
/// its address was changed, its sessions were ended, it is gone.
async fn use_up(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    found: Found,
    flow: &Flow,
    method: Method,
) -> Result<Option<Proved>> {
    if secret::consume(tx, context, found).await?.is_none()
        || tx.consume_once(&store::FLOW, flow.id, context.now().micros()).await?.is_none()
    {
        return Ok(None);
    }
    let Some(id) = flow.user else { return Ok(None) };
    let user = user::find(tx, id).await?;
    let Some(user) = user.filter(|user| user.email_key == flow.email_key && user.epoch == flow.epoch) else {
        return Ok(None);
    };
    let user = if user.email_verified { user } else { claim::claim(tx, context, caller, &user).await? };
    let factor =
        VerifiedFactor { user: user.id, method, epoch: Some(user.epoch), attempt: None, second: None };
    Ok(Some(Proved { factor, remember: flow.remember, redirect_to: flow.redirect_to.clone() }))
}

/// A claimed account is not any more what this process remembers of it.
fn settled(sessions: &Sessions, proved: Proved) -> Proved {
    sessions.forget_user(proved.factor.user());
    proved
}

async fn note_failure(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    user: Option<UserId>,
    email_key: &str,
) -> Result<()> {
    let event = Event::new(EventType::SignIn).failed().with("method", Method::EmailCode.as_str());
    audit::record(tx, context, caller, event.on_whom(context, user, email_key)).await
}

fn asked_by(context: &Context, flow: Flow) -> AskedBy {
    AskedBy {
        device: Client::of(flow.user_agent.as_deref(), flow.client_hints.as_deref()).name(),
        place: context.address_in_words(flow.ip.as_deref()),
        at: flow.created_at,
        email: flow.email,
    }
}

fn letter(context: &Context, caller: &Caller, issued: &Issued) -> Message {
    let expires_at = (context.now() + CODE_LIFE).micros();
    Message::SignIn {
        link: context.config.page_link(&format!("/sign-in/link?token={}", issued.link_token.expose_secret())),
        code: issued.code.expose_secret().to_owned(),
        link_expires_at: expires_at,
        code_expires_at: expires_at,
        device: caller.client().name(),
        place: context.address_in_words(caller.ip_text().as_deref()),
    }
}
