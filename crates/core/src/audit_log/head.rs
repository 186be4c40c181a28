use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_crypto::chain::Link;
use doorward_crypto::jws::{self, Expected};
use doorward_crypto::signing::VerifyingKey;
use doorward_protocol::jwk::{Jwk, JwkSet};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::store;
use crate::context::{Context, Time};
use crate::error::{Error, Result};
use crate::signing_key::KeyRing;

/// How often the chain's end is signed.
const EVERY: Duration = Duration::from_secs(60);
/// Jobs are not exact: a head that is nearly a minute old is followed by a new one.
const NEARLY: Duration = Duration::from_secs(5);

const TYP: &str = "audit-head+jwt";
const AUDIENCE: &str = "doorward-audit";
/// The last second of the year 9999: a copy is meant to be kept.
const NEVER: i64 = 253_402_300_799;

/// The chain's end at a moment, signed. A copy that is kept elsewhere shows what was cut off or changed since.
#[derive(Debug, Clone)]
pub struct SignedHead {
    pub(super) end: Link,
    pub time: Time,
    pub jws: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    position: u64,
    mac: String,
    /// Microseconds, as everywhere in the database; `iat` is the same in seconds.
    time: i64,
}

impl SignedHead {
    pub fn position(&self) -> u64 {
        self.end.position
    }

    /// In base64url.
    pub fn mac(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.end.mac)
    }
}

/// Whether the newest head is a minute old, and there is something to sign.
pub async fn is_head_due(context: &Context) -> Result<bool> {
    let (end, newest) = ends(context).await?;
    let now = context.now();
    let fresh = newest
        .is_some_and(|head| now.since(head.signed_at) + NEARLY < EVERY && head.signed_at <= now + EVERY);
    Ok(end.position > 0 && !fresh)
}

/// Signs the chain's end as it is now, and keeps the head. `None` as long as nothing has been sealed.
///
/// # Errors
/// Where an earlier head says more than the log has: then nothing is signed that would hide it.
pub async fn sign_head(context: &Context, keys: &KeyRing) -> Result<Option<SignedHead>> {
    let (end, newest) = ends(context).await?;
    if let Some(newest) = &newest
        && (newest.end.position > end.position || newest.end.position == end.position && newest.end != end)
    {
        return Err(Error::internal(format!(
            "the audit log ends at position {}, and its head of {} says otherwise: run doorward audit verify",
            end.position,
            newest.signed_at.for_people()
        )));
    }
    if end.position == 0 {
        return Ok(None);
    }
    let now = context.now();
    let claims = Claims {
        iss: context.config.issuer().to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now.seconds(),
        exp: NEVER,
        position: end.position,
        mac: BASE64_URL_SAFE_NO_PAD.encode(end.mac),
        time: now.micros(),
    };
    let jws = keys.sign(TYP, &claims)?;
    let key = public_key(keys, &jws)?;
    let public_jwk = serde_json::to_string(&key).map_err(Error::internal)?;
    context
        .db
        .write(async |tx| {
            store::keep_head_key(tx, key.kid.as_deref().unwrap_or_default(), &public_jwk, now).await?;
            store::insert_head(tx, &end, now, &jws).await
        })
        .await?;
    Ok(Some(SignedHead { end, time: now, jws }))
}

/// Reads a copy of a head: the JWS alone, or JSON with a member `jws`.
///
/// # Errors
/// Where it is none, or was signed by no key that ever signed a head here.
pub async fn read_head(context: &Context, text: &str) -> Result<SignedHead> {
    #[derive(Deserialize)]
    struct Copy {
        jws: String,
    }
    let text = text.trim();
    let jws = serde_json::from_str::<Copy>(text).map_or_else(|_| text.to_owned(), |copy| copy.jws);
    let keys = context.db.read(async |tx| store::head_keys(tx).await).await?;
    check(context, &jws, &verifying(&keys)?)
        .map_err(|reason| Error::internal(format!("this is no head that was signed here: {reason}")))
}

/// The keys that heads are checked with.
pub(super) fn verifying(public_jwks: &[String]) -> Result<Vec<VerifyingKey>> {
    let read = |text: &String| {
        let jwk: Jwk = serde_json::from_str(text).map_err(Error::internal)?;
        VerifyingKey::from_jwk(&jwk).map_err(Error::internal)
    };
    public_jwks.iter().map(read).collect()
}

/// The head that a JWS is, or why it is none.
pub(super) fn check(context: &Context, jws: &str, keys: &[VerifyingKey]) -> Result<SignedHead, String> {
    // The server's address may have changed since; what counts is that the key is ours.
    let said: Claims = part(jws, 1).ok_or("it can't be read")?;
    let expected = Expected {
        typ: TYP,
        issuer: &said.iss,
        audience: AUDIENCE,
        now: context.now().seconds(),
        leeway: 5 * 60,
    };
    let claims: Claims = jws::verify(jws, &expected, keys).map_err(|error| error.to_string())?;
    let mac = BASE64_URL_SAFE_NO_PAD.decode(&claims.mac).ok().and_then(|mac| mac.try_into().ok());
    let mac = mac.ok_or("its MAC can't be read")?;
    Ok(SignedHead {
        end: Link { position: claims.position, mac },
        time: Time::from_micros(claims.time),
        jws: jws.to_owned(),
    })
}

async fn ends(context: &Context) -> Result<(Link, Option<store::HeadRow>)> {
    context
        .db
        .read(async |tx| {
            let end = store::chain(tx).await?.map_or(Link::START, |chain| chain.end);
            Ok((end, store::newest_head(tx).await?))
        })
        .await
}

/// The public half of the key that a JWS was just signed with.
fn public_key(keys: &KeyRing, jws: &str) -> Result<Jwk> {
    #[derive(Deserialize)]
    struct Header {
        kid: String,
    }
    let header: Option<Header> = part(jws, 0);
    let set: JwkSet = serde_json::from_str(&keys.jwks()).map_err(Error::internal)?;
    header
        .and_then(|header| set.keys.into_iter().find(|key| key.kid.as_deref() == Some(&header.kid)))
        .ok_or_else(|| Error::internal("the signing key was rotated just now"))
}

fn part<T: DeserializeOwned>(jws: &str, index: usize) -> Option<T> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(jws.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}
