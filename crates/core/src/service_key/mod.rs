//! Keys by which services of the operator's own ask for what no person may: made at the command line, shown once, kept as a
//! hash, good for named scopes only.

mod store;

use std::time::Duration;

use doorward_crypto::opaque::{opaque_token, token_hash};
use secrecy::{ExposeSecret, SecretString};

use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, ServiceKeyId};
use crate::error::{Code, Error, FieldError, Result};
use crate::user;
pub use store::ServiceKey;

/// A secret scanner finds it by this.
const PREFIX: &str = "dw_key_";
/// `last_used_at` is a hint for the operator and not worth a write at each use.
const NOTED_EVERY: Duration = Duration::from_secs(60);
const LONGEST_NAME: usize = 60;

/// What a key may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Listen to which sessions end.
    RevocationsRead,
}

impl Scope {
    pub const ALL: &'static [Self] = &[Self::RevocationsRead];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RevocationsRead => "revocations:read",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text)
    }
}

/// Makes a key. It is shown by this answer and never again.
///
/// # Errors
/// `validation_failed`; `conflict` where a key has that name already.
pub async fn create(
    context: &Context,
    caller: &Caller,
    name: &str,
    scopes: &[Scope],
) -> Result<(ServiceKey, SecretString)> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(user::deceives) {
        let detail = "Give the key a name of at most 60 characters.";
        return Err(Error::invalid(vec![FieldError::new("name", "invalid", detail)]));
    }
    if scopes.is_empty() {
        let detail = "Say what the key is for: --scope revocations:read.";
        return Err(Error::invalid(vec![FieldError::new("scope", "required", detail)]));
    }
    let secret = opaque_token(PREFIX, &*context.rng);
    let hash = token_hash(secret.expose_secret());
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let words = words.join(" ");
    let key = context
        .db
        .write(async |tx| {
            let id: ServiceKeyId = context.new_id();
            let Some(key) = store::insert(tx, id, name, &hash, &words, context.now()).await? else {
                return Err(Error::new(Code::Conflict)
                    .with_detail(format!("There is a key named {name} already. Choose another name.")));
            };
            let event = Event::new(EventType::ServiceKeyCreated).with("key", id.to_string());
            audit::record(tx, context, caller, event.with("name", name)).await?;
            Ok(key)
        })
        .await?;
    Ok((key, secret))
}

/// The keys, newest first.
pub async fn list(context: &Context) -> Result<Vec<ServiceKey>> {
    context.db.read(async |tx| store::all(tx).await).await
}

/// Ends a key, by its id or its name. Answers whether it was good until now.
///
/// # Errors
/// `not_found`.
pub async fn revoke(context: &Context, caller: &Caller, key: &str) -> Result<bool> {
    context
        .db
        .write(async |tx| {
            let found = store::find(tx, ServiceKeyId::parse(key), key).await?.ok_or_else(|| {
                Error::new(Code::NotFound).with_detail(format!("There is no key named {key}."))
            })?;
            if !store::revoke(tx, found.id, context.now()).await? {
                return Ok(false);
            }
            let event = Event::new(EventType::ServiceKeyRevoked).with("key", found.id.to_string());
            audit::record(tx, context, caller, event.with("name", found.name.as_str())).await?;
            Ok(true)
        })
        .await
}

/// The key that a service shows, if it is good for a scope.
///
/// # Errors
/// `token_invalid` for what is no live key, `permission_denied` where it is good for other scopes only.
pub async fn check(context: &Context, shown: &str, scope: Scope) -> Result<ServiceKey> {
    if !shown.starts_with(PREFIX) {
        return Err(Code::TokenInvalid.into());
    }
    let hash = token_hash(shown);
    let key = context.db.read(async |tx| store::by_hash(tx, &hash).await).await?;
    let key = key.filter(|key| key.revoked_at.is_none()).ok_or(Code::TokenInvalid)?;
    if !key.scopes.iter().any(|held| held == scope.as_str()) {
        return Err(Error::new(Code::PermissionDenied).with_detail(format!(
            "This key does not have the scope {}. Make one that has.",
            scope.as_str()
        )));
    }
    let now = context.now();
    if key.last_used_at.is_none_or(|at| now.since(at) > NOTED_EVERY) {
        context.db.write(async |tx| store::note_use(tx, key.id, now).await).await?;
    }
    Ok(key)
}

/// Whether a key that was checked once is still good.
pub async fn is_live(context: &Context, id: ServiceKeyId) -> Result<bool> {
    let key = context.db.read(async |tx| store::find(tx, Some(id), "").await).await?;
    Ok(key.is_some_and(|key| key.revoked_at.is_none()))
}
