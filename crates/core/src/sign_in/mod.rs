//! Signing in. A method proves one factor and nothing more; [`flow`] alone turns factors into a session. A new way to
//! sign in is a new file beside `password.rs` that answers a [`VerifiedFactor`].

pub mod flow;
pub mod passkey;
pub mod password;

use crate::context::{Id, UserId};
use crate::lockout::Attempt;
use crate::secret::{Consumed, Purpose};

/// A factor that was proved just now. Only this module's methods can make one, and none opens a session by itself.
#[derive(Debug)]
pub struct VerifiedFactor {
    user: UserId,
    method: Method,
    /// The account's epoch when it was proved. `None` where the unit of work that opens the session made the account.
    epoch: Option<i64>,
    /// The attempt that it was, where guesses are counted: forgotten with those before it by whoever goes on from here.
    attempt: Option<Attempt>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Password,
    Passkey {
        user_verified: bool,
        backup_eligible: bool,
    },
    /// A sign-up confirmed by mail: its password was chosen, and proved, in the same flow.
    ConfirmedSignUp,
    /// The one-time link of an installation without an administrator.
    FirstAdmin,
}

impl Method {
    /// RFC 8176.
    fn amr(self) -> Vec<&'static str> {
        match self {
            Self::Password | Self::ConfirmedSignUp | Self::FirstAdmin => vec!["pwd"],
            Self::Passkey { user_verified, backup_eligible } => {
                let key = if backup_eligible { "swk" } else { "hwk" };
                if user_verified { vec![key, "user", "mfa"] } else { vec![key, "user"] }
            }
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey { .. } => "passkey",
            Self::ConfirmedSignUp => "sign_up",
            Self::FirstAdmin => "first_admin",
        }
    }
}

impl VerifiedFactor {
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The factor of somebody who read the mail of a sign-up, or the first administrator's link, and whose password was
    /// set or compared on the way. `None` for what proves less.
    pub(crate) fn of_new_account(user: UserId, proof: &Consumed) -> Option<Self> {
        let method = match proof.purpose() {
            Purpose::SignUp => Method::ConfirmedSignUp,
            Purpose::FirstAdmin => Method::FirstAdmin,
            _ => return None,
        };
        Some(Self { user, method, epoch: None, attempt: None })
    }

    /// The factor of somebody who has just chosen the password of a new account that need not be confirmed first.
    pub(crate) fn of_chosen_password(user: &crate::user::User) -> Self {
        let (user, method) = (Id::from_uuid(user.id.uuid()), Method::ConfirmedSignUp);
        Self { user, method, epoch: None, attempt: None }
    }
}
