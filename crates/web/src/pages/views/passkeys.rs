use askama::Template;
use doorward_core::passkey::Kind;
use serde_json::Value;

use super::account::Place;
use super::layout::Layout;
use super::moment::Moment;
use super::two_factor::Removal;

/// A form that a passkey answers. It shows only where script runs and the browser knows passkeys.
#[derive(Debug, Clone)]
pub struct PasskeyForm {
    /// A path below the base, which the browser's answer is posted to.
    pub action: &'static str,
    /// A path below the base, where the ceremony begins.
    pub start: &'static str,
    /// `get` or `create`.
    pub ceremony: &'static str,
    /// What the button does, in words.
    pub submit: &'static str,
    /// The one thing that the page is for.
    pub primary: bool,
    /// Passkeys are offered in the field of the name as well.
    pub autofill: bool,
    pub hidden: Vec<(String, String)>,
    /// What is wrong with the last answer.
    pub alert: Option<String>,
    /// The last answer came without the person's PIN, finger or face: the next one is to have it.
    pub verify: bool,
    /// The last answer's passkey, where no account has it: for the password manager to forget.
    pub unknown: Option<Value>,
}

impl PasskeyForm {
    /// Signs in. Posts `passkey_token`, `credential` and `remember` to `/sign-in/passkey`.
    pub fn sign_in(redirect_to: Option<&str>) -> Self {
        Self {
            autofill: true,
            ..Self::new("/sign-in/passkey", "/v1/sign-in/passkey/start", "get", "Sign in with a passkey")
        }
        .redirect_to(redirect_to)
    }

    /// Confirms who it is. Posts `passkey_token` and `credential` to `/reauthenticate`.
    pub fn reauthenticate(redirect_to: Option<&str>) -> Self {
        Self::new("/reauthenticate", "/v1/reauthenticate/start", "get", "Use a passkey")
            .redirect_to(redirect_to)
    }

    /// Takes the second step of a sign-in. Posts `passkey_token` and `credential` to `/sign-in/mfa`.
    pub fn second_step(redirect_to: Option<&str>) -> Self {
        let (action, start) = ("/sign-in/mfa", "/v1/sign-in/mfa/start");
        Self::new(action, start, "get", "Use a passkey").redirect_to(redirect_to)
    }

    /// Adds a passkey. Posts `passkey_token` and `credential` to `/account/passkeys/add`.
    pub fn add(redirect_to: Option<&str>) -> Self {
        let (action, start) = ("/account/passkeys/add", "/v1/me/passkeys/start");
        Self { primary: true, ..Self::new(action, start, "create", "Create a passkey") }
            .redirect_to(redirect_to)
    }

    /// Sets one up as the second factor, on the way in. Posts `passkey_token` and `credential` to `/sign-in/set-up`.
    pub fn enrol(redirect_to: Option<&str>) -> Self {
        let (action, start) = ("/sign-in/set-up", "/v1/sign-in/enrol/passkey/start");
        Self::new(action, start, "create", "Create a passkey").redirect_to(redirect_to)
    }

    fn new(action: &'static str, start: &'static str, ceremony: &'static str, submit: &'static str) -> Self {
        Self {
            action,
            start,
            ceremony,
            submit,
            primary: false,
            autofill: false,
            hidden: Vec::new(),
            alert: None,
            verify: false,
            unknown: None,
        }
    }

    fn redirect_to(mut self, target: Option<&str>) -> Self {
        self.hidden.extend(target.map(|target| ("redirect_to".to_owned(), target.to_owned())));
        self
    }
}

/// The account's passkeys.
#[derive(Template)]
#[template(path = "account/passkeys.html")]
pub struct PasskeysPage {
    pub layout: Layout,
    /// The newest first.
    pub passkeys: Vec<PasskeyItem>,
    /// What else changes with the only one, where sign-ins ask for it.
    pub removal: Option<Removal>,
    /// There is room for another one.
    pub has_room: bool,
    /// For the browser's password manager.
    pub signals: Value,
    /// What just happened.
    pub notice: Option<String>,
    /// What could not be done.
    pub alert: Option<String>,
}

impl PasskeysPage {
    const PLACE: Place = Place::Passkeys;
}

/// One passkey.
#[derive(Debug, Clone)]
pub struct PasskeyItem {
    pub id: String,
    pub name: String,
    /// What keeps it, where that is known and is not its name.
    pub provider: Option<String>,
    pub kind: Kind,
    pub backed_up: bool,
    pub backup_eligible: bool,
    pub added: Moment,
    pub last_used: Option<Moment>,
}

impl PasskeyItem {
    fn whereabouts(&self) -> &'static str {
        match (self.backed_up, self.backup_eligible) {
            (true, _) => "Synced",
            (false, true) => "Not synced yet",
            (false, false) => "On one device",
        }
    }
}

/// Add a passkey: from the account, and as an offer to somebody who is new.
#[derive(Template)]
#[template(path = "account/add_passkey.html")]
pub struct AddPasskeyPage {
    pub layout: Layout,
    pub form: PasskeyForm,
    pub email: String,
    /// Where "Not now" leads.
    pub back_href: String,
}
