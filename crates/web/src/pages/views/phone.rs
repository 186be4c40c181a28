use askama::Template;

use super::account::Place;
use super::form::{Field, Form, Kind};
use super::layout::Layout;
use super::two_factor::Removal;

/// The account's phone number: add one, use another, take it away.
#[derive(Template)]
#[template(path = "account/phone.html")]
pub struct PhonePage {
    pub layout: Layout,
    pub phone: Option<String>,
    /// The number that waits for its code.
    pub pending: Option<String>,
    /// Whether messages are sent at all.
    pub is_on: bool,
    pub form: Form,
    /// What else changes with the number.
    pub removal: Removal,
    pub notice: Option<String>,
    /// What could not be done.
    pub alert: Option<String>,
}

impl PhonePage {
    const PLACE: Place = Place::Profile;

    /// Field: `phone_number`. Posts to `/account/phone`.
    pub fn form() -> Form {
        let field = Field::text("phone_number", "New phone number")
            .autocomplete("tel")
            .hint("With its country code, such as +43 664 1234567.")
            .max_length(40)
            .required();
        Form::new("/account/phone", "Send the code", "Sending…").with(Field { kind: Kind::Phone, ..field })
    }
}

/// Confirm the number by the code that was sent to it.
#[derive(Template)]
#[template(path = "account/phone_confirm.html")]
pub struct ConfirmPhonePage {
    pub layout: Layout,
    pub number: String,
    pub form: Form,
}

impl ConfirmPhonePage {
    const PLACE: Place = Place::Profile;

    /// Field: `code`. Posts to `/account/phone/verify`.
    pub fn form() -> Form {
        let field = Field { label: "Code from the message".to_owned(), ..Field::code().hint("Six digits.") };
        Form::new("/account/phone/verify", "Verify the number", "Verifying…").with(field)
    }
}
