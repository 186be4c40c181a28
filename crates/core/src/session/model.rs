use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;

use super::internal_token;
use crate::access::Rights;
use crate::audit::{Event, EventType};
use crate::context::{Context, DeviceId, SessionId, Time, UserId};
use crate::error::{Code, Result};
use crate::user::User;

/// The `acr` of a session that one factor opened (NIST SP 800-63B).
pub const AAL1: &str = "aal1";
/// The `acr` of a session whose holder proved two factors, or one that is two.
pub const AAL2: &str = "aal2";
/// The `amr` beside those of two factors (RFC 8176).
pub const MULTI_FACTOR: &str = "mfa";

/// Who signed in, when, how, on what, from where, and until when it holds.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    /// Authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// Authentication context class: `aal1`, `aal2` (NIST SP 800-63B).
    pub acr: String,
    pub auth_time: Time,
    pub remember: bool,
    pub user_agent: Option<String>,
    pub client_hints: Option<String>,
    /// The browser that it lives in, if its account knows that.
    pub device: Option<DeviceId>,
    /// What its owner calls that.
    pub device_name: Option<String>,
    pub ip: Option<String>,
    pub created_at: Time,
    pub last_seen_at: Time,
    pub expires_at: Time,
    pub absolute_expires_at: Time,
    pub revoked_at: Option<Time>,
    pub revoked_reason: Option<String>,
}

impl Session {
    /// When it ended, where it is over.
    pub fn ended_at(&self, now: Time) -> Option<Time> {
        self.revoked_at.or_else(|| Some(self.expires_at).filter(|at| *at <= now))
    }

    /// # Errors
    /// Why it is over, where it is.
    pub(super) fn ensure_live(&self, now: Time) -> Result<()> {
        if self.revoked_at.is_some() {
            let reused = self.revoked_reason.as_deref() == Some(EndReason::Reused.as_str());
            return Err(if reused { Code::TokenReused } else { Code::SessionRevoked }.into());
        }
        if self.expires_at <= now {
            return Err(Code::SessionExpired.into());
        }
        Ok(())
    }
}

/// A session that is live, with its account and what that may do.
pub struct Live {
    pub session: Session,
    pub user: User,
    pub rights: Rights,
    /// Room for the answer that an outer layer made of it, so that it is made once.
    pub rendered: OnceLock<Bytes>,
    pub(super) internal_tokens: internal_token::Made,
}

impl Live {
    pub(super) fn new(session: Session, user: User, rights: Rights) -> Self {
        Self {
            session,
            user,
            rights,
            rendered: OnceLock::new(),
            internal_tokens: internal_token::Made::default(),
        }
    }
}

/// What a client gets. Neither part can be printed.
#[derive(Debug)]
pub struct Tokens {
    pub(super) access: SecretString,
    pub access_life: Duration,
    pub(super) refresh: SecretString,
    /// What is left of the session.
    pub refresh_life: Duration,
}

/// A session to be opened.
pub(crate) struct NewSession {
    pub user: UserId,
    pub amr: Vec<&'static str>,
    pub acr: &'static str,
    pub remember: bool,
    pub device: Option<DeviceId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    SignOut,
    SignOutAll,
    /// Ended from another session.
    Ended,
    /// The same browser signed in anew.
    SignedInAgain,
    PasswordChanged,
    PasswordReset,
    Disabled,
    Reused,
    /// Its device was forgotten.
    DeviceForgotten,
    /// The owner said by mail that a sign-in was not theirs.
    NotMe,
    AccountClosed,
    /// The second factors were removed, by a recovery or by the operator.
    FactorsRemoved,
    /// The account got a role that asks for two factors, and it was opened by one.
    SecondFactorNeeded,
}

impl EndReason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::SignOut => "sign_out",
            Self::SignOutAll => "sign_out_all",
            Self::Ended => "ended",
            Self::SignedInAgain => "signed_in_again",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::Disabled => "disabled",
            Self::Reused => "reused",
            Self::DeviceForgotten => "device_forgotten",
            Self::NotMe => "not_me",
            Self::AccountClosed => "account_closed",
            Self::FactorsRemoved => "factors_removed",
            Self::SecondFactorNeeded => "second_factor_needed",
        }
    }

    /// The event of a session that ends for this by itself.
    pub(super) fn event(self) -> Event {
        match self {
            Self::SignOut => Event::new(EventType::SignOut),
            Self::SignOutAll => Event::new(EventType::SignOutAll),
            Self::Reused => Event::new(EventType::RefreshReused),
            Self::Ended
            | Self::SignedInAgain
            | Self::PasswordChanged
            | Self::PasswordReset
            | Self::Disabled
            | Self::DeviceForgotten
            | Self::NotMe
            | Self::AccountClosed
            | Self::FactorsRemoved
            | Self::SecondFactorNeeded => Event::new(EventType::SessionEnded).with("reason", self.as_str()),
        }
    }
}

pub(super) fn idle_timeout(context: &Context, remember: bool) -> Duration {
    let settings = &context.config.session;
    if remember { settings.remember_idle_timeout } else { settings.idle_timeout }
}
