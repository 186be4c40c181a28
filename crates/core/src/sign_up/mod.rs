//! Signing up. A sign-up waits as a pending row and becomes an account when its mail was read; until then it reserves
//! neither address nor username, and two of one address do not disturb each other. A known address costs the same work
//! and the same writes as an unknown one.

mod confirm;
mod store;

use std::time::Duration;

use doorward_crypto::opaque::{opaque_token, token_hash};
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};

use crate::audit::{self, Event, EventType};
use crate::challenge;
use crate::config::VerifyEmail;
use crate::context::{Caller, Context, PendingId};
use crate::error::{Code, Error, FieldError, Result};
use crate::mail::{self, Message};
use crate::rate_limit::Class;
use crate::secret::{self, CODE_LIFE, Issued, Purpose};
use crate::session::Sessions;
use crate::sign_in::VerifiedFactor;
use crate::sign_in::flow::{self, Entry, Outcome};
use crate::user::{self, EmailAddress, NewUser, User, Username};
pub use confirm::{
    Confirmation, Confirmed, LinkState, PasswordElsewhere, confirm_code, confirm_link, look_at_link,
};

/// How long a sign-up waits, and its link holds.
pub const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

const FLOOD_WINDOW: Duration = Duration::from_secs(10 * 60);

/// What a person typed.
pub struct SignUp {
    pub email: String,
    pub password: SecretString,
    pub username: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    /// Where the settings let people in at once.
    pub entry: Entry,
    pub challenge_response: Option<String>,
    /// A challenge that a browser without script has waited with.
    pub waited_with: Option<String>,
    /// Where to go on from the link of the mail, if it is opened in the browser that signs up.
    pub redirect_to: Option<String>,
}

pub enum Started {
    /// A mail was sent. The token ties what comes next to whoever began.
    VerifyEmail { flow_token: SecretString },
    /// The settings let people in before their address is verified.
    Entered(Outcome),
}

/// Begins a sign-up.
///
/// # Errors
/// `validation_failed` with every field at fault, `rate_limited`, `challenge_required`, `overloaded`; `conflict` for a known address, only
/// where the settings let people in before their address is verified.
pub async fn start(sessions: &Sessions, caller: &Caller, sign_up: &SignUp) -> Result<Started> {
    let context = sessions.context();
    let new = parse(context, sign_up)?;
    if new.username.is_some() {
        context.limit(Class::Username, caller, new.email.key()).await?;
    }
    if let Some(username) = &new.username
        && context.db.read(async |tx| user::is_username_taken(tx, username).await).await?
    {
        return Err(user::username_taken());
    }
    context.limit(Class::SignUp, caller, new.email.key()).await?;
    ensure_no_flood(context, caller, sign_up).await?;
    let new = NewUser {
        password_hash: Some(user::hash_new_password(context, "password", &new.password).await?),
        ..new.user()
    };
    match context.config.sign_up.verify_email {
        VerifyEmail::First => wait_for_mail(context, caller, &new, sign_up.redirect_to.as_deref()).await,
        VerifyEmail::Later => enter_at_once(sessions, caller, &new, sign_up.entry).await,
    }
}

/// Where many sign up at once, each proves some work first.
async fn ensure_no_flood(context: &Context, caller: &Caller, sign_up: &SignUp) -> Result<()> {
    let settings = &context.config.challenge;
    let solved = challenge::redeem(context, sign_up.challenge_response.as_deref()).await?.is_some();
    if !settings.enabled || solved {
        return Ok(());
    }
    let (since, most) = (context.now() - FLOOD_WINDOW, i64::from(settings.sign_ups_above));
    let recent = context.db.read(async |tx| store::begun_since(tx, since, most + 1).await).await?;
    match &sign_up.waited_with {
        _ if recent < most => Ok(()),
        Some(challenge) => challenge::redeem_by_waiting(context, caller, challenge).await.map(drop),
        None => Err(Code::ChallengeRequired.into()),
    }
}

