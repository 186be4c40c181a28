use askama::Template;

use super::form::Form;
use super::layout::Layout;
use super::moment::Moment;

/// Behind the link of an alarm's mail: what its button will do.
#[derive(Template)]
#[template(path = "not_me/not_me.html")]
pub struct NotMePage {
    pub layout: Layout,
    pub email: String,
    /// The second factors that go, or stay as such alone: nobody asked the owner about them.
    pub factors: Vec<RecentFactor>,
    pub form: Form,
}

/// A second factor that is new.
pub struct RecentFactor {
    /// `the passkey “Phone”`
    pub what: String,
    pub added: Moment,
    /// It signs in after the password alone, and is not removed.
    pub stays: bool,
}

impl NotMePage {
    /// Posts `token` to `/not-me`.
    pub fn form(token: &str) -> Form {
        Form::new("/not-me", "Sign everybody out", "Signing out…").hide("token", token)
    }
}

/// Everybody is out.
#[derive(Template)]
#[template(path = "not_me/done.html")]
pub struct NotMeDonePage {
    pub layout: Layout,
    /// By [`super::masked`].
    pub masked_email: String,
}
