//! What a service may ask for beyond a good token.

use std::time::Duration;

use crate::claims::Claims;
use crate::error::{Code, Refusal};

/// Requirements that a token must meet besides being good. All of them must hold.
///
/// ```
/// use std::time::Duration;
/// use doorward_verify::Require;
///
/// let to_pay = Require::new().verified_email().max_age(Duration::from_secs(600));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Require {
    verified_email: bool,
    max_age: Option<Duration>,
    acr: Option<String>,
    amr: Vec<String>,
}

impl Require {
    /// No requirement yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The mail address is verified; else 403 `email_not_verified`.
    #[must_use]
    pub fn verified_email(mut self) -> Self {
        self.verified_email = true;
        self
    }

    /// Its holder proved within this time who they are (OpenID Connect Core, section 3.1.2.1); else 403
    /// `reauthentication_required`.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// At least this assurance. Levels of the form `aal1`, `aal2`, `aal3` are ordered, any other must be met exactly. Else 403
    /// `reauthentication_required`.
    #[must_use]
    pub fn acr(mut self, least: impl Into<String>) -> Self {
        self.acr = Some(least.into());
        self
    }

    /// This method was used (RFC 8176); asked for more than once, each of them. Else 403 `reauthentication_required`.
    #[must_use]
    pub fn amr(mut self, method: impl Into<String>) -> Self {
        self.amr.push(method.into());
        self
    }

    /// `now` in seconds since 1970.
    pub(crate) fn check(&self, claims: &Claims, now: i64, leeway: i64) -> Result<(), Refusal> {
        let refuse = |code| Refusal::new(code, &claims.iss);
        if self.verified_email && !claims.email_verified {
            return Err(refuse(Code::EmailNotVerified));
        }
        let again = || refuse(Code::ReauthenticationRequired);
        if let Some(age) = self.max_age {
            let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
            let until = claims.auth_time.saturating_add(age).saturating_add(leeway);
            // A proof that lies ahead is none.
            if claims.auth_time == 0 || now > until || claims.auth_time > now.saturating_add(leeway) {
                return Err(again().wanting(format!(", max_age={age}")));
            }
        }
        if let Some(least) = self.acr.as_deref().filter(|least| !reaches(&claims.acr, least)) {
            // Only what needs no quoting: the text is the service's own, and still goes into a header.
            let plain = least.chars().all(|char| char.is_ascii_alphanumeric() || ":/._-".contains(char));
            let wanted = if plain { format!(", acr_values=\"{least}\"") } else { String::new() };
            return Err(again().wanting(wanted));
        }
        if self.amr.iter().any(|method| !claims.has_amr(method)) {
            return Err(again());
        }
        Ok(())
    }
}

fn reaches(own: &str, least: &str) -> bool {
    let level = |acr: &str| acr.strip_prefix("aal").and_then(|level| level.parse::<u8>().ok());
    match (level(own), level(least)) {
        (Some(own), Some(least)) => own >= least,
        _ => own == least,
    }
}
