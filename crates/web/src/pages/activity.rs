//! What happened to the account of whoever is signed in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::audit::{self, EventType, Recorded};
use doorward_core::context::{Context, EventId};
use doorward_core::error::Code;
use doorward_core::session::Live;
use http::StatusCode;

use super::views::{ActivityPage, ActivityRow, Moment};
use super::{layout, page};
use crate::api::audit::device;
use crate::api::list::cut;
use crate::http::form::Query;
use crate::http::problem::ApiError;
use crate::state::Web;

const SHOWN: i64 = 25;

pub async fn show(
    State(web): State<Web>,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let before = match query.some("before") {
        Some(text) => Some(EventId::parse(text).ok_or(Code::NotFound)?),
        None => None,
    };
    let mut events = audit::activity(web.context(), live.user.id, before, SHOWN + 1).await?;
    let older = cut(&mut events, SHOWN, |event| event.id.to_string());
    let template = ActivityPage {
        layout: layout(&web, "Activity", Some(&live.user.email)),
        rows: events.iter().map(|event| row(web.context(), event, &live)).collect(),
        is_newest: before.is_none(),
        older,
    };
    Ok(page(StatusCode::OK, &template))
}

fn row(context: &Context, event: &Recorded, live: &Live) -> ActivityRow {
    let words = EventType::parse(&event.event_type).map(EventType::words);
    ActivityRow {
        what: words.map_or_else(|| event.event_type.clone(), str::to_owned),
        failed: event.outcome == "failure",
        here: event.session == Some(live.session.id),
        at: Moment::new(event.time, context.now()),
        device: device(event.user_agent.as_deref(), event.client_hints.as_deref()),
        ip: event.ip.as_deref().map(|ip| context.address_in_words(Some(ip))),
    }
}
