//! What the operator does: makes accounts, shuts them out, and lets the first administrator in.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::access::{self, ADMIN};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, UserId};
use crate::error::{Code, Error, Result};
use crate::rate_limit::Class;
use crate::secret::{self, Purpose};
use crate::session::{self, EndReason, Sessions};
use crate::sign_in::VerifiedFactor;
use crate::sign_in::flow::{self, Entry, Outcome};
use crate::user::{self, EmailAddress, Identifier, NewUser, User, Username};

const FIRST_ADMIN_LIFE: Duration = Duration::from_secs(60 * 60);
/// There is one installation, so its one-time link needs no id of its own.
const INSTALLATION: uuid::Uuid = uuid::Uuid::nil();

/// An account that the operator vouches for.
pub struct CreateUser<'a> {
    pub email: &'a str,
    pub username: Option<&'a str>,
    pub password: &'a SecretString,
    pub admin: bool,
}

/// Makes an account whose address counts as verified.
///
/// # Errors
/// `validation_failed`; `conflict` where the address has an account.
pub async fn create_user(context: &Context, caller: &Caller, create: &CreateUser<'_>) -> Result<User> {
    let new = parse(context, create).await?;
    context
        .db
        .write(async |tx| {
            let user = user::create(tx, context, &new).await?.ok_or_else(address_taken)?;
            audit::record(tx, context, caller, Event::new(EventType::UserCreated).on(user.id)).await?;
            if create.admin {
                access::grant_in(tx, context, caller, user.id, ADMIN, 0).await?;
            }
            Ok(user)
        })
        .await
}

/// The account that an id, an address or a username names.
///
/// # Errors
/// `not_found`.
pub async fn find_user(context: &Context, name: &str) -> Result<User> {
    let found = match (UserId::parse(name), Identifier::parse(name)) {
        (Some(id), _) => context.db.read(async |tx| user::find(tx, id).await).await?,
        (None, Some(identifier)) => {
            context.db.read(async |tx| user::find_by_identifier(tx, &identifier).await).await?
        }
        (None, None) => None,
    };
    found.ok_or_else(|| Error::new(Code::NotFound).with_detail(format!("No account is named {name}.")))
}

/// What became of a role that was to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// The account had it before.
    Already,
    /// So many sessions ended with it.
    Now { ended: u64 },
}

/// Gives an account a role. Where that role asks for two factors, sessions that were opened by one end.
///
/// # Errors
/// `not_found` where there is no such role.
pub async fn grant(context: &Context, caller: &Caller, id: UserId, role: &str) -> Result<Granted> {
    context
        .db
        .write(async |tx| {
            let is_granted = !access::rights_of(tx, id).await?.roles.iter().any(|one| one == role);
            let asks_for_two = context.config.mfa.required_for.iter().any(|one| one == role);
            // Before the grant, whose event says how many.
            let ends = is_granted && asks_for_two;
            let ended = if ends { session::end_of_one_factor_in(tx, context, id).await? } else { 0 };
            if !access::grant_in(tx, context, caller, id, role, ended).await? {
                return Ok(Granted::Already);
            }
            Ok(Granted::Now { ended })
        })
        .await
}

/// Shuts an account out and ends its sessions. Answers whether it was let in until now.
///
/// # Errors
/// `conflict` where it is the last active administrator.
pub async fn disable(context: &Context, caller: &Caller, id: UserId) -> Result<bool> {
    context
        .db
        .write(async |tx| {
            let user = user::find(tx, id).await?.ok_or(Code::NotFound)?;
            if user.is_disabled() {
                return Ok(false);
            }
            user::set_disabled(tx, context, id, true).await?;
            let was_admin = access::rights_of(tx, id).await?.roles.iter().any(|role| role == ADMIN);
            if was_admin && !access::has_active_admin(tx).await? {
                return Err(access::last_admin());
            }
            let ended = session::end_all_in(tx, context, id, None, EndReason::Disabled).await?;
            let event = Event::new(EventType::UserDisabled).on(id).with("ended", ended);
            audit::record(tx, context, caller, event).await?;
            Ok(true)
        })
        .await
}

