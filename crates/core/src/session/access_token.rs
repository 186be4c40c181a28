//! Access tokens: JWTs as RFC 9068 profiles them.

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_crypto::jws::{Expected, JwsError};
use doorward_crypto::rng::random;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::context::{Context, Id, SessionId, UserId};
use crate::error::{Code, Error, Result};
use crate::signing_key::KeyRing;

/// RFC 9068, section 2.1.
pub(super) const TYP: &str = "at+jwt";
/// The client that stands for this product's own pages and API.
const FIRST_PARTY: &str = "doorward";
const SCOPE: &str = "openid profile email";

/// RFC 9068, section 2.2.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    sub: String,
    aud: String,
    pub(super) exp: i64,
    pub(super) iat: i64,
    jti: String,
    sid: String,
    client_id: String,
    scope: String,
    auth_time: i64,
    amr: Vec<String>,
    acr: String,
    email_verified: bool,
}

/// A token whose signature, type, issuer and audience were right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked {
    pub session: SessionId,
    pub user: UserId,
    /// In seconds since 1970.
    pub expires_at: i64,
    /// In seconds since 1970.
    pub issued_at: i64,
    /// When its holder last proved who they are, in seconds since 1970.
    pub auth_time: i64,
}

impl Claims {
    pub(super) fn new(context: &Context, session: &Session, email_verified: bool) -> Self {
        let now = context.now();
        let exp = (now + context.config.session.access_token_ttl).min(session.absolute_expires_at);
        Self {
            iss: context.config.issuer().to_owned(),
            sub: session.user.to_string(),
            aud: context.config.token.audience.clone(),
            exp: exp.seconds(),
            iat: now.seconds(),
            jti: BASE64_URL_SAFE_NO_PAD.encode(random::<16>(&*context.rng)),
            sid: session.id.to_string(),
            client_id: FIRST_PARTY.to_owned(),
            scope: SCOPE.to_owned(),
            auth_time: session.auth_time.seconds(),
            amr: session.amr.clone(),
            acr: session.acr.clone(),
            email_verified,
        }
    }
}

/// Reads an access token of our own. `leeway` is for those who may come late.
///
/// # Errors
/// `token_expired` where it was good once, else `token_invalid`.
pub(super) fn verify(context: &Context, keys: &KeyRing, token: &str, leeway: Duration) -> Result<Checked> {
    let expected = Expected {
        typ: TYP,
        issuer: context.config.issuer(),
        audience: &context.config.token.audience,
        now: context.now().seconds(),
        leeway: i64::try_from(leeway.as_secs()).unwrap_or(0),
    };
    let claims: Claims = keys.verify(token, &expected).map_err(|error| match error {
        JwsError::Expired => Error::new(Code::TokenExpired),
        other => Error::new(Code::TokenInvalid).with_cause(other),
    })?;
    // The tokens of OAuth clients open their own resource servers, nothing here.
    if claims.client_id != FIRST_PARTY {
        return Err(Code::TokenInvalid.into());
    }
    match (Id::parse(&claims.sid), Id::parse(&claims.sub)) {
        (Some(session), Some(user)) => Ok(Checked {
            session,
            user,
            expires_at: claims.exp,
            issued_at: claims.iat,
            auth_time: claims.auth_time,
        }),
        _ => Err(Code::TokenInvalid.into()),
    }
}
