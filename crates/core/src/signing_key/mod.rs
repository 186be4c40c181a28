//! The keys that tokens are signed with: `next` is published a day before it signs, `current` signs, `retired` stays
//! published until the last token it signed has run out, `dropped` is published no more. Private parts are sealed under the
//! master key, and wiped when a key has signed for the last time.

mod store;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use doorward_crypto::jws::{self, Expected, JwsError};
use doorward_crypto::signing::{Algorithm, SigningKey, VerifyingKey};
use doorward_db::Tx;
use doorward_protocol::jwk::{Jwk, JwkSet};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::audit::{self, Event, EventType};
use crate::changes::{self, Change};
use crate::context::{Caller, Context, Time};
use crate::error::{Code, Error, Result};
use crate::seals::SealedColumn;
use store::StoredKey;

/// What is sealed here, for the rotation of the master key.
pub const SEALED: SealedColumn = store::SEALED;

/// For how long a key is published before it signs: as long as a verifier may keep the key set.
pub const PUBLISHED_FIRST: Duration = Duration::from_secs(24 * 60 * 60);
/// Clocks of verifiers may lag a little behind ours.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Next,
    Current,
    Retired,
    /// Kept to tell a token that it signed once from one that nobody signed.
    Dropped,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
            Self::Dropped => "dropped",
        }
    }
}

/// A key as the operator sees it.
#[derive(Debug, Clone)]
pub struct KeyInfo {
    pub kid: String,
    pub alg: String,
    pub state: String,
    pub created_at: Time,
    pub activated_at: Option<Time>,
    pub retired_at: Option<Time>,
}

/// The keys in use, shared by all of this process.
#[derive(Clone)]
pub struct KeyRing(Arc<RwLock<Arc<Keys>>>);

struct Keys {
    current: SigningKey,
    verifying: Vec<VerifyingKey>,
    dropped: Vec<VerifyingKey>,
    jwks: String,
}

impl KeyRing {
    /// Makes what keys are missing, and loads them.
    pub async fn open(context: &Context) -> Result<Self> {
        context.db.write(async |tx| ensure(tx, context).await).await?;
        Ok(Self(Arc::new(RwLock::new(Arc::new(load(context).await?)))))
    }

    /// Loads the keys again, after a change was announced.
    pub async fn reload(&self, context: &Context) -> Result<()> {
        let keys = Arc::new(load(context).await?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Signs claims as a token of type `typ` (RFC 7515, RFC 8725 section 3.11).
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        jws::sign(&self.keys().current, typ, claims).map_err(Error::internal)
    }

    /// Reads a token that one of these keys signed. One that a dropped key signed has run out, however young it is: its
    /// holder may get another one for the session, and whoever forged it may not.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, expected: &Expected<'_>) -> Result<C, JwsError> {
        let keys = self.keys();
        let verified = jws::verify(token, expected, &keys.verifying);
        if matches!(verified, Err(JwsError::UnknownKey)) {
            match jws::verify::<C>(token, expected, &keys.dropped) {
                Ok(_) | Err(JwsError::Expired) => return Err(JwsError::Expired),
                Err(_) => {}
            }
        }
        verified
    }

