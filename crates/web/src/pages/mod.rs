//! The pages: forms that post, answers that are HTML, nothing that needs a script.

pub mod error;
pub mod session;
pub mod views;

mod account;
mod data;
mod activity;
mod dev;
mod docs;
mod email;
mod email_sign_in;
mod enrolment;
mod first_admin;
mod not_me;
mod passkeys;
mod password;
mod phone;
mod reauthentication;
mod recovery;
mod second_step;
mod sessions;
mod sign_in;
mod sign_up;
mod two_factor;

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use doorward_core::context::Time;
use doorward_core::error::{Code, Error, Kind};
use doorward_core::recovery as recoveries;
use doorward_core::session::Live;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use crate::http::form as http_form;
use crate::http::problem::{self, ApiError};
use crate::routes::page::get;
use crate::routes::{Access, Routes};
use crate::state::Web;
use views::{Form, Layout};

/// The hidden field of [`keep_sent`].
const SENT: &str = "sent";

/// Every page.
pub fn routes(routes: &mut Routes) {
    routes.page(Access::Public, "/", get(home));
    routes.page(Access::Public, "/sign-up", get(sign_up::show).post(sign_up::submit));
    routes.page(Access::Public, "/verify-email", get(sign_up::verify_show).post(sign_up::verify));
    routes.act(Access::Public, "/verify-email/resend", "/verify-email", sign_up::resend);
    routes.page(Access::Public, "/sign-in", get(sign_in::show).post(sign_in::submit));
    // Judged by the token of a sign-in under way.
    routes.page(Access::Token, "/sign-in/mfa", get(second_step::show).post(second_step::submit));
    routes.act(Access::Token, "/sign-in/mfa/sms", "/sign-in/mfa", second_step::send_sms);
    routes.page(Access::Token, "/sign-in/set-up", get(enrolment::show).post(enrolment::submit));
    routes.page(Access::Token, "/sign-in/recover", get(recovery::ask_show).post(recovery::ask));
    routes.page(Access::Public, "/recovery/cancel", get(recovery::cancel_show).post(recovery::cancel));
    routes.page(Access::Public, "/recovery/complete", get(recovery::complete_show).post(recovery::complete));
    routes.act(Access::SignedIn, "/account/two-factor/keep", "/account/two-factor", recovery::cancel_mine);
    routes.page(Access::Public, "/sign-in/email", get(email_sign_in::show).post(email_sign_in::submit));
    routes.act(Access::Public, "/sign-in/email/start", "/sign-in/email", email_sign_in::start);
    routes.page(Access::Public, "/sign-in/link", get(email_sign_in::link_show).post(email_sign_in::link));
    routes.act(Access::Public, "/sign-in/passkey", "/sign-in", passkeys::sign_in);
    routes.act(Access::Token, "/sign-out", "/sign-in", sign_in::sign_out);
    routes.act(Access::Token, "/sign-out/all", "/sign-in", sign_in::sign_out_all);
    routes.page(Access::Public, "/forgot-password", get(password::forgot_show).post(password::forgot));
    routes.page(Access::Public, "/reset-password", get(password::reset_show).post(password::reset));
    routes.page(Access::SignedIn, "/account", get(account::show).post(account::save));
    routes.page(Access::SignedIn, "/account/password", get(account::password_show).post(account::password));
    routes.act(Access::Fresh, "/account/password/remove", "/account/password", account::password_remove);
    routes.page(Access::Fresh, "/account/email", get(email::show).post(email::change));
    routes.page(Access::SignedIn, "/account/email/verify", get(email::verify_show).post(email::verify));
    routes.page(Access::Fresh, "/account/phone", get(phone::show).post(phone::start));
    routes.page(Access::SignedIn, "/account/phone/verify", get(phone::verify_show).post(phone::verify));
    routes.act(Access::Fresh, "/account/phone/remove", "/account/phone", phone::remove);
    routes.page(Access::Public, "/undo-email", get(email::undo_show).post(email::undo));
    routes.page(Access::SignedIn, "/account/data", get(data::show));
    routes.page(Access::Fresh, "/account/export", get(data::export));
    routes.page(Access::Fresh, "/account/delete", get(data::close_show).post(data::close));
    routes.page(Access::Public, "/restore-account", get(data::restore_show).post(data::restore));
    routes.page(Access::SignedIn, "/account/two-factor", get(two_factor::show));
    let app = get(two_factor::app_show).post(two_factor::app_confirm);
    routes.page(Access::Fresh, "/account/two-factor/app", app);
    let back = "/account/two-factor";
    routes.act(Access::Fresh, "/account/two-factor/app/remove", back, two_factor::app_remove);
    routes.act(Access::Fresh, "/account/two-factor/passkey", back, two_factor::choose_passkey);
    routes.act(Access::Fresh, "/account/two-factor/backup-codes", back, two_factor::renew_backup_codes);
    routes.page(Access::SignedIn, "/account/passkeys", get(passkeys::show));
    routes.page(Access::Fresh, "/account/passkeys/add", get(passkeys::add_show).post(passkeys::add));
    routes.act(Access::SignedIn, "/account/passkeys/rename", "/account/passkeys", passkeys::rename);
    routes.act(Access::Fresh, "/account/passkeys/remove", "/account/passkeys", passkeys::remove);
    routes.page(Access::SignedIn, "/account/sessions", get(sessions::show));
    routes.act(Access::SignedIn, "/account/sessions/end", "/account/sessions", sessions::end);
    routes.act(Access::SignedIn, "/account/sessions/end-others", "/account/sessions", sessions::end_others);
    routes.act(Access::SignedIn, "/account/devices/rename", "/account/sessions", sessions::rename);
    routes.act(Access::SignedIn, "/account/devices/forget", "/account/sessions", sessions::forget);
    let reauthenticate = get(reauthentication::show).post(reauthentication::confirm);
    routes.page(Access::SignedIn, "/reauthenticate", reauthenticate);
    routes.act(Access::SignedIn, "/reauthenticate/start", "/reauthenticate", reauthentication::start);
    routes.page(Access::Public, "/not-me", get(not_me::show).post(not_me::act));
    routes.page(Access::SignedIn, "/account/activity", get(activity::show));
    routes.page(Access::Public, "/first-admin", get(first_admin::show).post(first_admin::submit));
    routes.page(Access::Public, "/docs", get(docs::api));
    routes.page(Access::Public, "/docs/problems/{code}", get(docs::problem));
    routes.page(Access::Public, "/assets/brand.css", get(brand));
    if routes.is_development() {
        routes.page(Access::Public, "/dev/mailbox", get(dev::mailbox));
        routes.page(Access::Public, "/dev/mailbox.json", get(dev::mailbox_json));
        routes.page(Access::Public, "/dev/mailbox/{id}", get(dev::mail));
        routes.page(Access::Public, "/dev/mailbox/{id}/html", get(dev::mail_html));
    }
}

