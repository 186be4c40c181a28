use crate::backup_code::BackupCodes;
use crate::passkey::{self, Passkey};
use crate::phone::Phone;
use crate::totp::Totp;

/// A way to prove the second factor, as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Totp,
    Passkey,
    Sms,
    BackupCode,
}

impl Method {
    /// What can be set up on the way in, the most usual first.
    pub const SET_UP: [Self; 2] = [Self::Totp, Self::Passkey];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Sms => "sms",
            Self::BackupCode => "backup_code",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Totp, Self::Passkey, Self::Sms, Self::BackupCode]
            .into_iter()
            .find(|method| method.as_str() == name)
    }

    /// RFC 8176.
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Totp | Self::BackupCode => "otp",
            // Where it is kept tells more: see `passkey::amr`.
            Self::Passkey => passkey::amr(false),
            Self::Sms => "sms",
        }
    }
}

/// The second factors of an account.
#[derive(Debug)]
pub struct Factors {
    pub totp: Option<Totp>,
    pub passkeys: Vec<Passkey>,
    /// A passkey is asked for although there is no authenticator app, by the owner's choice.
    pub passkey_second: bool,
    pub phone: Option<Phone>,
    /// The operator offers SMS. Where that was switched off, a number still counts, and proves nothing.
    pub takes_sms: bool,
    pub backup_codes: Option<BackupCodes>,
}

impl Factors {
    /// Whether a sign-in asks for one of them.
    pub fn is_enabled(&self) -> bool {
        self.totp.is_some() || self.phone.is_some() || (self.passkey_second && !self.passkeys.is_empty())
    }

    /// Whether there is anything that a recovery could remove.
    pub fn any(&self) -> bool {
        self.totp.is_some()
            || self.phone.is_some()
            || !self.passkeys.is_empty()
            || self.backup_codes.is_some()
    }

    /// The ways to prove one, the most usual first.
    pub fn methods(&self) -> Vec<Method> {
        let mut methods = Vec::new();
        if self.totp.is_some() {
            methods.push(Method::Totp);
        }
        if !self.passkeys.is_empty() {
            methods.push(Method::Passkey);
        }
        if self.phone.is_some() && self.takes_sms {
            methods.push(Method::Sms);
        }
        let has_any = !methods.is_empty() || self.phone.is_some();
        if has_any && self.backup_codes.is_some_and(|codes| codes.remaining > 0) {
            methods.push(Method::BackupCode);
        }
        methods
    }
}
