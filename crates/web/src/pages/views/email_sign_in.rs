use askama::Template;

use super::form::{Field, Form, Resend};
use super::layout::Layout;
use super::moment::Moment;

/// Ask for a mail to sign in by.
#[derive(Template)]
#[template(path = "sign_in/email.html")]
pub struct EmailSignInPage {
    pub layout: Layout,
    pub form: Form,
}

impl EmailSignInPage {
    /// Fields: `email`, `remember` (`on`). Posts to `/sign-in/email/start`.
    pub fn form(redirect_to: Option<&str>) -> Form {
        Form::new("/sign-in/email/start", "Mail me a link and a code", "Sending…")
            .with(Field::email("email"))
            .with(Field::checkbox("remember", "Stay signed in on this device"))
            .redirect_to(redirect_to)
    }
}

/// A mail is on its way, and its code can be typed here.
#[derive(Template)]
#[template(path = "sign_in/email_code.html")]
pub struct EmailCodePage {
    pub layout: Layout,
    /// By [`super::masked`].
    pub masked_email: String,
    pub form: Form,
    pub resend: Resend,
    /// The mail was just sent again.
    pub resent: bool,
}

impl EmailCodePage {
    /// Fields: `code`, and `email` hidden. Posts to `/sign-in/email`.
    pub fn form(email: &str) -> Form {
        Form::new("/sign-in/email", "Sign in", "Signing in…")
            .with(Field::code().hint("Six digits."))
            .hide("email", email)
    }

    /// Posts `email` and `again` to `/sign-in/email/start`.
    pub fn resend(email: &str, wait_seconds: u64) -> Resend {
        let mut resend = Resend::new("/sign-in/email/start", email, wait_seconds);
        resend.hidden.push(("again".to_owned(), "1".to_owned()));
        resend
    }
}

/// Opened by the link of a mail. Only its button uses the link.
#[derive(Template)]
#[template(path = "sign_in/link.html")]
pub struct SignInLinkPage {
    pub layout: Layout,
    pub email: String,
    /// `None` in the browser that asked for the mail.
    pub asked_by: Option<AskedBy>,
    pub form: Form,
}

/// What asked for a mail, where it was not this browser.
pub struct AskedBy {
    pub device: String,
    /// Empty where it is not known.
    pub place: String,
    pub at: Moment,
}

impl SignInLinkPage {
    /// Hidden: `token`, and elsewhere `show_code`. Posts to `/sign-in/link`.
    pub fn form(elsewhere: bool, token: &str) -> Form {
        if elsewhere {
            Form::new("/sign-in/link", "Yes, show me a code", "Making a code…").hide("show_code", "1")
        } else {
            Form::new("/sign-in/link", "Sign in", "Signing in…")
        }
        .hide("token", token)
    }
}

/// A code for the browser that asked for the mail.
#[derive(Template)]
#[template(path = "sign_in/shown_code.html")]
pub struct ShownCodePage {
    pub layout: Layout,
    pub code: String,
    pub expires: String,
    /// Where to type it.
    pub device: String,
}
