//! How SMS leave: by Twilio, or by a webhook of the operator's own. Neither an error nor a log says to whom or what.

#[cfg(test)]
mod tests;
mod twilio;
mod webhook;

use std::time::Duration;

use doorward_core::outbox::SendError;
use reqwest::{Client, Response, StatusCode};
pub use twilio::Twilio;
pub use webhook::Webhook;

const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const LONGEST: usize = 16 * 1024;

fn client(patience: Duration) -> Result<Client, String> {
    Client::builder()
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("doorward")
        .build()
        .map_err(|error| error.to_string())
}

/// No answer came. Without the address: it may name the account.
fn away(error: reqwest::Error) -> SendError {
    SendError::Temporary(error.without_url().to_string())
}

/// Whether trying again helps. What is refused about us (a wrong token, a used-up allowance) lasts until the operator mends
/// it.
fn refused(status: StatusCode, why: &str) -> SendError {
    let reason = format!("the provider answered {}{why}", status.as_u16());
    let is_about_us = matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
    );
    if status.is_client_error() && !is_about_us {
        SendError::Permanent(reason)
    } else {
        SendError::Temporary(reason)
    }
}

/// An answer's body, as far as it is of a sensible length.
async fn read(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Vec::new();
        }
    }
    body
}
