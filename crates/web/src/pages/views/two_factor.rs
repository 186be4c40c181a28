use askama::Template;

use super::account::Place;
use super::form::{Field, Form};
use super::layout::Layout;
use super::moment::Moment;
use super::passkeys::PasskeyForm;
use crate::http::redirect::with_query;

/// The second step of a sign-in.
#[derive(Template)]
#[template(path = "two_factor/second_step.html")]
pub struct SecondStepPage {
    pub layout: Layout,
    pub form: Form,
    /// Where the account has a passkey.
    pub passkey: Option<PasskeyForm>,
    pub by: StepBy,
    pub has_totp: bool,
    pub has_backup_codes: bool,
    /// A code can be sent to the account's phone number.
    pub has_phone: bool,
    pub redirect_to: Option<String>,
}

impl SecondStepPage {
    /// Fields: `code`, and `trust_device` (`on`) where a device may be trusted, for a time in words. Posts to `/sign-in/mfa`. Where
    /// a code has to be sent first, there are none, and it posts to `/sign-in/mfa/sms`.
    pub fn form(by: StepBy, trust: Option<&str>, redirect_to: Option<&str>) -> Form {
        if by == StepBy::Phone {
            let form = Form::new("/sign-in/mfa/sms", "Send a code to my phone", "Sending…");
            return form.redirect_to(redirect_to);
        }
        let form = Form::new("/sign-in/mfa", "Go on", "Checking…");
        let form = match by {
            StepBy::BackupCode => {
                let field =
                    Field::text("code", "Backup code").hint("Ten letters and digits, as on your list.");
                form.with(field.max_length(20).required()).hide("method", "backup_code")
            }
            StepBy::Sms => {
                let field =
                    Field { label: "Code from the message".to_owned(), ..Field::code().hint("Six digits.") };
                form.with(field).hide("method", "sms")
            }
            StepBy::App => form.with(app_code()).hide("method", "totp"),
            StepBy::Passkey | StepBy::Phone => form,
        };
        let form = match trust {
            None => form,
            Some(time) => {
                form.with(Field::checkbox("trust_device", &format!("Don't ask on this device for {time}")))
            }
        };
        form.redirect_to(redirect_to)
    }

    fn query(&self, by: Option<&str>) -> String {
        with_query("", &[("redirect_to", self.redirect_to.as_deref()), ("by", by)])
    }
}

/// What the page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepBy {
    App,
    /// Nothing is typed.
    Passkey,
    /// A code that has to be sent first.
    Phone,
    /// The code that was sent.
    Sms,
    BackupCode,
}

/// What an authenticator app is told.
pub struct App {
    /// An SVG element.
    pub picture: String,
    pub otpauth_uri: String,
    /// In groups of four.
    pub secret: String,
}

/// Set up a second factor, on the way in.
#[derive(Template)]
#[template(path = "two_factor/enrol.html")]
pub struct EnrolPage {
    pub layout: Layout,
    pub passkey: PasskeyForm,
    pub app: App,
    pub form: Form,
}

impl EnrolPage {
    /// Field: `code`. Posts to `/sign-in/set-up`.
    pub fn form(redirect_to: Option<&str>) -> Form {
        let form = Form::new("/sign-in/set-up", "Turn it on and go on", "Checking…");
        Form { focus: false, ..form.with(app_code()).redirect_to(redirect_to) }
    }
}

/// Set up an authenticator app.
#[derive(Template)]
#[template(path = "two_factor/set_up.html")]
pub struct SetUpPage {
    pub layout: Layout,
    pub app: App,
    pub form: Form,
    /// There is one already.
    pub replaces: bool,
}

impl SetUpPage {
    const PLACE: Place = Place::TwoFactor;

    /// Field: `code`. Posts to `/account/two-factor/app`.
    pub fn form() -> Form {
        let form = Form::new("/account/two-factor/app", "Turn it on", "Checking…").with(app_code());
        // The picture comes first, and the keyboard of a phone would cover it.
        Form { focus: false, ..form }
    }
}

/// Backup codes, once.
#[derive(Template)]
#[template(path = "two_factor/backup_codes.html")]
pub struct BackupCodesPage {
    pub layout: Layout,
    pub codes: Vec<String>,
    pub continue_href: String,
}

impl BackupCodesPage {
    /// A file that needs neither a script nor another request.
    fn download(&self) -> String {
        let mut text = format!("Backup codes for {}. Each works once.\r\n\r\n", self.layout.product_name);
        for code in &self.codes {
            text.push_str(code);
            text.push_str("\r\n");
        }
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        format!("data:text/plain;charset=utf-8,{}", text.replace('+', "%20"))
    }

    fn file_name(&self) -> String {
        let product = self.layout.product_name.to_lowercase();
        let product: String = product.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        format!("{product}-backup-codes.txt")
    }
}

/// The account's second factors.
#[derive(Template)]
#[template(path = "two_factor/overview.html")]
pub struct TwoFactorPage {
    pub layout: Layout,
    pub totp: Option<TotpItem>,
    /// What else changes with the authenticator app.
    pub removal: Removal,
    pub phone: Option<String>,
    /// Whether messages are sent at all.
    pub takes_phone: bool,
    /// Sign-ins ask for one of them.
    pub is_enabled: bool,
    pub backup_codes: Option<BackupCodesItem>,
    pub has_passkeys: bool,
    /// A passkey is asked for after the password, although there is no authenticator app.
    pub passkey_second: bool,
    /// The operator asks for a second factor, and there is no other.
    pub passkey_stays: bool,
    /// When a recovery that is under way can be completed.
    pub recovery: Option<String>,
    /// The operator asks for a second factor.
    pub required: bool,
    pub notice: Option<String>,
    pub alert: Option<String>,
}

impl TwoFactorPage {
    const PLACE: Place = Place::TwoFactor;
}

/// What else changes with a second factor that is removed.
#[derive(Debug, Clone, Copy)]
pub struct Removal {
    /// No other one is left that sign-ins ask for.
    pub is_last: bool,
    /// The operator asks for a second factor.
    pub required: bool,
}

impl Removal {
    pub(super) const fn words(self) -> &'static str {
        match (self.is_last, self.required) {
            (false, _) => "Signing in asks for your other second factor from now on.",
            (true, false) => {
                "You sign in with the first factor alone from now on, and your backup codes go as well."
            }
            (true, true) => "Your backup codes go as well.",
        }
    }
}

#[derive(Debug, Clone)]
pub struct TotpItem {
    pub created: Moment,
    pub used: Option<Moment>,
}

#[derive(Debug, Clone)]
pub struct BackupCodesItem {
    pub remaining: usize,
    pub created: Moment,
}

pub(super) fn app_code() -> Field {
    let field = Field::code().hint("Six digits. They change every half minute.");
    Field { label: "Code from the app".to_owned(), ..field }
}