/// The address of the sign-up that a flow waits for.
pub async fn waiting_for(context: &Context, flow_token: &SecretString) -> Result<Option<String>> {
    let hash = token_hash(flow_token.expose_secret());
    let now = context.now();
    let pending = context.db.read(async |tx| store::by_flow(tx, &hash, now).await).await?;
    Ok(pending.map(|pending| pending.email))
}

/// Sends the mail of a waiting sign-up, or of an account whose address is not verified, once more. Answers alike for
/// every address.
pub async fn resend(
    context: &Context,
    caller: &Caller,
    email: &str,
    flow_token: Option<&SecretString>,
) -> Result<()> {
    let email = EmailAddress::parse("email", email).map_err(|error| Error::invalid(vec![error]))?;
    context.limit(Class::Mail, caller, email.key()).await?;
    let flow_hash = flow_token.map(|token| token_hash(token.expose_secret()));
    context
        .db
        .write(async |tx| {
            let pending = match &flow_hash {
                Some(hash) => store::by_flow(tx, hash, context.now()).await?,
                None => None,
            };
            let pending = match pending.filter(|pending| pending.email_key == email.key()) {
                None => store::newest(tx, email.key(), context.now()).await?,
                mine => mine,
            };
            let user = user::find_by_email(tx, &email).await?;
            let (purpose, subject, recipient) = match (&user, &pending) {
                (None, Some(pending)) => (Purpose::SignUp, pending.id.uuid(), Some(pending.email.clone())),
                (Some(user), _) if !user.email_verified => {
                    (Purpose::VerifyEmail, user.id.uuid(), Some(user.email.clone()))
                }
                _ => (Purpose::SignUp, context.new_id::<crate::context::PendingKind>().uuid(), None),
            };
            let issued = secret::issue(tx, context, purpose, subject, email.key(), LIFE).await?;
            let message = verification(context, &issued);
            match &recipient {
                Some(to) => mail::queue(tx, context, to, message).await?,
                None => mail::queue_nothing(tx, context, message).await?,
            }
            let event = Event::new(EventType::VerificationSent);
            let event = event.on_whom(context, user.as_ref().map(|user| user.id), email.key());
            audit::record(tx, context, caller, event).await
        })
        .await
}

/// Deletes at most `limit` sign-ups that were confirmed or have run out. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_expired(tx, context.now(), limit).await
}

struct Parsed {
    email: EmailAddress,
    password: SecretString,
    username: Option<Username>,
    profile: user::Profile,
}

impl Parsed {
    fn user(self) -> NewUser {
        NewUser {
            email: self.email,
            email_verified: false,
            username: self.username,
            profile: self.profile,
            password_hash: None,
        }
    }
}

/// All that is wrong is told at once.
fn parse(context: &Context, sign_up: &SignUp) -> Result<Parsed> {
    let mut errors: Vec<FieldError> = Vec::new();
    let mut noted = |error| errors.push(error);
    let email = EmailAddress::parse("email", &sign_up.email).map_err(&mut noted).ok();
    let username = sign_up.username.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let username_text = username.unwrap_or_default();
    let username =
        username.and_then(|name| Username::parse("preferred_username", name).map_err(&mut noted).ok());
    let (given, family) = (sign_up.given_name.as_deref(), sign_up.family_name.as_deref());
    let about =
        [sign_up.email.as_str(), username_text, given.unwrap_or_default(), family.unwrap_or_default()];
    let password =
        user::check_password(context, "password", &sign_up.password, &about).map_err(&mut noted).ok();
    let profile = user::names(given, family).map_err(|names| names.into_iter().for_each(&mut noted)).ok();
    match (email, password, profile) {
        (Some(email), Some(password), Some(profile)) if errors.is_empty() => {
            Ok(Parsed { email, password, username, profile })
        }
        _ => Err(Error::invalid(errors)),
    }
}

