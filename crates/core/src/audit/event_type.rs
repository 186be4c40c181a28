macro_rules! event_types {
    ($($variant:ident, $name:literal, $words:literal;)+) => {
        /// What happened. The names are stable: exports and alerts depend on them. Each is explained in docs/AUDIT.md.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventType { $($variant),+ }

        impl EventType {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// As people read it in the list of what happened to their account.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$variant => $words),+ }
            }

            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|event_type| event_type.as_str() == name)
            }
        }
    };
}

event_types! {
    SignUpStarted, "sign_up.started", "Sign-up begun";
    SignUpKnownAddress, "sign_up.known_address", "Somebody tried to sign up with your address";
    SignUpCompleted, "sign_up.completed", "Account created";
    EmailVerified, "email.verified", "E-mail address verified";
    VerificationSent, "email.verification_sent", "Verification mail sent";
    SignIn, "sign_in", "Sign-in";
    FirstFactor, "sign_in.first_factor", "Sign-in begun: the second step is next";
    SecondFactor, "sign_in.second_factor", "Second step of a sign-in";
    TotpAdded, "totp.added", "Authenticator app set up";
    TotpRemoved, "totp.removed", "Authenticator app removed";
    PasskeySecondOn, "passkey.second_factor_on", "Passkey asked for after the password";
    PasskeySecondOff, "passkey.second_factor_off", "Passkey no longer asked for after the password";
    BackupCodesMade, "backup_codes.made", "New backup codes made";
    BackupCodeUsed, "backup_codes.used", "Backup code used";
    RecoveryAsked, "recovery.asked", "Recovery of a lost second factor asked for";
    RecoveryCancelled, "recovery.cancelled", "Recovery cancelled";
    RecoveryReady, "recovery.ready", "The wait of a recovery is over";
    RecoveryCompleted, "recovery.completed", "Recovery completed: second factors removed";
    FactorsReset, "factors.reset", "Second factors removed by the operator";
    SignInMailAsked, "sign_in.mail_asked", "Mail to sign in asked for";
    SignInCodeShown, "sign_in.code_shown", "Code to sign in shown in another browser";
    SignOut, "sign_out", "Sign-out";
    SignOutAll, "sign_out.all", "Sign-out everywhere";
    SessionEnded, "session.ended", "Session ended";
    SessionRefreshed, "session.refreshed", "Session renewed";
    RefreshRetried, "refresh.retried", "Session renewed twice at once";
    RefreshReused, "refresh.reused", "Session ended: its token was used twice";
    PasswordResetAsked, "password.reset_asked", "Password reset asked for";
    PasswordReset, "password.reset", "Password reset";
    PasswordChanged, "password.changed", "Password changed";
    PasswordRemoved, "password.removed", "Password removed";
    ProfileChanged, "profile.changed", "Profile changed";
    UserCreated, "user.created", "Account set up";
    UserDisabled, "user.disabled", "Account disabled";
    UserEnabled, "user.enabled", "Account enabled again";
    RoleGranted, "role.granted", "Role granted";
    RoleRevoked, "role.revoked", "Role taken away";
    KeysRotated, "keys.rotated", "Signing keys rotated";
    KeysRevoked, "keys.revoked", "Signing key revoked";
    DeviceRenamed, "device.renamed", "Device renamed";
    DeviceForgotten, "device.forgotten", "Device forgotten";
    NotMe, "account.not_me", "You said that a sign-in was not yours";
    ReauthenticationAsked, "reauthentication.asked", "Code asked for, to confirm that it is you";
    Reauthenticated, "reauthentication", "Confirmed that it is you";
    EmailChangeAsked, "email.change_asked", "Change of e-mail address begun";
    EmailChanged, "email.changed", "E-mail address changed";
    EmailChangeUndone, "email.change_undone", "Change of e-mail address taken back";
    PhoneAsked, "phone.asked", "Code sent to a phone number, to add it";
    PhoneAdded, "phone.added", "Phone number added";
    PhoneRemoved, "phone.removed", "Phone number removed";
    SmsCodeSent, "sms.code_sent", "Code to sign in sent by SMS";
    AccountClosed, "account.closed", "Account closed";
    AccountRestored, "account.restored", "Account restored";
    AccountDeleted, "account.deleted", "Account deleted";
    DataExported, "account.exported", "Your data downloaded";
    AccountLocked, "account.locked", "Account locked for a while: too many wrong passwords";
    ServiceKeyCreated, "service_key.created", "Service key made";
    ServiceKeyRevoked, "service_key.revoked", "Service key revoked";
    PasskeyAdded, "passkey.added", "Passkey added";
    PasskeyRemoved, "passkey.removed", "Passkey removed";
    PasskeyRenamed, "passkey.renamed", "Passkey renamed";
    PasskeySecondOnly, "passkey.second_only", "Passkeys sign in no more by themselves";
    PasskeyCloneSuspected, "passkey.clone_suspected", "Passkey refused: it may have been copied";
    LimitRefused, "limit.refused", "Too many attempts refused";
}
