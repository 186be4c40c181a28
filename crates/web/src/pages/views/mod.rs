//! What the pages show: plain data and the templates that it fills. Nothing here reads a request or calls the product.
//!
//! A page with a form has a constructor of that form beside it; its handler fills in what was typed and marks what was
//! wrong, by the names of the fields.

mod account;
mod account_life;
mod activity;
mod dev;
mod docs;
mod email_sign_in;
mod error;
mod first_admin;
mod form;
mod layout;
mod moment;
mod not_me;
mod passkeys;
mod password;
mod phone;
mod reauthentication;
mod recovery;
mod sessions;
mod sign_in;
mod sign_up;
mod two_factor;
#[cfg(test)]
mod tests;

pub use account::{AccountPage, LastSignIn, Place};
pub use account_life::{
    AccountClosedPage, ClosePage, ConfirmEmailPage, DataPage, EmailPage, RestorePage, RestoredPage,
    UndoEmailDonePage, UndoEmailPage,
};
pub use activity::{ActivityPage, ActivityRow};
pub use dev::{MailRow, MailShown, MailboxPage};
pub use docs::{DocsPage, Operation, OperationGroup, RequestField, Response};
pub use email_sign_in::{AskedBy, EmailCodePage, EmailSignInPage, ShownCodePage, SignInLinkPage};
pub use error::{DeadLinkPage, ErrorPage, ProblemPage};
pub use first_admin::FirstAdminPage;
pub use form::{Challenge, Field, Form, Kind, Other, Resend};
pub use layout::{Layout, brand_css};
pub use moment::Moment;
pub use not_me::{NotMeDonePage, NotMePage, RecentFactor};
pub use passkeys::{AddPasskeyPage, PasskeyForm, PasskeyItem, PasskeysPage};
pub use password::{
    ChangePasswordPage, ForgotPasswordPage, ForgotSentPage, ResetDonePage, ResetPasswordPage,
};
pub use phone::{ConfirmPhonePage, PhonePage};
pub use reauthentication::{ConfirmBy, ReauthenticationPage};
pub use recovery::{RecoveryAskPage, RecoveryAskedPage, RecoveryDonePage, RecoveryLinkPage};
pub use sessions::{DeviceItem, SessionItem, SessionsPage};
pub use sign_in::SignInPage;
pub use sign_up::{CheckMailPage, ConfirmKind, ConfirmLinkPage, SignUpPage, VerifiedPage, masked};
pub use two_factor::{
    App, BackupCodesItem, BackupCodesPage, EnrolPage, Removal, SecondStepPage, SetUpPage, StepBy, TotpItem,
    TwoFactorPage,
};
