use std::fmt;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::outbox::SendError;

/// A mail that is ready to go, to exactly one address.
#[derive(Clone, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// Stays the same when a send is repeated, so that a receiver can tell.
    pub id: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What carries mails away.
pub trait Transport: Send + Sync + 'static {
    fn send<'a>(
        &'a self,
        mail: OutgoingMail,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;
}
