use askama::Template;

use super::account::Place;
use super::form::{Field, Form, Kind, Resend};
use super::layout::Layout;
use super::not_me::RecentFactor;

/// The account's address, and how to change it.
#[derive(Template)]
#[template(path = "account/email.html")]
pub struct EmailPage {
    pub layout: Layout,
    pub email: String,
    pub email_verified: bool,
    /// The address that waits to be confirmed.
    pub pending: Option<String>,
    pub form: Form,
    pub notice: Option<String>,
}

impl EmailPage {
    const PLACE: Place = Place::Email;

    /// Field: `new_email`. Posts to `/account/email`.
    pub fn form() -> Form {
        let field = Field::text("new_email", "New e-mail address").autocomplete("email").max_length(254);
        Form::new("/account/email", "Send the mail", "Sending…").with(Field {
            kind: Kind::Email,
            required: true,
            ..field
        })
    }
}

/// Confirm the new address, by the mail's link or its code.
#[derive(Template)]
#[template(path = "account/email_confirm.html")]
pub struct ConfirmEmailPage {
    pub layout: Layout,
    pub email: String,
    pub form: Form,
    pub by_link: bool,
    /// None behind the link: the mail has come.
    pub resend: Option<Resend>,
    /// The mail was just sent again.
    pub resent: bool,
}

impl ConfirmEmailPage {
    const PLACE: Place = Place::Email;

    /// Posts `token` to `/account/email/verify`.
    pub fn link_form(token: &str) -> Form {
        Form::new("/account/email/verify", "Confirm this address", "Confirming…").hide("token", token)
    }

    /// Field: `code`. Posts to `/account/email/verify`.
    pub fn code_form() -> Form {
        Form::new("/account/email/verify", "Confirm the code", "Confirming…")
            .with(Field::code().hint("Six digits."))
    }

    /// Posts `new_email` and `again` to `/account/email`, as the first form did.
    pub fn resend(email: &str, wait_seconds: u64) -> Resend {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let hidden = vec![pair("new_email", email), pair("again", "1")];
        Resend { action: "/account/email", hidden, wait_seconds }
    }
}

/// Behind the link that the old address was mailed.
#[derive(Template)]
#[template(path = "account/email_undo.html")]
pub struct UndoEmailPage {
    pub layout: Layout,
    pub email: String,
    /// The second factors that go, or stay as such alone.
    pub factors: Vec<RecentFactor>,
    pub form: Form,
}

impl UndoEmailPage {
    /// Posts `token` to `/undo-email`.
    pub fn form(token: &str) -> Form {
        Form::new("/undo-email", "Take it back", "Taking it back…").hide("token", token)
    }
}

/// The old address is back.
#[derive(Template)]
#[template(path = "account/email_undone.html")]
pub struct UndoEmailDonePage {
    pub layout: Layout,
    /// By [`super::masked`].
    pub masked_email: String,
}

/// One's own data, and the way to delete the account.
#[derive(Template)]
#[template(path = "account/data.html")]
pub struct DataPage {
    pub layout: Layout,
    /// How long a closed account can be restored: `14 days`.
    pub grace: String,
}

impl DataPage {
    const PLACE: Place = Place::Data;
}

/// The last question before the account is closed.
#[derive(Template)]
#[template(path = "account/close.html")]
pub struct ClosePage {
    pub layout: Layout,
    pub email: String,
    /// `14 days`.
    pub grace: String,
    pub form: Form,
}

impl ClosePage {
    const PLACE: Place = Place::Data;

    /// Posts to `/account/delete`.
    pub fn form() -> Form {
        Form::new("/account/delete", "Delete my account", "Deleting…")
    }
}

/// The account is closed.
#[derive(Template)]
#[template(path = "account/closed.html")]
pub struct AccountClosedPage {
    pub layout: Layout,
    pub deletes_at: String,
}

/// Behind the link of the mail about a closed account.
#[derive(Template)]
#[template(path = "account/restore.html")]
pub struct RestorePage {
    pub layout: Layout,
    pub email: String,
    pub form: Form,
}

impl RestorePage {
    /// Posts `token` to `/restore-account`.
    pub fn form(token: &str) -> Form {
        Form::new("/restore-account", "Restore the account", "Restoring…").hide("token", token)
    }
}

/// The account is open again.
#[derive(Template)]
#[template(path = "account/restored.html")]
pub struct RestoredPage {
    pub layout: Layout,
}
