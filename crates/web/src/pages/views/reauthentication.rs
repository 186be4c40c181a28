use askama::Template;

use super::form::{Field, Form};
use super::layout::Layout;
use super::passkeys::PasskeyForm;
use super::two_factor::app_code;
use crate::http::redirect::with_query;

/// Confirm that it is you, in one of the ways that the account has.
#[derive(Template)]
#[template(path = "sign_in/reauthentication.html")]
pub struct ReauthenticationPage {
    pub layout: Layout,
    pub form: Form,
    /// Where the account has a passkey.
    pub passkey: Option<PasskeyForm>,
    /// What is typed here. `None` as long as there is nothing to type: a code has to be asked for first, or a passkey is the
    /// only way, or there is none.
    pub by: Option<ConfirmBy>,
    /// All ways but the passkey.
    pub ways: Vec<ConfirmBy>,
    /// Nothing can be confirmed here, at least without the passkey at hand, and a new sign-in would do.
    pub signs_in_again: bool,
    pub email: String,
    /// By [`super::masked`].
    pub masked_email: String,
    pub redirect_to: Option<String>,
}

/// A way to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmBy {
    Password,
    Totp,
    Sms,
    BackupCode,
    EmailCode,
}

impl ConfirmBy {
    const ALL: [Self; 5] = [Self::Password, Self::Totp, Self::Sms, Self::BackupCode, Self::EmailCode];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::BackupCode => "backup_code",
            Self::EmailCode => "code",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }

    /// Whether there is nothing to type before somebody asks for it.
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Sms | Self::EmailCode)
    }

    /// What leads to it, where another way is taken.
    const fn label(self) -> &'static str {
        match self {
            Self::Password => "Use the password",
            Self::Totp => "Use the authenticator app",
            Self::Sms => "Send a code to my phone",
            Self::BackupCode => "Use a backup code",
            Self::EmailCode => "Mail me a code",
        }
    }
}

impl ReauthenticationPage {
    /// Field: `password`, or `code`. Posts to `/reauthenticate`. With nothing to type it holds no more than what is wrong.
    pub fn form(by: Option<ConfirmBy>, email: &str, redirect_to: Option<&str>) -> Form {
        let form = Form::new("/reauthenticate", "Confirm", "Confirming…");
        let Some(by) = by else { return form };
        let form = form.hide("by", by.as_str());
        let form = match by {
            ConfirmBy::Password => {
                form.with(Field::current_password("password", "Password")).for_account(email)
            }
            ConfirmBy::Totp => form.with(app_code()),
            ConfirmBy::Sms => form.with(Field {
                label: "Code from the message".to_owned(),
                ..Field::code().hint("Six digits.")
            }),
            ConfirmBy::BackupCode => {
                let field =
                    Field::text("code", "Backup code").hint("Ten letters and digits, as on your list.");
                form.with(field.max_length(20).required())
            }
            ConfirmBy::EmailCode => form.with(Field::code().hint("Six digits.")),
        };
        form.redirect_to(redirect_to)
    }

    /// The ways whose code is asked for here, each with whether that is once more.
    fn sends(&self) -> Vec<(ConfirmBy, bool)> {
        let sent = self.ways.iter().filter(|way| way.is_sent());
        sent.map(|way| (*way, self.by == Some(*way))).collect()
    }

    /// Nothing else can be done here.
    fn is_for_sending(&self) -> bool {
        self.by.is_none() && self.passkey.is_none()
    }

    /// The other ways that a link leads to, each with its label.
    fn links(&self) -> Vec<(&'static str, String)> {
        let path = |way: &ConfirmBy| {
            let pairs = [("redirect_to", self.redirect_to.as_deref()), ("by", Some(way.as_str()))];
            with_query("/reauthenticate", &pairs)
        };
        let linked = self.ways.iter().filter(|way| !way.is_sent() && self.by != Some(**way));
        linked.map(|way| (way.label(), path(way))).collect()
    }
}
