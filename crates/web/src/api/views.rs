//! What the JSON API shows of accounts and sessions. The names are OpenID Connect's where it has one.

use bytes::Bytes;
use doorward_core::context::{Context, DeviceId};
use doorward_core::session::{Live, Session};
use doorward_core::user::User;
use doorward_core::user_agent::Client;
use serde::Serialize;
use utoipa::ToSchema;

/// An account, as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// The `sub` of its tokens.
    #[schema(example = "user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10")]
    id: String,
    email: String,
    email_verified: bool,
    preferred_username: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    picture: Option<String>,
    locale: Option<String>,
    roles: Vec<String>,
    permissions: Vec<String>,
    mfa_enabled: bool,
    /// RFC 3339, in UTC.
    created_at: String,
    last_sign_in_at: Option<String>,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    #[schema(example = "session_0198a7c2f3b47c1e9d5a6b7c8d9e0f11")]
    id: String,
    created_at: String,
    last_seen_at: String,
    expires_at: String,
    absolute_expires_at: String,
    auth_time: String,
    /// Authentication methods (RFC 8176).
    amr: Vec<String>,
    /// `aal1` or `aal2`.
    acr: String,
    remember: bool,
    /// Whether it is the session of this request.
    current: bool,
    device: DeviceView,
    ip: Option<String>,
    place: Option<String>,
}

/// What the session runs on, as far as the browser says.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub struct DeviceView {
    /// None for a client without cookies.
    #[schema(example = "device_0198a7c2f3b47c1e9d5a6b7c8d9e0f12")]
    id: Option<String>,
    /// What its owner calls it, or else what the browser says.
    name: String,
    browser: Option<String>,
    os: Option<String>,
    /// `desktop`, `phone`, `bot` or `other`.
    kind: &'static str,
}

/// Who is signed in, and by which session.
#[derive(Serialize, ToSchema)]
pub struct CurrentSession {
    user: UserView,
    session: SessionView,
}

impl UserView {
    pub fn new(user: &User, live: &Live) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            preferred_username: user.username.clone(),
            given_name: user.profile.given_name.clone(),
            family_name: user.profile.family_name.clone(),
            picture: user.profile.picture.clone(),
            locale: user.profile.locale.clone(),
            roles: live.rights.roles.clone(),
            permissions: live.rights.permissions.clone(),
            mfa_enabled: user.mfa_enabled,
            created_at: user.created_at.rfc3339(),
            last_sign_in_at: user.last_sign_in_at.map(doorward_core::context::Time::rfc3339),
        }
    }
}

impl SessionView {
    pub fn new(context: &Context, session: &Session, current: bool) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at.rfc3339(),
            last_seen_at: session.last_seen_at.rfc3339(),
            expires_at: session.expires_at.rfc3339(),
            absolute_expires_at: session.absolute_expires_at.rfc3339(),
            auth_time: session.auth_time.rfc3339(),
            amr: session.amr.clone(),
            acr: session.acr.clone(),
            remember: session.remember,
            current,
            device: DeviceView::of_session(session),
            ip: session.ip.clone(),
            place: context.place(session.ip.as_deref()),
        }
    }
}

impl DeviceView {
    fn of_session(session: &Session) -> Self {
        let client = Client::of(session.user_agent.as_deref(), session.client_hints.as_deref());
        Self::new(session.device, session.device_name.as_deref(), client)
    }

    pub fn new(id: Option<DeviceId>, name: Option<&str>, client: Client) -> Self {
        Self {
            id: id.map(|id| id.to_string()),
            name: name.map_or_else(|| client.name(), str::to_owned),
            browser: client.browser,
            os: client.os,
            kind: client.kind,
        }
    }
}

impl CurrentSession {
    pub fn new(context: &Context, live: &Live) -> Self {
        Self {
            user: UserView::new(&live.user, live),
            session: SessionView::new(context, &live.session, true),
        }
    }
}

/// The answer of the session check, made once for as long as the session is remembered.
pub fn current_session_json(context: &Context, live: &Live) -> Bytes {
    live.rendered
        .get_or_init(|| {
            Bytes::from(serde_json::to_vec(&CurrentSession::new(context, live)).unwrap_or_default())
        })
        .clone()
}
