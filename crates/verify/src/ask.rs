//! The session check at Doorward itself, for as long as the feed is lost: `GET /v1/session` with the token. One request for
//! all who show the same token within a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Url};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::clock::{Clock, millis};
use crate::error::VerifyError;
use crate::flight::{Landing, is_under_way, landed, launch};
use crate::http;

/// For how long an answer counts.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// Requests at once; further ones wait, within the time of one.
const AT_ONCE: usize = 64;
/// Answers that are remembered at once. Beyond it nothing is asked.
const MAX_ASKED: usize = 20_000;
/// How often old answers are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
const MAX_BYTES: usize = 64 * 1024;

type Verdict = Result<(), VerifyError>;
/// When it was asked, and what the answer is or will be.
type Question = (u64, Landing<Verdict>);

pub(crate) struct Doorward {
    client: Client,
    url: Url,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    places: Arc<Semaphore>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    questions: HashMap<Box<str>, Question>,
    swept_at: u64,
}

impl Doorward {
    pub(crate) fn new(client: Client, url: Url, timeout: Duration, clock: Arc<dyn Clock>) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { client, url, timeout, clock, places, asked: Mutex::default() }
    }

    /// Whether the session of a token, which is good in all else, still runs.
    ///
    /// # Errors
    /// `Unavailable` where Doorward does not say.
    pub(crate) async fn check(&self, token: &str, sid: &str) -> Verdict {
        match self.join(token, sid) {
            Some(landing) => landed(landing).await.unwrap_or(Err(VerifyError::Unavailable)),
            None => Err(VerifyError::Unavailable),
        }
    }

    fn join(&self, token: &str, sid: &str) -> Option<Landing<Verdict>> {
        let now = self.clock.now().millis();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, landing)) = asked.questions.get(token).filter(|question| counts(question, now)) {
            return Some(landing.clone());
        }
        if asked.questions.len() >= MAX_ASKED || now >= asked.swept_at + millis(SWEEP_EVERY) {
            asked.questions.retain(|_, question| counts(question, now));
            asked.swept_at = now;
            if asked.questions.len() >= MAX_ASKED {
                return None;
            }
        }
        let landing = launch(self.ask(token, sid));
        asked.questions.insert(token.into(), (now, landing.clone()));
        Some(landing)
    }

    fn ask(&self, token: &str, sid: &str) -> impl Future<Output = Verdict> + Send + use<> {
        let request =
            http::bearer(token).map(|it| self.client.get(self.url.clone()).header(AUTHORIZATION, it));
        let (places, timeout, sid) = (Arc::clone(&self.places), self.timeout, sid.to_owned());
        async move {
            let request = request.ok_or(VerifyError::Malformed)?;
            let place = tokio::time::timeout(timeout, places.acquire()).await;
            let Ok(Ok(_place)) = place else { return Err(VerifyError::Unavailable) };
            match http::send(request, timeout, MAX_BYTES).await {
                Ok(answer) => verdict(&answer, &sid),
                Err(failure) => {
                    tracing::warn!(failure, "Doorward could not be asked about a session");
                    Err(VerifyError::Unavailable)
                }
            }
        }
    }
}

/// The time counts from before the question, so that no answer is older than it seems.
fn counts((at, landing): &Question, now: u64) -> bool {
    is_under_way(landing) || (landing.borrow().is_some() && now < at + millis(GOOD_FOR))
}

/// What the answer means. Only what is clearly Doorward's own yes or no counts as one.
fn verdict(answer: &http::Answer, sid: &str) -> Verdict {
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, value["code"].as_str()) {
        (200, _) if value["session"]["id"] == sid => Ok(()),
        (401, Some("token_expired")) => Err(VerifyError::Expired),
        (401, Some("session_revoked" | "session_expired" | "token_reused")) => Err(VerifyError::SessionEnded),
        (401 | 403, Some(_)) => Err(VerifyError::Refused),
        (status, _) => {
            tracing::warn!(status, "Doorward gave no answer about a session");
            Err(VerifyError::Unavailable)
        }
    }
}
