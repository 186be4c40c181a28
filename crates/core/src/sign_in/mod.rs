//! Signing in. A method proves one factor and nothing more; [`flow`] alone turns factors into a session. A new way to
//! sign in is a new file beside `password.rs` that answers a [`VerifiedFactor`], and a line in `method.rs`.

pub mod enrolment;
pub mod email;
pub mod flow;
mod method;
pub mod passkey;
pub mod password;
pub mod pending;
pub mod second;

pub use self::method::Method;
use crate::context::{Id, UserId};
use crate::lockout::Attempt;
use crate::second_factor;
use crate::secret::{Consumed, Purpose};
use crate::session::{AAL1, AAL2, MULTI_FACTOR};

/// How somebody comes in, beside who they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry {
    /// Keep the session for longer.
    pub remember: bool,
    /// By a browser, which keeps cookies and is known again by one.
    pub browser: bool,
}

/// A factor that was proved just now. Only this module's methods can make one, and none opens a session by itself.
#[derive(Debug)]
pub struct VerifiedFactor {
    user: UserId,
    method: Method,
    /// The account's epoch when it was proved. `None` where the unit of work that opens the session made the account.
    epoch: Option<i64>,
    /// The attempt that it was, where guesses are counted: forgotten with those before it by whoever goes on from here.
    attempt: Option<Attempt>,
    /// The second factor, where that was proved as well.
    second: Option<Second>,
}

/// A second factor that was proved.
#[derive(Debug, Clone, Copy)]
struct Second {
    method: second_factor::Method,
    /// RFC 8176.
    amr: &'static str,
}

impl VerifiedFactor {
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Whether no second step is needed.
    fn is_two(&self) -> bool {
        self.second.is_some() || self.method.is_two()
    }

    fn amr(&self) -> Vec<&'static str> {
        let mut methods = self.method.amr().to_vec();
        if let Some(second) = &self.second {
            methods.extend([second.amr, MULTI_FACTOR]);
        }
        methods
    }

    fn acr(&self) -> &'static str {
        if self.is_two() { AAL2 } else { AAL1 }
    }

    /// The factor of somebody who read the mail of a sign-up, or the first administrator's link, and whose password was
    /// set or compared on the way. `None` for what proves less.
    pub(crate) fn of_new_account(user: UserId, proof: &Consumed) -> Option<Self> {
        let method = match proof.purpose() {
            Purpose::SignUp => Method::ConfirmedSignUp,
            Purpose::FirstAdmin => Method::FirstAdmin,
            _ => return None,
        };
        Some(Self { user, method, epoch: None, attempt: None, second: None })
    }

    /// The factor of somebody who has just chosen the password of a new account that need not be confirmed first.
    pub(crate) fn of_chosen_password(user: &crate::user::User) -> Self {
        let (user, method) = (Id::from_uuid(user.id.uuid()), Method::ConfirmedSignUp);
        Self { user, method, epoch: None, attempt: None, second: None }
    }
}
