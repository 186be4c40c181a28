use std::fmt;

use super::{EmailAddress, Profile, ProfileChange, Username};
use crate::context::{Context, Time, UserId};

/// An account.
#[derive(Clone)]
pub struct User {
    pub id: UserId,
    /// As it was typed, and as it is mailed to.
    pub email: String,
    pub email_key: String,
    pub email_verified: bool,
    pub username: Option<String>,
    pub(super) username_key: Option<String>,
    pub profile: Profile,
    /// A PHC string, or another system's.
    pub password_hash: Option<String>,
    pub password_changed_at: Option<Time>,
    pub disabled_at: Option<Time>,
    /// Its owner closed it: from this moment on it may be deleted.
    pub deletes_at: Option<Time>,
    /// How often all sessions of the account were ended. What was proved in an earlier epoch opens none.
    pub epoch: i64,
    /// Sign-ins ask for a second factor.
    pub mfa_enabled: bool,
    /// A passkey is the second factor after a password, by the owner's choice.
    pub passkey_second: bool,
    /// The next sign-in sets up a second factor.
    pub must_enrol: bool,
    /// When the password was last set by a mail.
    pub password_reset_at: Option<Time>,
    pub last_sign_in_at: Option<Time>,
    pub created_at: Time,
}

impl User {
    /// Whether a mail alone can sign its owner in, as far as the first factor goes.
    pub fn signs_in_by_mail(&self, context: &Context) -> bool {
        context.config.sign_in.email && self.email_verified
    }

    pub fn is_disabled(&self) -> bool {
        self.disabled_at.is_some()
    }

    /// Whether its owner closed it.
    pub fn is_closed(&self) -> bool {
        self.deletes_at.is_some()
    }

    /// The profile as it is after a change.
    pub(super) fn changed(&self, change: &ProfileChange) -> ChangedProfile {
        let (username, username_key) = match &change.username {
            None => (self.username.clone(), self.username_key.clone()),
            Some(None) => (None, None),
            Some(Some(name)) => (Some(name.as_str().to_owned()), Some(name.key().to_owned())),
        };
        let keep =
            |new: &Option<Option<String>>, old: &Option<String>| new.clone().unwrap_or_else(|| old.clone());
        ChangedProfile {
            username,
            username_key,
            profile: Profile {
                given_name: keep(&change.given_name, &self.profile.given_name),
                family_name: keep(&change.family_name, &self.profile.family_name),
                picture: keep(&change.picture, &self.profile.picture),
                locale: keep(&change.locale, &self.profile.locale),
            },
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

pub(super) struct ChangedProfile {
    pub username: Option<String>,
    pub username_key: Option<String>,
    pub profile: Profile,
}

/// An account to be made.
#[derive(Clone)]
pub struct NewUser {
    pub email: EmailAddress,
    pub email_verified: bool,
    pub username: Option<Username>,
    pub profile: Profile,
    pub password_hash: Option<String>,
}
