use std::pin::Pin;
use std::sync::Mutex;

use doorward_core::outbox::SendError;
use doorward_core::sms::{OutgoingSms, SmsTransport};

/// A provider that keeps what it is handed, unless it is told to fail.
#[derive(Default)]
pub struct CaughtSms {
    kept: Mutex<Vec<OutgoingSms>>,
    failure: Mutex<Option<SendError>>,
}

impl CaughtSms {
    /// From now on every message fails so, or arrives again.
    pub fn fail(&self, with: Option<SendError>) {
        *self.failure.lock().unwrap() = with;
    }

    pub(crate) fn to(&self, number: &str) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.iter().rev().filter(|sms| sms.to == number).map(|sms| sms.text.clone()).collect()
    }
}

impl SmsTransport for CaughtSms {
    fn send<'a>(
        &'a self,
        sms: OutgoingSms,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(async move {
            if let Some(failure) = self.failure.lock().unwrap().clone() {
                return Err(failure);
            }
            self.kept.lock().unwrap().push(sms);
            Ok(())
        })
    }
}

/// The code that an SMS carries.
///
/// # Panics
/// Where there is none.
pub fn sms_code(text: &str) -> String {
    text.rsplit('#')
        .next()
        .filter(|code| code.len() == 6)
        .unwrap_or_else(|| panic!("no code in: {text}"))
        .to_owned()
}