async fn home(State(web): State<Web>) -> Response {
    see_other(&format!("{}/account", web.config.base_path()))
}

/// The brand's accent, where the settings name one.
async fn brand(State(web): State<Web>) -> Result<Response, ApiError> {
    let css = web.config.brand.accent.as_deref().and_then(views::brand_css).ok_or(Code::NotFound)?;
    let headers = [
        (http::header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (http::header::CACHE_CONTROL, "public, max-age=300"),
    ];
    Ok((headers, css).into_response())
}

/// What stands around a page.
fn layout(web: &Web, title: &str, user: Option<&str>) -> Layout {
    error::layout(&web.config, title, user)
}

/// A page with its status.
fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => ApiError::from(Error::internal(error)).into_response(),
    }
}

/// Sends a browser on with a GET (RFC 9110, section 15.4.4).
pub(crate) fn see_other(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(error) => ApiError::from(Error::internal(error)).into_response(),
    }
}

/// Marks in the form what was wrong, so that it can be shown again. What belongs to no form is handed back.
fn mark(form: &mut Form, error: Error) -> Result<StatusCode, Error> {
    match error.kind() {
        Kind::Invalid => {
            for field in error.fields() {
                form.fault(&field.field, &field.detail);
            }
        }
        Kind::Internal | Kind::NotFound | Kind::MethodNotAllowed => return Err(error),
        _ if error.code() == Code::ChallengeRequired => {
            form.alert = Some(
                "There were many attempts, so your browser solves a small puzzle first. Enter your password once more."
                    .to_owned(),
            );
        }
        _ if error.code() == Code::InvalidOrExpiredCode => form.fault("code", error.detail()),
        _ => form.alert = Some(with_wait(&error)),
    }
    Ok(problem::status(error.kind()))
}

