//! A service whose users sign in at Doorward: a public page, pages for who is signed in, notes for who has a verified mail
//! address, and one page for who may.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use doorward_verify::{AccessToken, VerifiedEmail, Verifier, VerifyLayer};
use serde::Deserialize;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let setting = |name: &str| std::env::var(name).ok();
    let doorward = setting("DOORWARD_URL").unwrap_or_else(|| "http://localhost:4400".to_owned());
    let mut verifier = Verifier::builder(&doorward).audience(&doorward);
    if let Some(key) = setting("DOORWARD_SERVICE_KEY") {
        verifier = verifier.revocation_feed(key);
    }
    let router = router(verifier.build()?, &doorward)?;

    let address = setting("LISTEN").unwrap_or_else(|| "127.0.0.1:4500".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

/// One layer checks the token wherever one is sent; each handler says by its arguments what it needs.
pub fn router(verifier: Verifier, doorward: &str) -> Result<Router, reqwest::Error> {
    let notes = Notes {
        by_user: Arc::default(),
        client: reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?,
        session_check: format!("{doorward}/v1/session"),
    };
    Ok(Router::new()
        .route("/public", get(public))
        .route("/me", get(me))
        .route("/notes", post(add_note))
        .route("/admin", get(admin))
        .with_state(notes)
        .layer(VerifyLayer::new(verifier).optional()))
}

#[derive(Clone)]
struct Notes {
    by_user: Arc<Mutex<HashMap<String, Vec<String>>>>,
    client: reqwest::Client,
    session_check: String,
}

/// For everybody; whoever is signed in is greeted.
async fn public(token: Option<AccessToken>) -> Json<Value> {
    Json(json!({"hello": token.map_or_else(|| "stranger".to_owned(), |token| token.sub.clone())}))
}

/// For whoever is signed in. `sub` is the one name to keep data under.
async fn me(State(notes): State<Notes>, token: AccessToken) -> Json<Value> {
    let by_user = notes.by_user.lock().unwrap_or_else(PoisonError::into_inner);
    let own = by_user.get(&token.sub).cloned().unwrap_or_default();
    Json(json!({"id": token.sub, "email_verified": token.email_verified, "notes": own}))
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

/// For whoever has a verified mail address.
async fn add_note(
    State(notes): State<Notes>,
    VerifiedEmail(token): VerifiedEmail,
    Json(note): Json<Note>,
) -> StatusCode {
    let mut by_user = notes.by_user.lock().unwrap_or_else(PoisonError::into_inner);
    by_user.entry(token.sub.clone()).or_default().push(note.text);
    StatusCode::CREATED
}

/// For whoever has the permission `users:read`. Rights are not in the token, as they may change while it lives: Doorward
/// knows them.
async fn admin(State(notes): State<Notes>, _: AccessToken, headers: HeaderMap) -> Response {
    let mut question = notes.client.get(&notes.session_check);
    if let Some(bearer) = headers.get(header::AUTHORIZATION) {
        question = question.header(header::AUTHORIZATION, bearer);
    }
    let answer = question.send().await.and_then(reqwest::Response::error_for_status);
    let Ok(answer) = answer else { return problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    let Ok(session) = answer.json::<Value>().await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    };
    let permissions = session["user"]["permissions"].as_array();
    if !permissions.is_some_and(|all| all.iter().any(|one| one == "users:read")) {
        return problem(StatusCode::FORBIDDEN, "permission_denied");
    }
    let by_user = notes.by_user.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({"users_with_notes": by_user.len()})).into_response()
}

fn problem(status: StatusCode, code: &str) -> Response {
    let body = json!({"status": status.as_u16(), "code": code}).to_string();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}
