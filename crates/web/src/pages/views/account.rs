use askama::Template;

use super::form::{Field, Form, Kind};
use super::layout::Layout;
use super::moment::Moment;

/// A place of the account, in the list at its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Profile,
    Email,
    Password,
    TwoFactor,
    Passkeys,
    Sessions,
    Activity,
    Data,
}

impl Place {
    const ALL: &'static [Self] = &[
        Self::Profile,
        Self::Email,
        Self::Password,
        Self::TwoFactor,
        Self::Passkeys,
        Self::Sessions,
        Self::Activity,
        Self::Data,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::Email => "E-mail address",
            Self::Password => "Password",
            Self::TwoFactor => "Two-factor",
            Self::Passkeys => "Passkeys",
            Self::Sessions => "Sessions",
            Self::Data => "Your data",
            Self::Activity => "Activity",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Profile => "/account",
            Self::Password => "/account/password",
            Self::Passkeys => "/account/passkeys",
            Self::Email => "/account/email",
            Self::TwoFactor => "/account/two-factor",
            Self::Sessions => "/account/sessions",
            Self::Data => "/account/data",
            Self::Activity => "/account/activity",
        }
    }

    /// The places, each with whether it is this one.
    pub(super) fn all(self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        Self::ALL.iter().map(move |&place| (place.label(), place.path(), place == self))
    }
}

/// The account: who is signed in, their profile, and how to sign out.
#[derive(Template)]
#[template(path = "account/profile.html")]
pub struct AccountPage {
    pub layout: Layout,
    pub form: Form,
    pub email: String,
    pub email_verified: bool,
    /// Whether the account can have a phone number.
    pub takes_phone: bool,
    pub phone: Option<String>,
    pub roles: Vec<String>,
    /// The one before this session's.
    pub last_sign_in: Option<LastSignIn>,
    /// Somebody who is new is offered a passkey, where the browser knows them.
    pub offers_passkey: bool,
    /// For the browser's password manager.
    pub signals: serde_json::Value,
    /// When a recovery that is under way can be completed.
    pub recovery: Option<String>,
    /// What just happened: the profile is saved.
    pub notice: Option<String>,
}

/// When somebody came in, on what, and from where.
pub struct LastSignIn {
    pub at: Moment,
    pub device: Option<String>,
    pub ip: Option<String>,
}

impl AccountPage {
    const PLACE: Place = Place::Profile;

    /// Fields: `preferred_username`, `given_name`, `family_name`, `picture`, `locale`. Posts to `/account`.
    pub fn form() -> Form {
        let username = Field::text("preferred_username", "Username")
            .autocomplete("username")
            .hint("3 to 30 letters, digits, dots, underscores or hyphens. You can sign in with it.")
            .max_length(30);
        let picture = Field::text("picture", "Picture")
            .autocomplete("photo")
            .hint("An https address.")
            .max_length(2048);
        let locale =
            Field::text("locale", "Language").hint("A language tag, such as en or pt-BR.").max_length(35);
        let form = Form::new("/account", "Save the profile", "Saving…")
            .with(username)
            .with(Field::text("given_name", "Given name").autocomplete("given-name").max_length(100))
            .with(Field::text("family_name", "Family name").autocomplete("family-name").max_length(100))
            .with(Field { kind: Kind::Url, ..picture })
            .with(locale);
        Form { focus: false, ..form }
    }
}
