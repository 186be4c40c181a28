use askama::Template;

use super::form::{Field, Form};
use super::layout::Layout;
use super::passkeys::PasskeyForm;
use super::sign_in::redirect_query;
use super::two_factor::app_code;

/// Confirm that it is you, in one of the ways that the account has.
#[derive(Template)]
#[template(path = "sign_in/reauthentication.html")]
pub struct ReauthenticationPage {
    pub layout: Layout,
    pub form: Form,
    /// Where the account has a passkey.
    pub passkey: Option<PasskeyForm>,
    /// There is no other way, so there is nothing to type.
    pub by_passkey_alone: bool,
    pub by: ConfirmBy,
    /// The other ways.
    pub others: Vec<ConfirmBy>,
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

    const fn label(self) -> &'static str {
        match self {
            Self::Password => "Use the password",
            Self::Totp => "Use the authenticator app",
            Self::Sms => "Type the code that we sent to your phone",
            Self::BackupCode => "Use a backup code",
            Self::EmailCode => "Mail me a code",
        }
    }
}

impl ReauthenticationPage {
    /// Field: `password`, or `code`. Posts to `/reauthenticate`.
    pub fn form(by: ConfirmBy, email: &str, redirect_to: Option<&str>) -> Form {
        let form = Form::new("/reauthenticate", "Confirm", "Confirming…").hide("by", by.as_str());
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

    fn can_text(&self) -> bool {
        self.by == ConfirmBy::Sms || self.others.contains(&ConfirmBy::Sms)
    }

    fn can_mail(&self) -> bool {
        self.others.contains(&ConfirmBy::EmailCode)
    }

    /// The other ways that a link leads to, each with its label.
    fn links(&self) -> Vec<(&'static str, String)> {
        let query = redirect_query(self.redirect_to.as_deref());
        let mark = if query.is_empty() { '?' } else { '&' };
        let sent = [ConfirmBy::EmailCode, ConfirmBy::Sms];
        let linked = self.others.iter().filter(|by| !sent.contains(by));
        linked.map(|by| (by.label(), format!("/reauthenticate{query}{mark}by={}", by.as_str()))).collect()
    }
}