fn with_wait(error: &Error) -> String {
    let Some(wait) = error.retry_after().map(|wait| wait.as_secs().max(1)) else {
        return error.detail().to_owned();
    };
    let wait = match wait {
        1 => "1 second".to_owned(),
        2..=90 => format!("{wait} seconds"),
        91..=5400 => format!("{} minutes", wait.div_ceil(60)),
        _ => format!("{} hours", wait.div_ceil(3600)),
    };
    format!("{} You can try again in {wait}.", error.detail())
}

/// How many seconds the page lets a person wait before it offers to send the mail again; `sent` is when the last one went.
fn resend_wait(web: &Web, sent: Option<Time>) -> u64 {
    const WAIT: u64 = 60;
    let now = web.context().now();
    sent.map_or(WAIT, |sent| WAIT.saturating_sub(now.since(sent).as_secs()))
}

/// Has a code's form bring back when its mail went, and answers the wait: a wrong code must not begin it anew. It shortens no wait
/// but the page's own, since the limits on mails are elsewhere.
fn keep_sent(web: &Web, form: &mut Form) -> u64 {
    let kept = form.hidden.iter().find(|(name, _)| name == SENT).and_then(|(_, text)| text.parse().ok());
    let sent = kept.map_or_else(|| web.context().now(), Time::from_micros);
    if kept.is_none() {
        form.hidden.push((SENT.to_owned(), sent.micros().to_string()));
    }
    resend_wait(web, Some(sent))
}

/// Takes over what [`keep_sent`] had a form bring back.
fn still_sent(form: &mut Form, posted: &http_form::Form) {
    let micros = posted.some(SENT).filter(|text| text.parse::<i64>().is_ok());
    form.hidden.extend(micros.map(|micros| (SENT.to_owned(), micros.to_owned())));
}

/// How long something takes, to people.
fn in_words(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    match hours {
        0 => "a short while".to_owned(),
        1 => "one hour".to_owned(),
        24 => "one day".to_owned(),
        hours if hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

/// When a recovery of the account's that is under way can be completed, in words: whoever is signed in is told, and can cancel it.
async fn recovery_under_way(web: &Web, live: &Live) -> Result<Option<String>, Error> {
    let under_way = recoveries::of_user(web.context(), live.user.id).await?;
    Ok(under_way.map(|recovery| recovery.ready_at.for_people()))
}

/// Gives a form a puzzle to solve, where challenges are on.
fn challenge(web: &Web, form: &mut Form) {
    if web.config.challenge.enabled {
        let made = doorward_core::challenge::issue(web.context());
        form.challenge = Some(views::Challenge::new(made.challenge, made.difficulty));
    }
}

/// As [`challenge`], for a form that a browser without script sends again after a wait, with the puzzle that it waits with.
fn challenge_or_wait(web: &Web, form: &mut Form, waits_with: Option<&str>) {
    use doorward_core::challenge as puzzle;
    if web.config.challenge.enabled {
        let made = waits_with.and_then(|text| puzzle::waited_with(web.context(), text));
        let made = made.unwrap_or_else(|| puzzle::issue(web.context()));
        form.challenge =
            Some(views::Challenge { waits: true, ..views::Challenge::new(made.challenge, made.difficulty) });
    }
}

/// Shows a form again, with the headers that belong to the error.
fn again(template: &impl Template, status: StatusCode, retry_after: Option<Duration>) -> Response {
    let mut response = page(status, template);
    if let Some(wait) = retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
