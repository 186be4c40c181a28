//! What stands at the address of a page: something to look at, whatever else is done there.

use axum::handler::Handler;
use axum::routing::{self, MethodRouter};

use crate::state::Web;

/// The handlers of a page.
pub struct Page(MethodRouter<Web>);

/// Shows the page.
pub fn get<H: Handler<T, Web>, T: 'static>(handler: H) -> Page {
    Page(routing::get(handler))
}

impl Page {
    /// Takes the page's own form.
    #[must_use]
    pub fn post<H: Handler<T, Web>, T: 'static>(self, handler: H) -> Self {
        Self(self.0.post(handler))
    }

    pub(super) fn handlers(self) -> MethodRouter<Web> {
        self.0
    }
}
