//! The mailbox of development mode, where mails are caught.

use axum::extract::{Path, Request, State};
use axum::response::{Html, IntoResponse, Response};
use doorward_core::context::{MailId, Time};
use doorward_core::error::{Code, Result};
use doorward_core::mail::{self, OutgoingMail};
use http::StatusCode;
use http::header::CONTENT_SECURITY_POLICY;
use serde_json::json;

use super::views::{MailRow, MailShown, MailboxPage, Moment};
use super::{layout, page};
use crate::http::client_address::{is_for_this_machine, is_forwarded};
use crate::http::form::Query;
use crate::http::layer::peer;
use crate::http::problem::ApiError;
use crate::state::Web;

const SHOWN: i64 = 200;

pub async fn mailbox(State(web): State<Web>, query: Query, request: Request) -> Result<Response, ApiError> {
    ensure_local(&web, &request)?;
    show(&web, query.some("to"), None).await
}

pub async fn mail(
    State(web): State<Web>,
    Path(id): Path<String>,
    query: Query,
    request: Request,
) -> Result<Response, ApiError> {
    ensure_local(&web, &request)?;
    show(&web, query.some("to"), Some(&id)).await
}

/// The mail as its receiver's program shows it, with its own styles and nothing else.
pub async fn mail_html(
    State(web): State<Web>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    ensure_local(&web, &request)?;
    let caught = mail::caught(web.context(), SHOWN).await?;
    let (_, _, mail) =
        caught.into_iter().find(|(known, ..)| known.to_string() == id).ok_or(Code::NotFound)?;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-popups allow-top-navigation-by-user-activation";
    Ok(([(CONTENT_SECURITY_POLICY, policy)], Html(mail.html)).into_response())
}

pub async fn mailbox_json(
    State(web): State<Web>,
    query: Query,
    request: Request,
) -> Result<Response, ApiError> {
    ensure_local(&web, &request)?;
    let items: Vec<_> = caught(&web, query.some("to"))
        .await?
        .into_iter()
        .map(|(id, at, mail)| {
            json!({
                "id": id.to_string(), "to": mail.to, "subject": mail.subject, "text": mail.text, "html": mail.html,
                "created_at": at.rfc3339(),
            })
        })
        .collect();
    Ok(axum::Json(json!({"items": items})).into_response())
}

async fn show(web: &Web, to: Option<&str>, selected: Option<&str>) -> Result<Response, ApiError> {
    let now = web.context().now();
    let caught = caught(web, to).await?;
    let selected = match selected {
        Some(wanted) => {
            let found = caught.iter().find(|(id, ..)| id.to_string() == wanted).ok_or(Code::NotFound)?;
            Some(found)
        }
        None => caught.first(),
    };
    let template = MailboxPage {
        layout: layout(web, "Mailbox", None),
        selected: selected.map(|(id, at, mail)| MailShown {
            id: id.to_string(),
            from: mail.from.clone(),
            to: mail.to.clone(),
            subject: mail.subject.clone(),
            at: Moment::new(*at, now),
            text: mail.text.clone(),
        }),
        mails: caught
            .iter()
            .map(|(id, at, mail)| MailRow {
                id: id.to_string(),
                to: mail.to.clone(),
                subject: mail.subject.clone(),
                at: Moment::new(*at, now),
            })
            .collect(),
        to: to.map(str::to_owned),
    };
    Ok(page(StatusCode::OK, &template))
}

/// What was caught, newest first, once everything that is due has arrived.
async fn caught(web: &Web, to: Option<&str>) -> Result<Vec<(MailId, Time, OutgoingMail)>> {
    mail::deliver_and_settle(web.context(), &*web.transport).await?;
    let mut caught = mail::caught(web.context(), SHOWN).await?;
    caught.retain(|(_, _, mail)| to.is_none_or(|to| mail.to.eq_ignore_ascii_case(to)));
    Ok(caught)
}

/// The mailbox opens every account: it answers this machine alone, unless development was asked for outright, and never
/// through a proxy or under a foreign name (which a page of another site could make resolve here).
fn ensure_local(web: &Web, request: &Request) -> Result<()> {
    let headers = request.headers();
    let may = is_for_this_machine(request.uri(), headers) && !is_forwarded(headers);
    if may && (peer(request).is_loopback() || web.config.development_said) {
        return Ok(());
    }
    Err(Code::NotFound.into())
}