    /// The public keys as a JWK Set (RFC 7517, section 5).
    pub fn jwks(&self) -> String {
        self.keys().jwks.clone()
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether there are keys and they open under the master key. Makes none: `false` where there are none yet.
///
/// # Errors
/// `internal_error`, with what is wrong as the cause.
pub async fn examine(context: &Context) -> Result<bool> {
    if context.db.read(async |tx| store::all(tx).await).await?.is_empty() {
        return Ok(false);
    }
    load(context).await.map(|_| true)
}

/// Every key that is published, newest first.
pub async fn list(context: &Context) -> Result<Vec<KeyInfo>> {
    let keys = context.db.read(async |tx| store::all(tx).await).await?;
    Ok(keys.into_iter().filter(|key| !key.is(State::Dropped)).map(|key| key.info).collect())
}

/// Whether a rotation minds what verifiers may not have heard of yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Only if the next key has been published for a day.
    Published,
    /// Whatever verifiers know: those that keep an older key set may refuse tokens until they fetch it again.
    Now,
}

/// Lets the next key sign, retires the current one, and makes a new next one. Answers the `kid` that signs now.
///
/// # Errors
/// `conflict` where the next key is too young, or somebody else rotated at the same time.
pub async fn rotate(context: &Context, caller: &Caller, when: When) -> Result<String> {
    let keys = context.db.read(async |tx| store::all(tx).await).await?;
    let now = context.now();
    if when == When::Published
        && let Some(next) = next_of(&keys, &alg(context))
        && now.since(next.created_at) < PUBLISHED_FIRST
    {
        return Err(Error::new(Code::Conflict).with_detail(format!(
            "The next key has been published since {}, and verifiers may keep a key set for a day. \
             Rotate after {}. To rotate at once, say --now: verifiers that keep an older key set may then refuse \
             tokens until they fetch it again.",
            next.created_at.for_people(),
            (next.created_at + PUBLISHED_FIRST).for_people()
        )));
    }
    let current = current_of(&keys).ok_or_else(|| Error::internal("there is no current signing key"))?;
    advance(context, caller, &current.kid).await?.ok_or_else(|| {
        Error::new(Code::Conflict).with_detail("The keys were rotated at this very moment, by somebody else.")
    })
}

/// Rotates where the current key has signed for as long as the settings say, or is not of the algorithm that they ask
/// for, and the next key has been published for a day. Answers the `kid` that signs now, where that has changed: of many
/// processes one rotates.
pub async fn rotate_if_due(context: &Context, caller: &Caller) -> Result<Option<String>> {
    let keys = context.db.read(async |tx| store::all(tx).await).await?;
    let (now, alg) = (context.now(), alg(context));
    let (Some(current), Some(next)) = (current_of(&keys), next_of(&keys, &alg)) else { return Ok(None) };
    let signs_since = current.activated_at.unwrap_or(current.created_at);
    let is_old = context.config.keys.rotate_every.is_some_and(|every| now.since(signs_since) >= every);
    let is_published = now.since(next.created_at) >= PUBLISHED_FIRST;
    if (is_old || current.alg != alg) && is_published {
        return advance(context, caller, &current.kid).await;
    }
    Ok(None)
}

/// What a revocation did.
#[derive(Debug)]
pub struct Revoked {
    /// The key signed until now.
    pub was_current: bool,
    /// The `kid` that signs now.
    pub signs_now: String,
}

/// Drops a key at once: it leaves the key set, and what it signed is refused. Where it was the current one, the next one
/// signs from now on.
///
/// # Errors
/// `not_found` for a `kid` that is none of ours, `conflict` for one that is dropped already.
pub async fn revoke(context: &Context, caller: &Caller, kid: &str) -> Result<Revoked> {
    let fresh = make(context).await?;
    context
        .db
        .write(async |tx| {
            let now = context.now();
            let keys = store::all(tx).await?;
            let key = keys.iter().find(|key| key.info.kid == kid).ok_or_else(|| {
                Error::new(Code::NotFound)
                    .with_detail(format!("There is no signing key {kid}. `doorward keys list` shows all."))
            })?;
            if !store::drop_key(tx, kid, now).await? {
                return Err(Error::new(Code::Conflict)
                    .with_detail(format!("The signing key {kid} is not in use any more.")));
            }
            let was_current = key.is(State::Current);
            let signs_now = if was_current {
                activate(tx, context, now).await?
            } else {
                let current = current_of(&keys).map(|current| current.kid.clone());
                current.ok_or_else(|| Error::internal("there is no current signing key"))?
            };
            if was_current || key.is(State::Next) {
                insert(tx, context, &fresh, State::Next).await?;
            }
            let event = Event::new(EventType::KeysRevoked)
                .with("kid", kid)
                .with("state", key.info.state.as_str())
                .with("signs_now", signs_now.as_str());
            audit::record(tx, context, caller, event).await?;
            changes::announce(tx, context, Change::Keys).await?;
            Ok(Revoked { was_current, signs_now })
        })
        .await
}

/// Takes retired keys out of the key set when their last token has run out, and forgets dropped ones when no session is
/// left that could show a token of theirs. Answers how many it touched.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context) -> Result<u64> {
    let now = context.now();
    let dropped = store::drop_retired(tx, now - retained(context)).await?;
    if dropped > 0 {
        changes::announce(tx, context, Change::Keys).await?;
    }
    let remembered = context.config.session.absolute_timeout.max(retained(context));
    Ok(dropped + store::delete_dropped(tx, now - remembered).await?)
}

