//! Where somebody is signed in, and the devices that are known.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use doorward_core::context::{Caller, DeviceId, Id, SessionId};
use doorward_core::device::{self, Device};
use doorward_core::error::{Code, Kind};
use doorward_core::session::{EndReason, Live, Session};
use doorward_core::user_agent::Client;
use http::StatusCode;

use super::sign_in::signed_out;
use super::views::{DeviceItem, Moment, SessionItem, SessionsPage};
use super::{layout, page, recovery_under_way, see_other};
use crate::http::caller::ByCaller;
use crate::http::form::{Form, Query};
use crate::http::problem::{self, ApiError};
use crate::state::Web;

/// More than anybody wants to read; the API has them all.
const SHOWN: i64 = 200;

pub async fn show(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    query: Query,
) -> Result<Response, ApiError> {
    let notice = match query.get("done") {
        "ended" => Some("That session is signed out."),
        "ended_others" => Some("You are signed out everywhere else."),
        "renamed" => Some("The device has a new name."),
        "forgotten" => Some("That device is forgotten and signed out."),
        _ => None,
    };
    let shown = sessions_page(&web, &caller, &live, notice, None).await?;
    Ok(page(StatusCode::OK, &shown))
}

pub async fn end(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let id: SessionId = Id::parse(form.get("id")).ok_or(Code::NotFound)?;
    // One that has ended meanwhile is what was asked for.
    web.sessions.end(&caller, live.user.id, id, EndReason::Ended).await?;
    Ok(if id == live.session.id { signed_out(&web, "signed_out", None) } else { done(&web, "ended") })
}

pub async fn end_others(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    _: Form,
) -> Result<Response, ApiError> {
    web.sessions.end_all(&caller, live.user.id, Some(live.session.id)).await?;
    Ok(done(&web, "ended_others"))
}

pub async fn rename(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let id: DeviceId = Id::parse(form.get("id")).ok_or(Code::NotFound)?;
    match device::rename(web.context(), &caller, live.user.id, id, form.some("name")).await {
        Ok(_) => {
            web.sessions.forget_user(live.user.id);
            Ok(done(&web, "renamed"))
        }
        Err(error) if error.kind() == Kind::Invalid => {
            let detail = error.fields().first().map(|field| field.detail.to_string());
            let shown = sessions_page(&web, &caller, &live, None, detail).await?;
            Ok(page(problem::status(error.kind()), &shown))
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn forget(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    Extension(live): Extension<Arc<Live>>,
    form: Form,
) -> Result<Response, ApiError> {
    let id: DeviceId = Id::parse(form.get("id")).ok_or(Code::NotFound)?;
    match web.sessions.forget_device(&caller, live.user.id, id).await {
        Err(error) if error.kind() != Kind::NotFound => return Err(error.into()),
        _ => {}
    }
    let here = live.session.device == Some(id);
    Ok(if here { signed_out(&web, "signed_out", None) } else { done(&web, "forgotten") })
}

fn done(web: &Web, what: &str) -> Response {
    see_other(&format!("{}/account/sessions?done={what}", web.config.base_path()))
}

async fn sessions_page(
    web: &Web,
    caller: &Caller,
    live: &Live,
    notice: Option<&str>,
    alert: Option<String>,
) -> Result<SessionsPage, ApiError> {
    let user = live.user.id;
    let mut sessions = web.sessions.of_user(user, None, SHOWN).await?;
    sessions.sort_by_key(|one| (one.id != live.session.id, Reverse(one.last_seen_at)));
    let devices = device::of_user(web.context(), user).await?;
    let current = device::current(web.context(), user, caller).await?;
    Ok(SessionsPage {
        layout: layout(web, "Sessions", Some(&live.user.email)),
        sessions: sessions.iter().map(|one| session_item(web, one, one.id == live.session.id)).collect(),
        devices: devices.iter().map(|one| device_item(web, one, Some(one.id) == current)).collect(),
        recovery: recovery_under_way(web, live).await?,
        notice: notice.map(str::to_owned),
        alert,
    })
}

fn session_item(web: &Web, session: &Session, current: bool) -> SessionItem {
    let now = web.context().now();
    let client = Client::of(session.user_agent.as_deref(), session.client_hints.as_deref());
    let (name, said) = names(session.device_name.as_deref(), &client);
    SessionItem {
        id: session.id.to_string(),
        current,
        name,
        client: said,
        is_phone: client.kind == "phone",
        ip: session.ip.clone(),
        place: web.context().place(session.ip.as_deref()),
        method: method(&session.amr),
        signed_in: Moment::new(session.created_at, now),
        last_seen: Moment::new(session.last_seen_at, now),
    }
}

fn device_item(web: &Web, device: &Device, current: bool) -> DeviceItem {
    let client = device.client();
    let (name, said) = names(device.name.as_deref(), &client);
    DeviceItem {
        id: device.id.to_string(),
        current,
        name,
        own_name: device.name.clone().unwrap_or_default(),
        client: said,
        is_phone: client.kind == "phone",
        last_seen: Moment::new(device.last_seen_at, web.context().now()),
    }
}

/// The name to show, and what the browser says where that is something else.
fn names(own: Option<&str>, client: &Client) -> (String, Option<String>) {
    match own {
        Some(name) => (name.to_owned(), Some(client.name())),
        None => (client.name(), None),
    }
}

/// How somebody signed in, in words (RFC 8176 has the abbreviations).
fn method(amr: &[String]) -> String {
    let words = amr.iter().filter_map(|method| match method.as_str() {
        "pwd" => Some("password"),
        "otp" => Some("code"),
        "email" => Some("mail"),
        "sms" => Some("code by SMS"),
        "hwk" | "swk" => Some("passkey"),
        // How a passkey was used, and how many factors there were.
        "user" | "mfa" => None,
        other => Some(other),
    });
    words.collect::<Vec<_>>().join(" and ")
}
