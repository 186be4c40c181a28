use askama::Template;

use super::account::Place;
use super::layout::Layout;
use super::moment::Moment;

/// Where somebody is signed in, and the devices that are known.
#[derive(Template)]
#[template(path = "account/sessions.html")]
pub struct SessionsPage {
    pub layout: Layout,
    /// The one of this request first.
    pub sessions: Vec<SessionItem>,
    pub devices: Vec<DeviceItem>,
    /// When a recovery that is under way can be completed.
    pub recovery: Option<String>,
    /// What just happened.
    pub notice: Option<String>,
    /// What is wrong with the name that was given to a device.
    pub alert: Option<String>,
}

impl SessionsPage {
    const PLACE: Place = Place::Sessions;

    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}

/// One session.
#[derive(Debug, Clone)]
pub struct SessionItem {
    pub id: String,
    pub current: bool,
    /// What its owner calls the device, or else what the browser says.
    pub name: String,
    /// What the browser says, where the name is its owner's.
    pub client: Option<String>,
    pub is_phone: bool,
    pub ip: Option<String>,
    pub place: Option<String>,
    /// How it was signed in: `password`.
    pub method: String,
    pub signed_in: Moment,
    pub last_seen: Moment,
}

/// One device.
#[derive(Debug, Clone)]
pub struct DeviceItem {
    pub id: String,
    pub current: bool,
    pub name: String,
    /// What its owner calls it; empty where it has no such name.
    pub own_name: String,
    pub client: Option<String>,
    pub is_phone: bool,
    pub last_seen: Moment,
}
