//! What a gateway's settings ask of whoever is signed in: the query of its question.

use doorward_core::access::{self, Decision};
use doorward_core::error::{Code, Error, FieldError, Result};
use doorward_core::session::Live;

use crate::http::form::Query;

/// Authentication context classes, each above the one before (NIST SP 800-63B).
const LEVELS: [&str; 3] = ["aal1", "aal2", "aal3"];

/// All of them must hold.
pub struct Gates {
    role: Option<String>,
    permission: Option<String>,
    verified: bool,
    /// The least level, by its place in [`LEVELS`].
    level: usize,
    /// Answer a person's browser with the way to sign in, and not with 401.
    pub redirects: bool,
}

impl Gates {
    /// # Errors
    /// `validation_failed` for a name or value that nobody knows: a gate that was misspelt must not stand open.
    pub fn parse(query: &Query) -> Result<Self> {
        let mut wrong = Vec::new();
        for name in query.names() {
            if !["role", "permission", "verified", "acr", "mode"].contains(&name) {
                let detail =
                    "This parameter is not known. Known are role, permission, verified, acr and mode.";
                wrong.push(FieldError::new(name.to_owned(), "unknown", detail));
            }
        }
        let mut named = |name: &'static str| match query.given(name) {
            Some("") => {
                wrong.push(FieldError::new(name, "required", "Name one, or leave the parameter out."));
                None
            }
            other => other.map(str::to_owned),
        };
        let (role, permission) = (named("role"), named("permission"));
        let verified = match query.given("verified") {
            None | Some("false" | "0") => false,
            Some("true" | "1" | "") => true,
            Some(_) => {
                wrong.push(FieldError::new("verified", "invalid", "Write true, or leave the parameter out."));
                true
            }
        };
        let level = match query.given("acr") {
            None => Some(0),
            Some(asked) => LEVELS.iter().position(|level| *level == asked),
        };
        if level.is_none() {
            wrong.push(FieldError::new("acr", "invalid", "Write aal1, aal2 or aal3."));
        }
        let redirects = match query.given("mode") {
            None => false,
            Some("redirect") => true,
            Some(_) => {
                wrong.push(FieldError::new("mode", "invalid", "Write redirect, or leave the parameter out."));
                false
            }
        };
        match level {
            Some(level) if wrong.is_empty() => Ok(Self { role, permission, verified, level, redirects }),
            _ => Err(Error::invalid(wrong)),
        }
    }

    /// # Errors
    /// `email_not_verified`, `permission_denied`.
    pub fn ensure_open(&self, live: &Live) -> Result<()> {
        if self.verified && !live.user.email_verified {
            return Err(Code::EmailNotVerified.into());
        }
        let is_denied = |decision| decision == Decision::Denied;
        if self.role.as_deref().is_some_and(|role| is_denied(access::decide_role(&live.rights, role)))
            || self
                .permission
                .as_deref()
                .is_some_and(|named| is_denied(access::decide_named(&live.rights, named)))
        {
            return Err(Code::PermissionDenied.into());
        }
        // A level that nobody knows is none.
        let proved = LEVELS.iter().position(|level| *level == live.session.acr);
        if proved.is_none_or(|proved| proved < self.level) {
            return Err(Error::new(Code::PermissionDenied)
                .with_detail(format!("This needs a sign-in of level {}.", LEVELS[self.level])));
        }
        Ok(())
    }
}
