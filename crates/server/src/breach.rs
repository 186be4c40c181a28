//! The range API of Have I Been Pwned, over https.

use std::pin::Pin;
use std::time::Duration;

use doorward_core::breach::Ranges;
use reqwest::header::USER_AGENT;
use url::Url;

/// A sign-up waits no longer than this; then it goes on without the list.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// With padding an answer has at most some 1,000 lines of 45 bytes.
const LONGEST: usize = 512 * 1024;

pub struct PwnedPasswords {
    client: reqwest::Client,
    base: Url,
}

impl PwnedPasswords {
    /// # Errors
    /// Where no client can be made.
    pub fn new(base: Url) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, base })
    }

    async fn ask(&self, prefix: &str) -> Result<String, String> {
        let url = self.base.join(&format!("range/{prefix}")).map_err(|error| error.to_string())?;
        let asked = self.client.get(url).header("Add-Padding", "true").header(USER_AGENT, "doorward");
        // Without the address: an error names it, and it holds a part of the hash.
        let plain = |error: reqwest::Error| error.without_url().to_string();
        let mut answer = asked.send().await.and_then(reqwest::Response::error_for_status).map_err(plain)?;
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(plain)? {
            text.extend_from_slice(&chunk);
            if text.len() > LONGEST {
                return Err("the answer is too long".to_owned());
            }
        }
        String::from_utf8(text).map_err(|error| error.to_string())
    }
}

impl Ranges for PwnedPasswords {
    fn range<'a>(
        &'a self,
        prefix: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        Box::pin(self.ask(prefix))
    }
}
