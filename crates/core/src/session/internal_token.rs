//! Internal tokens: what a gateway hands to the service behind it, so that the service need not trust headers. Short JWTs
//! with a type and an audience of their own, which open nothing here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_crypto::rng::random;
use serde::Serialize;

use super::{Live, Sessions};
use crate::context::Time;
use crate::error::Result;

/// Never that of an access token (RFC 8725, section 3.11).
const TYP: &str = "internal+jwt";
const LIFE: Duration = Duration::from_secs(60);
/// From half its life on a token is made anew, so that none that is handed out is about to run out.
const RENEWED_AFTER: Duration = Duration::from_secs(30);
/// How many services' tokens are remembered for each session.
const REMEMBERED: usize = 4;

#[derive(Serialize)]
struct Claims<'s> {
    iss: &'s str,
    sub: String,
    aud: &'s str,
    exp: i64,
    iat: i64,
    jti: String,
    sid: String,
    auth_time: i64,
    amr: &'s [String],
    acr: &'s str,
    email: &'s str,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'s str>,
    roles: &'s [String],
}

/// The tokens that were made for a session, newest last.
#[derive(Default)]
pub(super) struct Made(Mutex<Vec<Token>>);

struct Token {
    audience: String,
    text: Arc<str>,
    made_at: Time,
}

impl Made {
    fn get(&self, audience: &str, now: Time) -> Option<Arc<str>> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let token = tokens.iter().find(|token| token.audience == audience)?;
        // A clock that was set back makes no token older than it says.
        let is_young = token.made_at <= now && now < token.made_at + RENEWED_AFTER;
        is_young.then(|| Arc::clone(&token.text))
    }

    fn keep(&self, token: Token) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|kept| kept.audience != token.audience);
        if tokens.len() == REMEMBERED {
            tokens.remove(0);
        }
        tokens.push(token);
    }
}

impl Sessions {
    /// A token of 60 seconds that tells the service of this name (an origin) who is signed in, and what roles they have now.
    /// Within half of that the same one again.
    pub fn internal_token(&self, live: &Live, audience: &str) -> Result<Arc<str>> {
        let now = self.context.now();
        if let Some(text) = live.internal_tokens.get(audience, now) {
            return Ok(text);
        }
        let (session, user) = (&live.session, &live.user);
        let claims = Claims {
            iss: self.context.config.issuer(),
            sub: user.id.to_string(),
            aud: audience,
            exp: (now + LIFE).min(session.expires_at).seconds(),
            iat: now.seconds(),
            jti: BASE64_URL_SAFE_NO_PAD.encode(random::<16>(&*self.context.rng)),
            sid: session.id.to_string(),
            auth_time: session.auth_time.seconds(),
            amr: &session.amr,
            acr: &session.acr,
            email: &user.email,
            email_verified: user.email_verified,
            preferred_username: user.username.as_deref(),
            roles: &live.rights.roles,
        };
        let text: Arc<str> = self.keys.sign(TYP, &claims)?.into();
        let token = Token { audience: audience.to_owned(), text: Arc::clone(&text), made_at: now };
        live.internal_tokens.keep(token);
        Ok(text)
    }
}
