use std::fmt;
use std::pin::Pin;

use crate::context::Time;
use crate::outbox::SendError;

/// A message that is ready to go, to exactly one number.
#[derive(Clone)]
pub struct OutgoingSms {
    /// Stays the same when a send is repeated, so that a receiver can tell.
    pub id: String,
    /// As E.164 writes it.
    pub to: String,
    pub text: String,
    /// When this attempt is made.
    pub at: Time,
}

impl fmt::Debug for OutgoingSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingSms").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What carries messages away. What it says of a failure is logged: neither number nor text may be part of it.
pub trait SmsTransport: Send + Sync + 'static {
    fn send<'a>(
        &'a self,
        sms: OutgoingSms,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;
}