/// Moves every key on by one, where `from` is the current one. `None` where it is not any more.
async fn advance(context: &Context, caller: &Caller, from: &str) -> Result<Option<String>> {
    // Made outside of the unit of work: an RSA key takes a while.
    let fresh = make(context).await?;
    context
        .db
        .write(async |tx| {
            let now = context.now();
            if !store::retire(tx, from, now).await? {
                return Ok(None);
            }
            let kid = activate(tx, context, now).await?;
            insert(tx, context, &fresh, State::Next).await?;
            audit::record(tx, context, caller, Event::new(EventType::KeysRotated).with("kid", kid.as_str()))
                .await?;
            changes::announce(tx, context, Change::Keys).await?;
            Ok(Some(kid))
        })
        .await
}

/// Lets the next key sign, or a new one where there is none.
async fn activate(tx: &mut Tx<'_>, context: &Context, now: Time) -> Result<String> {
    match store::activate_next(tx, &alg(context), now).await? {
        Some(kid) => Ok(kid),
        None => insert(tx, context, &make_blocking(context)?, State::Current).await,
    }
}

fn current_of(keys: &[StoredKey]) -> Option<&KeyInfo> {
    keys.iter().find(|key| key.is(State::Current)).map(|key| &key.info)
}

fn next_of<'k>(keys: &'k [StoredKey], alg: &str) -> Option<&'k KeyInfo> {
    keys.iter().find(|key| key.is(State::Next) && key.info.alg == alg).map(|key| &key.info)
}

fn retained(context: &Context) -> Duration {
    context.config.session.access_token_ttl + CLOCK_SKEW
}

fn alg(context: &Context) -> String {
    context.config.token.signing_alg.to_string()
}

async fn ensure(tx: &mut Tx<'_>, context: &Context) -> Result<()> {
    let keys = store::all(tx).await?;
    let mut changed = false;
    if current_of(&keys).is_none() {
        insert(tx, context, &make_blocking(context)?, State::Current).await?;
        changed = true;
    }
    if next_of(&keys, &alg(context)).is_none() {
        // Where the algorithm was changed in the settings, the current key goes on until one of the new algorithm has been
        // published for a day.
        store::delete_next(tx).await?;
        insert(tx, context, &make_blocking(context)?, State::Next).await?;
        changed = true;
    }
    if changed {
        changes::announce(tx, context, Change::Keys).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx<'_>, context: &Context, key: &SigningKey, state: State) -> Result<String> {
    let now = context.now();
    let public_jwk = serde_json::to_string(&key.public_jwk()).map_err(Error::internal)?;
    let sealed = context.sealer.seal(&seal_context(key.kid()), &key.to_pkcs8());
    store::insert(tx, key.kid(), &key.algorithm().to_string(), state, &public_jwk, &sealed, now).await?;
    Ok(key.kid().to_owned())
}

async fn load(context: &Context) -> Result<Keys> {
    let rows = context.db.read(async |tx| store::all(tx).await).await?;
    let gone = context.now() - retained(context);
    let mut current = None;
    let mut verifying = Vec::new();
    let mut dropped = Vec::new();
    let mut published = Vec::new();
    for row in rows {
        let jwk: Jwk = serde_json::from_str(&row.public_jwk).map_err(Error::internal)?;
        let key = VerifyingKey::from_jwk(&jwk).map_err(Error::internal)?;
        if row.is(State::Dropped) || row.info.retired_at.is_some_and(|at| at < gone) {
            dropped.push(key);
            continue;
        }
        verifying.push(key);
        published.push(jwk);
        if row.is(State::Current) {
            let pkcs8 =
                context.sealer.open(&seal_context(&row.info.kid), &row.sealed_private).map_err(|_| {
                    Error::internal("the signing key does not open: is this the right master key?")
                })?;
            let alg: Algorithm =
                row.info.alg.parse().map_err(|_| Error::internal("unknown signing algorithm"))?;
            current = Some(SigningKey::from_pkcs8(alg, &pkcs8).map_err(Error::internal)?);
        }
    }
    let jwks = serde_json::to_string(&JwkSet { keys: published }).map_err(Error::internal)?;
    let current = current.ok_or_else(|| Error::internal("there is no current signing key"))?;
    Ok(Keys { current, verifying, dropped, jwks })
}

fn seal_context(kid: &str) -> Vec<u8> {
    [b"signing key ", kid.as_bytes()].concat()
}

async fn make(context: &Context) -> Result<SigningKey> {
    let alg = context.config.token.signing_alg;
    tokio::task::spawn_blocking(move || SigningKey::generate(alg).map_err(Error::internal))
        .await
        .map_err(Error::internal)?
}

fn make_blocking(context: &Context) -> Result<SigningKey> {
    SigningKey::generate(context.config.token.signing_alg).map_err(Error::internal)
}
