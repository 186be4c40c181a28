use std::pin::Pin;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use doorward_core::outbox::SendError;
use doorward_core::sms::{OutgoingSms, SmsTransport};
use doorward_crypto::mac::hmac_sha256;
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{PATIENCE, away, client, refused};

/// Posts messages as JSON (`id`, `to`, `text`) to a service of the operator's, signed as Standard Webhooks 1.0.0 says: the
/// headers `webhook-id`, `webhook-timestamp`, and `webhook-signature` with `v1,` and the base64 of the HMAC-SHA256 over
/// `{id}.{timestamp}.{body}`.
pub struct Webhook {
    client: Client,
    url: Url,
    secret: SecretString,
}

impl Webhook {
    /// A secret that begins with `whsec_` is the base64 of the key; any other is the key itself.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn new(url: Url, secret: SecretString) -> Result<Self, String> {
        Self::with_patience(url, secret, PATIENCE)
    }

    /// With another limit to how long one message may take.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_patience(url: Url, secret: SecretString, patience: Duration) -> Result<Self, String> {
        Ok(Self { client: client(patience)?, url, secret })
    }

    async fn hand_over(&self, sms: &OutgoingSms) -> Result<(), SendError> {
        let body = serde_json::json!({"id": sms.id, "to": sms.to, "text": sms.text}).to_string();
        let timestamp = sms.at.seconds().to_string();
        let signed = [sms.id.as_bytes(), b".", timestamp.as_bytes(), b".", body.as_bytes()];
        let signature = BASE64_STANDARD.encode(hmac_sha256(&key(&self.secret), &signed));
        let asked = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &sms.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", format!("v1,{signature}"))
            .body(body);
        let status = asked.send().await.map_err(away)?.status();
        if status.is_success() { Ok(()) } else { Err(refused(status, "")) }
    }
}

impl SmsTransport for Webhook {
    fn send<'a>(
        &'a self,
        sms: OutgoingSms,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(async move { self.hand_over(&sms).await })
    }
}

fn key(secret: &SecretString) -> Vec<u8> {
    let text = secret.expose_secret();
    let encoded = text.strip_prefix("whsec_").and_then(|base64| BASE64_STANDARD.decode(base64).ok());
    encoded.unwrap_or_else(|| text.as_bytes().to_vec())
}