/// Lets an account in again that was disabled, or closed by its owner. Answers whether it was shut until now.
pub async fn enable(context: &Context, caller: &Caller, id: UserId) -> Result<bool> {
    context
        .db
        .write(async |tx| {
            let user = user::find(tx, id).await?.ok_or(Code::NotFound)?;
            if !user.is_disabled() && !user.is_closed() {
                return Ok(false);
            }
            user::set_disabled(tx, context, id, false).await?;
            user::set_deletion(tx, context, id, None).await?;
            audit::record(tx, context, caller, Event::new(EventType::UserEnabled).on(id)).await?;
            Ok(true)
        })
        .await
}

/// A one-time link, good for an hour, that makes the first administrator. `None` where there is one. It leads to this
/// server's own page, at `address`: an app with pages of its own has none for it.
pub async fn first_admin_link(context: &Context, address: &str) -> Result<Option<String>> {
    context
        .db
        .write(async |tx| {
            if access::has_active_admin(tx).await? {
                return Ok(None);
            }
            secret::end_all(tx, context, Purpose::FirstAdmin, INSTALLATION).await?;
            let issued =
                secret::issue(tx, context, Purpose::FirstAdmin, INSTALLATION, "", FIRST_ADMIN_LIFE).await?;
            Ok(Some(format!("{address}/first-admin?token={}", issued.link_token.expose_secret())))
        })
        .await
}

/// Whether the first administrator's link is still good. Looking uses nothing up.
///
/// # Errors
/// `conflict` where there is an administrator already, whatever the link; `invalid_or_expired_token`.
pub async fn look_at_first_admin_link(context: &Context, token: &str) -> Result<()> {
    context
        .db
        .read(async |tx| {
            if access::has_active_admin(tx).await? {
                return Err(Error::new(Code::Conflict).with_detail(
                    "This link was for the first. Sign in, or ask an administrator for an account.",
                ));
            }
            secret::find_link(tx, context, Purpose::FirstAdmin, token).await.map(|_| ())
        })
        .await
}

/// Makes the first administrator and signs them in.
///
/// # Errors
/// `invalid_or_expired_token`, also where somebody was quicker; `validation_failed`, `conflict`.
pub async fn create_first_admin(
    sessions: &Sessions,
    caller: &Caller,
    token: &str,
    email: &str,
    password: &SecretString,
) -> Result<Outcome> {
    let context = sessions.context();
    context.limit(Class::Proof, caller, &audit::digest(context, token)).await?;
    let found =
        context.db.read(async |tx| secret::find_link(tx, context, Purpose::FirstAdmin, token).await).await?;
    let new = parse(context, &CreateUser { email, username: None, password, admin: true }).await?;
    let entered = context
        .db
        .write(async |tx| {
            let proof = secret::consume(tx, context, found).await?.ok_or(Code::InvalidOrExpiredToken)?;
            if access::has_active_admin(tx).await? {
                return Err(Error::new(Code::InvalidOrExpiredToken));
            }
            let user = user::create(tx, context, &new).await?.ok_or_else(address_taken)?;
            audit::record(tx, context, caller, Event::new(EventType::UserCreated).user(user.id)).await?;
            access::grant_in(tx, context, caller, user.id, ADMIN, 0).await?;
            let factor =
                VerifiedFactor::of_new_account(user.id, &proof).ok_or(Code::InvalidOrExpiredToken)?;
            flow::enter(tx, context, caller, &factor, Entry { browser: true, remember: false }).await
        })
        .await?;
    flow::outcome(sessions, entered).await
}

async fn parse(context: &Context, create: &CreateUser<'_>) -> Result<NewUser> {
    let mut errors = Vec::new();
    let mut noted = |error| errors.push(error);
    let email = EmailAddress::parse("email", create.email).map_err(&mut noted).ok();
    let username =
        create.username.and_then(|name| Username::parse("preferred_username", name).map_err(&mut noted).ok());
    let about = [create.email, create.username.unwrap_or_default()];
    let password =
        user::check_password(context, "password", create.password, &about).map_err(&mut noted).ok();
    let (Some(email), Some(password), true) = (email, password, errors.is_empty()) else {
        return Err(Error::invalid(errors));
    };
    let password_hash = Some(user::hash_new_password(context, "password", &password).await?);
    Ok(NewUser { email, email_verified: true, username, profile: user::Profile::default(), password_hash })
}

fn address_taken() -> Error {
    Error::new(Code::Conflict).with_detail("There is an account with this e-mail address already.")
}
