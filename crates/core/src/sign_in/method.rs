use crate::passkey::{ON_ONE_DEVICE, SYNCED};
use crate::session::MULTI_FACTOR;

macro_rules! methods {
    ($($(#[$meta:meta])* $variant:ident, $name:literal, $amr:expr;)+) => {
        /// What a first factor was. All of them: nothing else can begin a sign-in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Method { $($(#[$meta])* $variant),+ }

        impl Method {
            /// For tests that must pass over none.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As a sign-in keeps it that waits for its second factor.
            pub const fn kept(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// RFC 8176; `email` is ours, as the registry has no value for a mail that was read.
            pub(super) const fn amr(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &$amr),+ }
            }
        }
    };
}

methods! {
    Password, "password", ["pwd"];
    /// The link of a mail, in the browser that asked for it.
    EmailLink, "email_link", ["email"];
    /// The code of a mail, or one that its link showed elsewhere.
    EmailCode, "email_code", ["email"];
    /// A passkey on one device, which is one factor: its authenticator verified nobody.
    Passkey, "passkey", [ON_ONE_DEVICE, "user"];
    /// The same of one that may be copied to other devices.
    SyncedPasskey, "synced_passkey", [SYNCED, "user"];
    /// A passkey on one device, and the PIN, the finger or the face: two factors.
    VerifiedPasskey, "verified_passkey", [ON_ONE_DEVICE, "user", MULTI_FACTOR];
    VerifiedSyncedPasskey, "verified_synced_passkey", [SYNCED, "user", MULTI_FACTOR];
    /// A sign-up confirmed by mail: its password was chosen, and proved, in the same flow.
    ConfirmedSignUp, "sign_up", ["pwd"];
    /// The one-time link of an installation without an administrator.
    FirstAdmin, "first_admin", ["pwd"];
}

impl Method {
    pub(super) const fn of_passkey(user_verified: bool, backup_eligible: bool) -> Self {
        match (user_verified, backup_eligible) {
            (false, false) => Self::Passkey,
            (false, true) => Self::SyncedPasskey,
            (true, false) => Self::VerifiedPasskey,
            (true, true) => Self::VerifiedSyncedPasskey,
        }
    }

    pub(super) fn of_kept(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.kept() == name)
    }

    /// As the audit log names it.
    pub(super) const fn as_str(self) -> &'static str {
        if self.is_passkey() { "passkey" } else { self.kept() }
    }

    pub(super) const fn is_passkey(self) -> bool {
        match self {
            Self::Passkey | Self::SyncedPasskey | Self::VerifiedPasskey | Self::VerifiedSyncedPasskey => true,
            Self::Password | Self::EmailLink | Self::EmailCode | Self::ConfirmedSignUp | Self::FirstAdmin => {
                false
            }
        }
    }

    /// Whether it is two factors in one.
    pub(super) const fn is_two(self) -> bool {
        matches!(self, Self::VerifiedPasskey | Self::VerifiedSyncedPasskey)
    }

    /// Whether it proves no more than that a mail was read.
    pub(super) const fn is_by_mail(self) -> bool {
        match self {
            Self::ConfirmedSignUp | Self::EmailLink | Self::EmailCode => true,
            Self::Password
            | Self::Passkey
            | Self::SyncedPasskey
            | Self::VerifiedPasskey
            | Self::VerifiedSyncedPasskey
            | Self::FirstAdmin => false,
        }
    }
}
