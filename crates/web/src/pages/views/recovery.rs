use askama::Template;

use super::form::Form;
use super::layout::Layout;
use super::sign_in::redirect_query;
use crate::http::redirect::with_query;

/// What a recovery does, before it begins.
#[derive(Template)]
#[template(path = "recovery/ask.html")]
pub struct RecoveryAskPage {
    pub layout: Layout,
    pub form: Form,
    pub has_backup_codes: bool,
    /// How long it waits, in words.
    pub wait: String,
    /// The same where nothing but the mailbox is left, if that is longer.
    pub longer_wait: Option<String>,
    pub redirect_to: Option<String>,
}

impl RecoveryAskPage {
    /// Posts to `/sign-in/recover`.
    pub fn form(redirect_to: Option<&str>) -> Form {
        Form::new("/sign-in/recover", "I have lost it", "One moment…").redirect_to(redirect_to)
    }

    fn query(&self, by: Option<&str>) -> String {
        with_query("", &[("redirect_to", self.redirect_to.as_deref()), ("by", by)])
    }
}

/// It waits.
#[derive(Template)]
#[template(path = "recovery/asked.html")]
pub struct RecoveryAskedPage {
    pub layout: Layout,
    /// By [`super::masked`].
    pub masked_email: String,
    pub ready_at: String,
    pub redirect_to: Option<String>,
}

impl RecoveryAskedPage {
    fn query(&self) -> String {
        redirect_query(self.redirect_to.as_deref())
    }
}

/// Behind the link of a recovery's mail: what its button will do.
#[derive(Template)]
#[template(path = "recovery/link.html")]
pub struct RecoveryLinkPage {
    pub layout: Layout,
    pub email: String,
    /// Or else it completes.
    pub cancels: bool,
    pub asked_at: String,
    pub form: Form,
}

impl RecoveryLinkPage {
    /// Posts `token`.
    pub fn form(cancels: bool, token: &str) -> Form {
        let form = if cancels {
            Form::new("/recovery/cancel", "Cancel the recovery", "Cancelling…")
        } else {
            Form::new("/recovery/complete", "Remove my second factors", "Removing…")
        };
        form.hide("token", token)
    }
}

/// It is over, one way or the other.
#[derive(Template)]
#[template(path = "recovery/done.html")]
pub struct RecoveryDonePage {
    pub layout: Layout,
    pub cancelled: bool,
}
