//! The audit log, as its subjects and as administrators read it.

use axum::extract::State;
use doorward_core::audit::{self, EventType, Recorded};
use doorward_core::audit_log::{self, Entry, Filter, Page};
use doorward_core::context::{Context, Time, UserId};
use doorward_core::user_agent::Client;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::list::{ListQuery, cut};
use crate::http::form::Query;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

/// Something that happened to the account.
#[derive(Serialize, ToSchema)]
#[schema(as = Activity)]
pub struct ActivityView {
    #[schema(example = "event_0198a7c2f3b47c1e9d5a6b7c8d9e0f12")]
    id: String,
    /// RFC 3339, in UTC.
    time: String,
    #[serde(rename = "type")]
    #[schema(example = "sign_in")]
    event_type: String,
    /// `success` or `failure`.
    outcome: String,
    ip: Option<String>,
    place: Option<String>,
    /// In words, as far as the browser says.
    #[schema(example = "Firefox on Linux")]
    device: Option<String>,
    session_id: Option<String>,
}

/// What happened to the account, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityList)]
pub struct ActivityList {
    items: Vec<ActivityView>,
    next_cursor: Option<String>,
}

/// An event of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct AuditEventView {
    #[schema(example = "event_0198a7c2f3b47c1e9d5a6b7c8d9e0f12")]
    id: String,
    /// RFC 3339, in UTC.
    time: String,
    #[serde(rename = "type")]
    #[schema(example = "sign_in")]
    event_type: String,
    /// `success` or `failure`.
    outcome: String,
    /// Who did it. Nobody where it was the server, the command line or somebody who is not known.
    actor_id: Option<String>,
    /// To whose account it happened.
    user_id: Option<String>,
    session_id: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    /// In words, as far as the browser says.
    device: Option<String>,
    request_id: Option<String>,
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
    /// Its place in the sealed chain; `null` in the second before it is sealed.
    position: Option<u64>,
}

/// Events of the audit log, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEventList)]
pub struct AuditEventList {
    items: Vec<AuditEventView>,
    next_cursor: Option<String>,
}

/// What happened to your account, newest first.
#[utoipa::path(get, path = "/v1/me/activity", tag = "Account",
    params(
        ("limit" = Option<i64>, Query, description = "How many at most: 1 to 200, 50 unless said"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of an earlier answer"),
    ),
    responses(
        (status = 200, description = "What happened", body = ActivityList),
        (status = 401, description = "Nobody is signed in", body = Problem),
        (status = 422, description = "The query needs attention", body = Problem),
    )
)]
pub async fn activity(
    State(web): State<Web>,
    SignedIn(live): SignedIn,
    query: Query,
) -> Result<axum::Json<ActivityList>, ApiError> {
    let mut list = ListQuery::new(&query, &[]);
    let (limit, cursor) = (list.limit(), list.cursor());
    list.finish()?;
    let mut events = audit::activity(web.context(), live.user.id, cursor, limit + 1).await?;
    let next_cursor = cut(&mut events, limit, |event| event.id.to_string());
    Ok(axum::Json(ActivityList {
        items: events.iter().map(|event| ActivityView::new(web.context(), event)).collect(),
        next_cursor,
    }))
}

/// Search the audit log, newest first. Needs the permission `audit:read`.
#[utoipa::path(get, path = "/v1/admin/audit", tag = "Administration",
    params(
        ("user" = Option<String>, Query, description = "What happened to this account: its id"),
        ("type" = Option<String>, Query, description = "What happened, such as `sign_in`"),
        ("since" = Option<String>, Query, description = "This moment and later: RFC 3339, or a date"),
        ("until" = Option<String>, Query, description = "Before this moment"),
        ("limit" = Option<i64>, Query, description = "How many at most: 1 to 200, 50 unless said"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of an earlier answer"),
    ),
    responses(
        (status = 200, description = "What happened", body = AuditEventList),
        (status = 401, description = "Nobody is signed in", body = Problem),
        (status = 403, description = "The permission is missing", body = Problem),
        (status = 422, description = "The query needs attention", body = Problem),
    )
)]
pub async fn search(State(web): State<Web>, query: Query) -> Result<axum::Json<AuditEventList>, ApiError> {
    const MOMENT: &str = "Use a date (2026-11-21) or a time (2026-11-21T14:05:00Z).";
    let mut list = ListQuery::new(&query, &["user", "type", "since", "until"]);
    let (limit, cursor) = (list.limit(), list.cursor());
    let filter = Filter {
        user: list.parsed("user", "Use an account's id, such as user_0198….", UserId::parse),
        event_type: list.parsed("type", "There is no such type of event.", EventType::parse),
        since: list.parsed("since", MOMENT, Time::parse),
        until: list.parsed("until", MOMENT, Time::parse),
    };
    list.finish()?;
    let page = Page { newest_first: true, cursor, limit: limit + 1 };
    let mut entries = audit_log::search(web.context(), &filter, &page).await?;
    let next_cursor = cut(&mut entries, limit, |entry| entry.id.to_string());
    Ok(axum::Json(AuditEventList { items: entries.iter().map(AuditEventView::new).collect(), next_cursor }))
}

/// What acted, in words.
pub fn device(user_agent: Option<&str>, hints: Option<&str>) -> Option<String> {
    match user_agent? {
        "command line" => Some("Command line".to_owned()),
        other => Some(Client::of(Some(other), hints).name()),
    }
}

impl ActivityView {
    pub fn new(context: &Context, event: &Recorded) -> Self {
        Self {
            id: event.id.to_string(),
            time: event.time.rfc3339(),
            event_type: event.event_type.clone(),
            outcome: event.outcome.clone(),
            ip: event.ip.clone(),
            place: context.place(event.ip.as_deref()),
            device: device(event.user_agent.as_deref(), event.client_hints.as_deref()),
            session_id: event.session.map(|id| id.to_string()),
        }
    }
}

impl AuditEventView {
    fn new(entry: &Entry) -> Self {
        let detail = entry.details();
        let hints = detail.get(audit::CLIENT_HINTS).and_then(|hints| hints.as_str());
        Self {
            id: entry.id.to_string(),
            time: entry.time.rfc3339(),
            event_type: entry.event_type.clone(),
            outcome: entry.outcome.clone(),
            actor_id: entry.actor.map(|id| id.to_string()),
            user_id: entry.user.map(|id| id.to_string()),
            session_id: entry.session.map(|id| id.to_string()),
            ip: entry.ip.clone(),
            user_agent: entry.user_agent.clone(),
            device: device(entry.user_agent.as_deref(), hints),
            request_id: entry.request_id.clone().filter(|id| !id.is_empty()),
            detail,
            position: entry.position(),
        }
    }
}
