//! What every handler is handed.

use std::sync::Arc;

use doorward_core::config::Config;
use doorward_core::context::Context;
use doorward_core::mail::Transport;
use doorward_core::session::Sessions;

use crate::http::cookies::Cookies;

/// Cheap to clone; one for the life of the process.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

pub struct Inner {
    pub sessions: Sessions,
    pub config: Arc<Config>,
    pub cookies: Cookies,
    /// Where mails go: the developer's mailbox lets what is due out before it shows itself.
    pub transport: Arc<dyn Transport>,
}

impl Web {
    pub fn new(sessions: Sessions, transport: Arc<dyn Transport>) -> Self {
        let config = Arc::clone(&sessions.context().config);
        let cookies = Cookies::new(&config);
        Self(Arc::new(Inner { sessions, config, cookies, transport }))
    }

    pub fn context(&self) -> &Context {
        self.0.sessions.context()
    }
}

impl std::ops::Deref for Web {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
