//! The signed-in account.

use crate::http::caller::ByCaller;
use axum::extract::State;
use doorward_core::error::Error;
use doorward_core::user::{self, ProfileChange};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::views::UserView;
use crate::http::json::Json;
use crate::http::problem::{ApiError, Problem};
use crate::signed_in::SignedIn;
use crate::state::Web;

/// The signed-in account.
#[utoipa::path(get, path = "/v1/me", tag = "Account", responses(
    (status = 200, description = "The account", body = UserView),
    (status = 401, description = "Nobody is signed in", body = Problem),
))]
pub async fn show(SignedIn(live): SignedIn) -> axum::Json<UserView> {
    axum::Json(UserView::new(&live.user, &live))
}

/// What is left out stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileRequest {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    preferred_username: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    given_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    family_name: Option<Option<String>>,
    /// An https address. The server never fetches it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    picture: Option<Option<String>>,
    /// A BCP 47 language tag.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    locale: Option<Option<String>>,
}

/// Change the profile.
#[utoipa::path(patch, path = "/v1/me", tag = "Account", request_body = ProfileRequest, responses(
    (status = 200, description = "The account as it is now", body = UserView),
    (status = 401, description = "Nobody is signed in", body = Problem),
    (status = 422, description = "Fields need attention", body = Problem),
))]
pub async fn change(
    State(web): State<Web>,
    ByCaller(caller): ByCaller,
    SignedIn(live): SignedIn,
    Json(request): Json<ProfileRequest>,
) -> Result<axum::Json<UserView>, ApiError> {
    let change = ProfileChange::parse(
        request.preferred_username.as_ref().map(Option::as_deref),
        request.given_name.as_ref().map(Option::as_deref),
        request.family_name.as_ref().map(Option::as_deref),
        request.picture.as_ref().map(Option::as_deref),
        request.locale.as_ref().map(Option::as_deref),
    )
    .map_err(Error::invalid)?;
    let user = user::change_profile(web.context(), &caller, live.user.id, change).await?;
    web.sessions.forget_user(user.id);
    Ok(axum::Json(UserView::new(&user, &live)))
}

/// Tells a field that is `null` from one that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
