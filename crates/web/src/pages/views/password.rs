use askama::Template;

use super::account::Place;
use super::form::{Field, Form, Resend};
use super::layout::Layout;

/// Ask for the mail that resets a password.
#[derive(Template)]
#[template(path = "password/forgot.html")]
pub struct ForgotPasswordPage {
    pub layout: Layout,
    pub form: Form,
}

impl ForgotPasswordPage {
    /// Field: `email`. Posts to `/forgot-password`.
    pub fn form() -> Form {
        Form::new("/forgot-password", "Send the mail", "Sending…").with(Field::email("email"))
    }
}

/// The mail is on its way if the address has an account; its code can be typed here.
#[derive(Template)]
#[template(path = "password/forgot_sent.html")]
pub struct ForgotSentPage {
    pub layout: Layout,
    /// By [`super::masked`].
    pub masked_email: String,
    pub form: Form,
    pub resend: Resend,
    /// The mail was just sent again.
    pub resent: bool,
}

impl ForgotSentPage {
    /// Fields: `code`, `new_password`, and `email` hidden. Posts to `/reset-password`.
    pub fn form(email: &str, min_length: usize) -> Form {
        Form::new("/reset-password", "Set the new password", "Setting…")
            .with(Field::code().hint("Six digits."))
            .with(Field::new_password("new_password", "New password", min_length))
            .hide("email", email)
            .for_account(email)
    }

    /// Posts `email` to `/forgot-password`, as the first form did.
    pub fn resend(email: &str, wait_seconds: u64) -> Resend {
        Resend::new("/forgot-password", email, wait_seconds)
    }
}

/// Opened by the link of a reset mail.
#[derive(Template)]
#[template(path = "password/reset.html")]
pub struct ResetPasswordPage {
    pub layout: Layout,
    pub email: String,
    pub form: Form,
}

impl ResetPasswordPage {
    /// Field: `new_password`, and `token` hidden. Posts to `/reset-password`.
    pub fn form(email: &str, token: &str, min_length: usize) -> Form {
        Form::new("/reset-password", "Set the new password", "Setting…")
            .with(Field::new_password("new_password", "New password", min_length))
            .hide("token", token)
            .for_account(email)
    }
}

/// The password is reset, and every session has ended.
#[derive(Template)]
#[template(path = "password/reset_done.html")]
pub struct ResetDonePage {
    pub layout: Layout,
}

/// Change a known password.
#[derive(Template)]
#[template(path = "password/change.html")]
pub struct ChangePasswordPage {
    pub layout: Layout,
    pub form: Form,
    /// An account that is signed in to by passkey may have none.
    pub has_password: bool,
    /// There is another way to sign in, so it can go.
    pub removable: bool,
    /// The password was just changed, or removed.
    pub notice: Option<String>,
}

impl ChangePasswordPage {
    const PLACE: Place = Place::Password;

    /// Fields: `current_password` where there is one, `new_password`. Posts to `/account/password`.
    pub fn form(email: &str, min_length: usize, has_password: bool) -> Form {
        let form = if has_password {
            Form::new("/account/password", "Change the password", "Changing…")
                .with(Field::current_password("current_password", "Current password"))
        } else {
            Form::new("/account/password", "Set the password", "Setting…")
        };
        let form =
            form.with(Field::new_password("new_password", "New password", min_length)).for_account(email);
        Form { focus: false, ..form }
    }
}
