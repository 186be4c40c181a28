//! The keys that tokens are signed with: `next` is published before it signs, `current` signs, `retired` stays published
//! until the last token it signed has run out. Private parts are sealed under the master key.

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
use crate::error::{Error, Result};

/// Clocks of verifiers may lag a little behind ours.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Next,
    Current,
    Retired,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
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

    /// Reads a token that one of these keys signed.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, expected: &Expected<'_>) -> Result<C, JwsError> {
        jws::verify(token, expected, &self.keys().verifying)
    }

    /// The public keys as a JWK Set (RFC 7517, section 5).
    pub fn jwks(&self) -> String {
        self.keys().jwks.clone()
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Every key, newest first.
pub async fn list(context: &Context) -> Result<Vec<KeyInfo>> {
    Ok(context.db.read(async |tx| store::all(tx).await).await?.into_iter().map(|row| row.info).collect())
}

/// Lets the next key sign, retires the current one, and makes a new next one. Answers the `kid` that signs now.
pub async fn rotate(context: &Context, caller: &Caller) -> Result<String> {
    // Made outside of the unit of work: an RSA key takes a while.
    let fresh = make(context).await?;
    context
        .db
        .write(async |tx| {
            let now = context.now();
            store::retire_current(tx, now).await?;
            let kid = match store::activate_next(tx, alg(context), now).await? {
                Some(kid) => kid,
                None => insert(tx, context, &make_blocking(context)?, State::Current).await?,
            };
            insert(tx, context, &fresh, State::Next).await?;
            audit::record(tx, context, caller, Event::new(EventType::KeysRotated).with("kid", kid.as_str()))
                .await?;
            changes::announce(tx, context, Change::Keys).await?;
            Ok(kid)
        })
        .await
}

/// Drops retired keys whose last token has run out. Answers how many.
pub async fn clean_up(tx: &mut Tx<'_>, context: &Context) -> Result<u64> {
    let dropped = store::delete_retired(tx, context.now() - retained(context)).await?;
    if dropped > 0 {
        changes::announce(tx, context, Change::Keys).await?;
    }
    Ok(dropped)
}

fn retained(context: &Context) -> Duration {
    context.config.session.access_token_ttl + CLOCK_SKEW
}

fn alg(context: &Context) -> String {
    context.config.token.signing_alg.to_string()
}

async fn ensure(tx: &mut Tx<'_>, context: &Context) -> Result<()> {
    let now = context.now();
    let keys = store::all(tx).await?;
    let alg = alg(context);
    let has = |state: State| keys.iter().any(|key| key.info.state == state.as_str() && key.info.alg == alg);
    let mut changed = false;
    if !has(State::Current) {
        // The algorithm was changed in the settings, or this is the first start.
        store::retire_current(tx, now).await?;
        insert(tx, context, &make_blocking(context)?, State::Current).await?;
        changed = true;
    }
    if !has(State::Next) {
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
    let mut published = Vec::new();
    for row in rows {
        if row.info.retired_at.is_some_and(|at| at < gone) {
            continue;
        }
        let jwk: Jwk = serde_json::from_str(&row.public_jwk).map_err(Error::internal)?;
        verifying.push(VerifyingKey::from_jwk(&jwk).map_err(Error::internal)?);
        published.push(jwk);
        if row.info.state == State::Current.as_str() {
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
    Ok(Keys { current, verifying, jwks })
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
