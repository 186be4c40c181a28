use askama::Template;

use super::form::{Field, Form};
use super::layout::Layout;

/// Opened by the one-time link that a new server prints: makes the first administrator.
#[derive(Template)]
#[template(path = "first_admin/first_admin.html")]
pub struct FirstAdminPage {
    pub layout: Layout,
    pub form: Form,
}

impl FirstAdminPage {
    /// Fields: `email`, `password`, and `token` hidden. Posts to `/first-admin`.
    pub fn form(token: &str, min_length: usize) -> Form {
        Form::new("/first-admin", "Create the administrator", "Creating…")
            .with(Field::email("email"))
            .with(Field::new_password("password", "Password", min_length))
            .hide("token", token)
    }
}
