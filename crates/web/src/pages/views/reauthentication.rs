use askama::Template;

use super::form::{Field, Form};
use super::layout::Layout;
use super::passkeys::PasskeyForm;
use super::sign_in::redirect_query;

/// Confirm that it is you, by the password or by a mailed code.
#[derive(Template)]
#[template(path = "sign_in/reauthentication.html")]
pub struct ReauthenticationPage {
    pub layout: Layout,
    pub form: Form,
    /// Where the account has a passkey.
    pub passkey: Option<PasskeyForm>,
    /// A code was mailed and is asked for in place of the password.
    pub by_code: bool,
    pub takes_email_code: bool,
    pub email: String,
    /// By [`super::masked`].
    pub masked_email: String,
    pub redirect_to: Option<String>,
}

impl ReauthenticationPage {
    /// Field: `password`, or `code`. Posts to `/reauthenticate`.
    pub fn form(by_code: bool, email: &str, redirect_to: Option<&str>) -> Form {
        let field = if by_code {
            Field::code().hint("Six digits.")
        } else {
            Field::current_password("password", "Password")
        };
        let form = Form::new("/reauthenticate", "Confirm", "Confirming…").with(field);
        let form = if by_code { form } else { form.for_account(email) };
        form.redirect_to(redirect_to)
    }

    fn query(&self) -> String {
        redirect_query(self.redirect_to.as_deref())
    }
}
