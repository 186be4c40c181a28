//! The revocation feed: server-sent events (HTML, section 9.2) for resource servers.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use doorward_core::context::{ServiceKeyId, Time};
use doorward_core::error::Result;
use doorward_core::service_key::{self, Scope};
use doorward_core::session::Revoked;
use futures_util::Stream;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::http::problem::{ApiError, Problem};
use crate::signed_in::bearer;
use crate::state::Web;

/// A listener that hears nothing for three times as long has lost the feed.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the listener's key is looked up: one that was revoked hears no more within a second.
const KEY_CHECK: Duration = Duration::from_secs(1);

/// Listen to which sessions end.
///
/// Events: `snapshot` once at the start, with all that still matters; then `revoked` for each ending, within a second. Both
/// hold `{"sid"}` for a session, or `{"sub", "before"}` (seconds) for every token of an account that was made before. A
/// comment comes every five seconds; whoever hears nothing for fifteen has lost the feed and must ask the server until it is
/// back. With `Last-Event-ID` it goes on from there. What was told may be told again.
#[utoipa::path(get, path = "/v1/revocations", tag = "Services", security(("service_key" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event that was heard")),
    responses(
        (status = 200, description = "The feed", content_type = "text/event-stream", body = String),
        (status = 401, description = "No live service key", body = Problem),
        (status = 403, description = "The key does not have the scope `revocations:read`", body = Problem),
        (status = 503, description = "There are too many listeners, or this node has not heard from the others", body = Problem),
    ))]
pub async fn listen(State(web): State<Web>, headers: HeaderMap) -> Result<Response, ApiError> {
    let shown = bearer(&headers).ok_or(doorward_core::error::Code::NotAuthenticated)?;
    let key = service_key::check(web.context(), shown, Scope::RevocationsRead).await?;
    let last =
        headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).map(Time::from_micros);
    // Before the first look, so that nothing falls between the two.
    let heard = web.sessions.listen_to_revocations()?;
    let feed = Feed::open(web, key.id, heard, last).await?;
    let mut response = Sse::new(feed.into_stream()).into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

struct Feed {
    web: Web,
    key: ServiceKeyId,
    heard: Receiver<Revoked>,
    looks: tokio::time::Interval,
    next_beat: Instant,
    /// What goes out before anything else.
    first: std::vec::IntoIter<Event>,
}

impl Feed {
    async fn open(web: Web, key: ServiceKeyId, heard: Receiver<Revoked>, last: Option<Time>) -> Result<Self> {
        // One from a time to come was never given out, or by a clock that was ahead.
        let now = web.context().now();
        let first = match last.filter(|last| *last <= now && web.sessions.still_matters(*last)) {
            // Endings of other nodes may have been committed a little after their time.
            Some(last) => {
                let since = web.sessions.revoked_since(last - doorward_core::changes::OVERLAP).await?;
                since.iter().map(revoked).collect()
            }
            None => vec![snapshot(&web).await?],
        };
        let mut looks = interval_at(Instant::now() + KEY_CHECK, KEY_CHECK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let next_beat = Instant::now() + HEARTBEAT;
        Ok(Self { web, key, heard, looks, next_beat, first: first.into_iter() })
    }

    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures_util::stream::unfold(self, |mut feed| async move {
            let event = feed.next().await?;
            Some((Ok(event), feed))
        })
    }

    /// `None` ends the feed: the listener comes back and is told what it has missed.
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.next() {
            return Some(event);
        }
        loop {
            tokio::select! {
                heard = self.heard.recv() => return match heard {
                    Ok(ending) => Some(revoked(&ending)),
                    Err(RecvError::Lagged(_)) => snapshot(&self.web).await.ok(),
                    Err(RecvError::Closed) => None,
                },
                _ = self.looks.tick() => {
                    let is_live = service_key::is_live(self.web.context(), self.key).await.unwrap_or(false);
                    // Silence rather than a beat that vouches for what this node can't know.
                    if !is_live || !self.web.sessions.hears_changes() {
                        return None;
                    }
                    let now = Instant::now();
                    if now >= self.next_beat {
                        self.next_beat = now + HEARTBEAT;
                        return Some(Event::default().comment("beat"));
                    }
                }
                () = self.web.sessions.closing() => return None,
            }
        }
    }
}

async fn snapshot(web: &Web) -> Result<Event> {
    let all = web.sessions.revoked_since(Time::from_micros(0)).await?;
    let items: Vec<Value> = all.iter().map(item).collect();
    let event = Event::default().event("snapshot").id(web.context().now().micros().to_string());
    Ok(event.data(json!({"items": items}).to_string()))
}

fn revoked(ending: &Revoked) -> Event {
    Event::default().event("revoked").id(ending.at().micros().to_string()).data(item(ending).to_string())
}

fn item(ending: &Revoked) -> Value {
    match ending {
        Revoked::Session(id, _) => json!({"sid": id.to_string()}),
        // Tokens carry whole seconds: one made in the very second counts as made before.
        Revoked::Account(id, at) => json!({"sub": id.to_string(), "before": at.seconds() + 1}),
    }
}