async fn wait_for_mail(
    context: &Context,
    caller: &Caller,
    new: &NewUser,
    redirect_to: Option<&str>,
) -> Result<Started> {
    let flow_token = opaque_token("", &*context.rng);
    let flow_hash = token_hash(flow_token.expose_secret());
    let id: PendingId = context.new_id();
    context
        .db
        .write(async |tx| {
            let known = user::find_by_email(tx, &new.email).await?;
            store::insert(tx, (id, &flow_hash), new, redirect_to, context.now(), context.now() + LIFE)
                .await?;
            let issued =
                secret::issue(tx, context, Purpose::SignUp, id.uuid(), new.email.key(), LIFE).await?;
            let message =
                if known.is_some() { address_known(context) } else { verification(context, &issued) };
            // To the account's own mailbox: what was typed may be somebody else's that only looks alike.
            let to = known.as_ref().map_or(new.email.as_str(), |user| user.email.as_str());
            mail::queue(tx, context, to, message).await?;
            let event = match &known {
                Some(user) => Event::new(EventType::SignUpKnownAddress).on(user.id),
                None => Event::new(EventType::SignUpStarted)
                    .with("identifier_digest", audit::digest(context, new.email.key())),
            };
            audit::record(tx, context, caller, event).await
        })
        .await?;
    Ok(Started::VerifyEmail { flow_token })
}

async fn enter_at_once(sessions: &Sessions, caller: &Caller, new: &NewUser, entry: Entry) -> Result<Started> {
    let context = sessions.context();
    let entered = context
        .db
        .write(async |tx| {
            let Some(user) = user::create(tx, context, new).await? else { return Err(known_address()) };
            let issued =
                secret::issue(tx, context, Purpose::VerifyEmail, user.id.uuid(), new.email.key(), LIFE)
                    .await?;
            mail::queue(tx, context, new.email.as_str(), verification(context, &issued)).await?;
            audit::record(tx, context, caller, Event::new(EventType::SignUpCompleted).user(user.id)).await?;
            flow::enter(tx, context, caller, &VerifiedFactor::of_chosen_password(&user), entry).await
        })
        .await?;
    Ok(Started::Entered(flow::outcome(sessions, entered).await?))
}

fn known_address() -> Error {
    Error::new(Code::Conflict)
        .with_detail("There is an account with this e-mail address already. Sign in, or reset the password.")
}

fn verification(context: &Context, issued: &Issued) -> Message {
    let now = context.now();
    Message::VerifyEmail {
        link: context.config.page_link(&format!("/verify-email?token={}", issued.link_token.expose_secret())),
        code: issued.code.expose_secret().to_owned(),
        link_expires_at: (now + LIFE).micros(),
        code_expires_at: (now + CODE_LIFE).micros(),
    }
}

fn address_known(context: &Context) -> Message {
    Message::AddressKnown {
        sign_in_link: context.config.page_link("/sign-in"),
        reset_link: context.config.page_link("/forgot-password"),
    }
}

/// Makes the account of a confirmed sign-up. A username that somebody else took meanwhile is left out rather than lost
/// with the rest: another can be chosen later.
async fn create_account(
    tx: &mut Tx<'_>,
    context: &Context,
    pending: &store::Pending,
    password_hash: &str,
) -> Result<Option<User>> {
    let email = EmailAddress::parse("email", &pending.email).map_err(|error| Error::invalid(vec![error]))?;
    let username =
        pending.username.as_deref().and_then(|name| Username::parse("preferred_username", name).ok());
    let username = match username {
        Some(name) if user::is_username_taken(tx, &name).await? => None,
        other => other,
    };
    let profile = user::Profile {
        given_name: pending.given_name.clone(),
        family_name: pending.family_name.clone(),
        ..user::Profile::default()
    };
    let password_hash = Some(password_hash.to_owned());
    user::create(tx, context, &NewUser { email, email_verified: true, username, profile, password_hash })
        .await
}
