use askama::Template;

use super::form::{Field, Form};
use super::layout::Layout;
use super::passkeys::PasskeyForm;
use crate::http::redirect::with_query;

/// Sign in with an address or a username and a password.
#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
pub struct SignInPage {
    pub layout: Layout,
    pub form: Form,
    pub passkey: PasskeyForm,
    /// What just happened: signed out, password reset.
    pub notice: Option<String>,
    /// Kept in the links to sign-up; the form has it by [`Form::redirect_to`].
    pub redirect_to: Option<String>,
}

impl SignInPage {
    /// Fields: `identifier`, `password`, `remember` (`on`). Posts to `/sign-in`; where people may sign in by mail, a second
    /// button to `/sign-in/email/start`.
    pub fn form(redirect_to: Option<&str>, by_email: bool) -> Form {
        let form = Form::new("/sign-in", "Sign in", "Signing in…")
            .with(Field::identifier().autocomplete("username webauthn"))
            .with(Field::current_password("password", "Password"))
            .with(Field::checkbox("remember", "Stay signed in on this device"))
            .redirect_to(redirect_to);
        if by_email {
            form.or("/sign-in/email/start", "Mail me a link and a code", "Sending…")
        } else {
            form
        }
    }

    fn query(&self) -> String {
        redirect_query(self.redirect_to.as_deref())
    }
}

/// `?redirect_to=…` to hang on a link, or nothing.
pub(super) fn redirect_query(redirect_to: Option<&str>) -> String {
    with_query("", &[("redirect_to", redirect_to)])
}
