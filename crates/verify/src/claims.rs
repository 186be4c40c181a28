//! What an access token says (RFC 9068, section 2.2, and Doorward's own `sid` and `email_verified`).

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::error::VerifyError;
use crate::json::{Anything, Names};

/// A verified access token: its claims, cheap to clone. Only a [`Verifier`](crate::Verifier) makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<Claims>);

/// The claims of an access token. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// The user's id, `user_…`: the one name to keep data under.
    pub sub: String,
    /// The session's id, `session_…`.
    pub sid: String,
    pub iss: String,
    /// Whom the token is for; the verifier's own audience is among them.
    pub aud: Vec<String>,
    pub exp: i64,
    pub iat: i64,
    /// When its holder last proved who they are. Zero where the token does not say: never fresh.
    pub auth_time: i64,
    /// How they did (RFC 8176), such as `pwd`.
    pub amr: Vec<String>,
    /// How sure that makes us, such as `aal1`. Empty where the token does not say.
    pub acr: String,
    /// Whether the mail address was verified when the token was made.
    pub email_verified: bool,
    /// Separated by blanks (RFC 6749, section 3.3); see [`has_scope`](Self::has_scope).
    pub scope: String,
    /// `doorward` for tokens of Doorward's own pages and API.
    pub client_id: String,
    pub jti: String,
    /// The later of `nbf` and `iat`.
    starts: i64,
}

/// The last second of the year 9999: a later time is a mistake or an attempt.
const MAX_TIME: i64 = 253_402_300_799;

impl Claims {
    /// Whether the token was given this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|own| own == scope)
    }

    /// Whether its holder proved who they are by this method (RFC 8176).
    pub fn has_amr(&self, method: &str) -> bool {
        self.amr.iter().any(|own| own == method)
    }

    /// Reads a payload and finds that it is well-formed; nothing of it is believed yet.
    pub(crate) fn read(json: &[u8]) -> Result<Self, VerifyError> {
        serde_json::from_slice(json).map_err(|_| VerifyError::Malformed)
    }

    /// RFC 9068, section 4: exactly this issuer, exactly this audience, one of several where several are ours.
    pub(crate) fn check_parties(&self, issuer: &str, audiences: &[String]) -> Result<(), VerifyError> {
        if self.iss != issuer {
            return Err(VerifyError::WrongIssuer);
        }
        if !self.aud.iter().any(|own| audiences.contains(own)) {
            return Err(VerifyError::WrongAudience);
        }
        Ok(())
    }

    /// RFC 7519, sections 4.1.4 to 4.1.6: taken from its start until before its end, give or take the leeway.
    pub(crate) fn check_times(&self, now: i64, leeway: i64) -> Result<(), VerifyError> {
        if self.starts > now.saturating_add(leeway) {
            return Err(VerifyError::NotYetValid);
        }
        if self.exp <= now.saturating_sub(leeway) {
            return Err(VerifyError::Expired);
        }
        Ok(())
    }
}

impl AccessToken {
    pub(crate) fn new(claims: Claims) -> Self {
        Self(Arc::new(claims))
    }
}

impl Deref for AccessToken {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// By hand, so that a member given twice is refused whatever its name is, and nothing but an object is taken.
impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfClaims)
    }
}

struct OfClaims;

impl<'de> Visitor<'de> for OfClaims {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claims of an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Claims, A::Error> {
        let mut names = Names::new();
        let (mut sub, mut sid, mut iss, mut client_id, mut jti) = (None, None, None, None, None);
        let (mut aud, mut exp, mut iat, mut nbf, mut auth_time) = (None, None, None, None, None);
        let (mut amr, mut acr, mut scope, mut email_verified) =
            (Vec::new(), String::new(), String::new(), false);
        while let Some(name) = members.next_key()? {
            match &**names.add::<A::Error>(name)? {
                "sub" => sub = Some(members.next_value::<String>()?),
                "sid" => sid = Some(members.next_value::<String>()?),
                "iss" => iss = Some(members.next_value()?),
                "client_id" => client_id = Some(members.next_value()?),
                "jti" => jti = Some(members.next_value()?),
                "aud" => aud = Some(members.next_value::<Audience>()?),
                "exp" => exp = Some(members.next_value::<i64>()?),
                "iat" => iat = Some(members.next_value::<i64>()?),
                "nbf" => nbf = Some(members.next_value::<i64>()?),
                "auth_time" => auth_time = Some(members.next_value::<i64>()?),
                "amr" => amr = members.next_value()?,
                "acr" => acr = members.next_value()?,
                "scope" => scope = members.next_value()?,
                "email_verified" => email_verified = members.next_value()?,
                _ => {
                    members.next_value::<Anything>()?;
                }
            }
        }
        let times = [exp, iat, nbf, auth_time];
        if times.iter().flatten().any(|time| !(0..=MAX_TIME).contains(time)) {
            return Err(A::Error::custom("a time out of range"));
        }
        let missing = A::Error::missing_field;
        let iat = iat.ok_or_else(|| missing("iat"))?;
        Ok(Claims {
            sub: sub.filter(|sub| !sub.is_empty()).ok_or_else(|| missing("sub"))?,
            sid: sid.filter(|sid| !sid.is_empty()).ok_or_else(|| missing("sid"))?,
            iss: iss.ok_or_else(|| missing("iss"))?,
            aud: aud.ok_or_else(|| missing("aud"))?.0,
            exp: exp.ok_or_else(|| missing("exp"))?,
            iat,
            auth_time: auth_time.unwrap_or(0),
            amr,
            acr,
            email_verified,
            scope,
            client_id: client_id.ok_or_else(|| missing("client_id"))?,
            jti: jti.ok_or_else(|| missing("jti"))?,
            starts: nbf.unwrap_or(0).max(iat),
        })
    }
}

/// One text, or several (RFC 7519, section 4.1.3).
struct Audience(Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfAudience;
        impl<'de> Visitor<'de> for OfAudience {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an audience, or several")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Audience, E> {
                Ok(Audience(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Audience, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = values.next_element()? {
                    all.push(one);
                }
                Ok(Audience(all))
            }
        }
        deserializer.deserialize_any(OfAudience)
    }
}
