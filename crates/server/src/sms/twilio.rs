use std::pin::Pin;
use std::time::Duration;

use doorward_core::outbox::SendError;
use doorward_core::sms::{OutgoingSms, SmsTransport};
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::{PATIENCE, away, client, read, refused};

/// Hands messages to Twilio's Programmable Messaging API (2010-04-01).
pub struct Twilio {
    client: Client,
    messages: Url,
    account: String,
    token: SecretString,
    from: String,
}

/// What is read of a refusal: its `message` would name the number.
#[derive(Deserialize)]
struct Refusal {
    code: u32,
}

impl Twilio {
    /// `from` is a number, an alphanumeric sender, or the SID of a messaging service.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn new(base: &Url, account: &str, token: SecretString, from: &str) -> Result<Self, String> {
        Self::with_patience(base, account, token, from, PATIENCE)
    }

    /// With another limit to how long one message may take.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_patience(
        base: &Url,
        account: &str,
        token: SecretString,
        from: &str,
        patience: Duration,
    ) -> Result<Self, String> {
        let mut messages = base.clone();
        messages
            .path_segments_mut()
            .map_err(|()| "the address can't have a path".to_owned())?
            .pop_if_empty()
            .extend(["2010-04-01", "Accounts", account, "Messages.json"]);
        let (account, from) = (account.to_owned(), from.to_owned());
        Ok(Self { client: client(patience)?, messages, account, token, from })
    }

    async fn hand_over(&self, sms: &OutgoingSms) -> Result<(), SendError> {
        let is_service = self.from.len() == 34 && self.from.starts_with("MG");
        let sender = if is_service { "MessagingServiceSid" } else { "From" };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("To", &sms.to)
            .append_pair(sender, &self.from)
            .append_pair("Body", &sms.text)
            .finish();
        let asked = self
            .client
            .post(self.messages.clone())
            .basic_auth(&self.account, Some(self.token.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = asked.send().await.map_err(away)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let refusal: Option<Refusal> = serde_json::from_slice(&read(answer).await).ok();
        let why = refusal.map(|refusal| format!(", error {}", refusal.code)).unwrap_or_default();
        Err(refused(status, &why))
    }
}

impl SmsTransport for Twilio {
    fn send<'a>(
        &'a self,
        sms: OutgoingSms,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(async move { self.hand_over(&sms).await })
    }
}
