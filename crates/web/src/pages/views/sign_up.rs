use askama::Template;

use super::form::{Field, Form, Resend};
use super::layout::Layout;
use super::sign_in::redirect_query;

/// Make an account.
#[derive(Template)]
#[template(path = "sign_up/sign_up.html")]
pub struct SignUpPage {
    pub layout: Layout,
    pub form: Form,
    /// Kept in the link to sign-in; the form has it by [`Form::redirect_to`].
    pub redirect_to: Option<String>,
}

impl SignUpPage {
    /// Fields: `email`, `password`. Posts to `/sign-up`.
    pub fn form(min_length: usize, redirect_to: Option<&str>) -> Form {
        Form::new("/sign-up", "Create account", "Creating…")
            .with(Field::email("email"))
            .with(Field::new_password("password", "Password", min_length))
            .redirect_to(redirect_to)
    }

    fn query(&self) -> String {
        redirect_query(self.redirect_to.as_deref())
    }
}

/// After sign-up: a mail is on its way, and its code can be typed here.
#[derive(Template)]
#[template(path = "sign_up/check_mail.html")]
pub struct CheckMailPage {
    pub layout: Layout,
    /// By [`masked`].
    pub masked_email: String,
    pub form: Form,
    pub resend: Resend,
    /// The mail was just sent again.
    pub resent: bool,
}

impl CheckMailPage {
    /// Fields: `code`, and `email` hidden. Posts to `/verify-email`.
    pub fn form(email: &str, redirect_to: Option<&str>) -> Form {
        Form::new("/verify-email", "Verify the code", "Verifying…")
            .with(Field::code().hint("Six digits."))
            .hide("email", email)
            .redirect_to(redirect_to)
    }

    /// Posts `email` to `/verify-email/resend`.
    pub fn resend(email: &str, wait_seconds: u64, redirect_to: Option<&str>) -> Resend {
        Resend::new("/verify-email/resend", email, wait_seconds).redirect_to(redirect_to)
    }
}

/// What the link of a mail would confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmKind {
    /// A sign-up begun in this browser: one click.
    Mine,
    /// A sign-up begun elsewhere, or by somebody else: a password must be chosen.
    Elsewhere,
    /// The address of an account that exists.
    Account,
}

/// Opened by the link of a mail. Only its button uses the link.
#[derive(Template)]
#[template(path = "sign_up/confirm_link.html")]
pub struct ConfirmLinkPage {
    pub layout: Layout,
    pub kind: ConfirmKind,
    pub email: String,
    pub form: Form,
}

impl ConfirmLinkPage {
    /// Hidden: `token`; for [`ConfirmKind::Elsewhere`] the field `password`. Posts to `/verify-email`.
    pub fn form(kind: ConfirmKind, email: &str, token: &str, min_length: usize) -> Form {
        match kind {
            ConfirmKind::Mine => Form::new("/verify-email", "Verify and continue", "Verifying…"),
            ConfirmKind::Account => Form::new("/verify-email", "Verify this address", "Verifying…"),
            ConfirmKind::Elsewhere => Form::new("/verify-email", "Create account", "Creating…")
                .with(Field::new_password("password", "Choose a password", min_length))
                .for_account(email),
        }
        .hide("token", token)
    }
}

/// The address is verified.
#[derive(Template)]
#[template(path = "sign_up/verified.html")]
pub struct VerifiedPage {
    pub layout: Layout,
    /// Where the button leads: onwards for whoever is signed in, else to sign-in.
    pub signed_in: bool,
    /// A path with the base, or an address that was checked.
    pub continue_href: String,
}

/// An address as a page shows it that anybody could have asked for: `a…@example.com`.
pub fn masked(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}

impl Resend {
    pub(super) fn new(action: &'static str, email: &str, wait_seconds: u64) -> Self {
        Self { action, hidden: vec![("email".to_owned(), email.to_owned())], wait_seconds }
    }

    #[must_use]
    pub fn redirect_to(mut self, target: Option<&str>) -> Self {
        self.hidden.extend(target.map(|target| ("redirect_to".to_owned(), target.to_owned())));
        self
    }
}
