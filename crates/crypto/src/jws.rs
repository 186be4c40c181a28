//! Signed tokens: JWTs (RFC 7519) in the compact form of JWS (RFC 7515), checked as strictly as RFC 8725 asks.

use base64::Engine;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::BASE64URL;
use crate::signing::{KeyError, SigningKey, VerifyingKey};

/// What a token must say to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The media type in `typ`, without `application/` (RFC 8725, section 3.11).
    pub typ: &'a str,
    pub issuer: &'a str,
    /// Must be the token's `aud`, or among them.
    pub audience: &'a str,
    /// Unix seconds.
    pub now: i64,
    /// By how many seconds the clocks may differ.
    pub leeway: i64,
}

/// Why a token is refused. They are found in this order, so that of `Expired` everything else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JwsError {
    #[error("not a well-formed token")]
    Malformed,
    #[error("signed with a key that is not known")]
    UnknownKey,
    #[error("the signature does not hold")]
    BadSignature,
    #[error("a token of another type")]
    WrongType,
    #[error("a token of another issuer")]
    WrongIssuer,
    #[error("a token for another audience")]
    WrongAudience,
    #[error("not valid yet")]
    NotYetValid,
    #[error("expired")]
    Expired,
}

/// Why a token could not be made.
#[derive(Debug, Error)]
pub enum SignError {
    #[error("the claims cannot be written as JSON")]
    Claims(#[from] serde_json::Error),
    #[error("signing failed")]
    Key(#[from] KeyError),
}

/// Signs the claims. `typ` goes into the header, and so do the key's algorithm and `kid`.
pub fn sign(key: &SigningKey, typ: &str, claims: &impl Serialize) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: &'a str,
        kid: &'a str,
        typ: &'a str,
    }
    let header = Header { alg: key.algorithm().as_str(), kid: key.kid(), typ };
    let mut token = BASE64URL.encode(serde_json::to_vec(&header)?);
    token.push('.');
    BASE64URL.encode_string(serde_json::to_vec(claims)?, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    BASE64URL.encode_string(signature, &mut token);
    Ok(token)
}

/// Checks the token and reads its claims. The key is one of `keys`, found by `kid`, and is used with its own algorithm;
/// nothing else in the header counts. A header that asks for more than is understood is refused.
pub fn verify<C: DeserializeOwned>(
    token: &str,
    expected: &Expected<'_>,
    keys: &[VerifyingKey],
) -> Result<C, JwsError> {
    let (header, payload) = genuine_parts(token, keys)?;
    check_type(header.typ.as_deref(), expected.typ)?;
    let registered: Registered = parse(&payload)?;
    let claims = parse(&payload)?;
    check_claims(&registered, expected)?;
    Ok(claims)
}

/// Longer tokens are refused unread.
const MAX_LENGTH: usize = 8 * 1024;
/// The last second of the year 9999: a later time is a mistake or an attempt.
const MAX_TIME: i64 = 253_402_300_799;

/// Of the header, what counts, and what must not be there: fields that bring a key along or change how the token is read
/// (RFC 7515, sections 4.1.2 to 4.1.6 and 4.1.11; RFC 7797). Others are passed over.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    jwk: bool,
    #[serde(default, deserialize_with = "present")]
    jku: bool,
    #[serde(default, deserialize_with = "present")]
    x5u: bool,
    #[serde(default, deserialize_with = "present")]
    x5c: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
}

/// The claims of RFC 7519, section 4.1 that are checked here. A member given twice is refused by serde.
#[derive(Deserialize)]
struct Registered {
    iss: String,
    aud: Audience,
    exp: i64,
    #[serde(default, deserialize_with = "not_null")]
    nbf: Option<i64>,
    #[serde(default, deserialize_with = "not_null")]
    iat: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The header and the payload of a token that one of the keys has signed.
fn genuine_parts(token: &str, keys: &[VerifyingKey]) -> Result<(Header, Vec<u8>), JwsError> {
    if token.len() > MAX_LENGTH {
        return Err(JwsError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
    // A further point in the payload is not base64url, so there are three parts exactly.
    let header: Header = parse(&decode(header)?)?;
    let payload = decode(payload)?;
    let signature = decode(signature)?;
    if header.crit || header.jwk || header.jku || header.x5u || header.x5c || header.b64 {
        return Err(JwsError::Malformed);
    }
    let kid = header.kid.as_deref().ok_or(JwsError::UnknownKey)?;
    let key = keys.iter().find(|key| key.kid() == kid).ok_or(JwsError::UnknownKey)?;
    // RFC 8725, section 3.1: the key says how it is used, and the header may only agree.
    if header.alg != key.algorithm().as_str() || !key.verifies(signed.as_bytes(), &signature) {
        return Err(JwsError::BadSignature);
    }
    Ok((header, payload))
}

/// Media types compare without case, and `application/` may be left out (RFC 7515, section 4.1.9).
fn check_type(found: Option<&str>, expected: &str) -> Result<(), JwsError> {
    const PREFIX: &str = "application/";
    let found = found.ok_or(JwsError::WrongType)?;
    let short = match found.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => found,
    };
    if short.eq_ignore_ascii_case(expected) { Ok(()) } else { Err(JwsError::WrongType) }
}

fn check_claims(claims: &Registered, expected: &Expected<'_>) -> Result<(), JwsError> {
    let times = [Some(claims.exp), claims.nbf, claims.iat];
    if times.iter().flatten().any(|time| !(0..=MAX_TIME).contains(time)) {
        return Err(JwsError::Malformed);
    }
    if claims.iss != expected.issuer {
        return Err(JwsError::WrongIssuer);
    }
    let for_us = match &claims.aud {
        Audience::One(audience) => audience == expected.audience,
        Audience::Many(audiences) => audiences.iter().any(|audience| audience == expected.audience),
    };
    if !for_us {
        return Err(JwsError::WrongAudience);
    }
    let starts = claims.nbf.max(claims.iat).unwrap_or(0);
    if starts > expected.now.saturating_add(expected.leeway) {
        return Err(JwsError::NotYetValid);
    }
    // RFC 7519, section 4.1.4: not accepted on or after the time.
    if claims.exp <= expected.now.saturating_sub(expected.leeway) {
        return Err(JwsError::Expired);
    }
    Ok(())
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    BASE64URL.decode(part).map_err(|_| JwsError::Malformed)
}

/// Reads an object. (serde would take a struct from an array as well.)
fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, JwsError> {
    if json.first() != Some(&b'{') {
        return Err(JwsError::Malformed);
    }
    serde_json::from_slice(json).map_err(|_| JwsError::Malformed)
}

/// True for a member that is there, whatever it holds: `null` too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

fn not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
