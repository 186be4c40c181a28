use askama::Template;

use super::account::Place;
use super::layout::Layout;
use super::moment::Moment;

/// What happened to the account, newest first.
#[derive(Template)]
#[template(path = "account/activity.html")]
pub struct ActivityPage {
    pub layout: Layout,
    pub rows: Vec<ActivityRow>,
    /// Whether it begins with the newest of all.
    pub is_newest: bool,
    /// Where the older ones begin, if there are any: the value of `before`.
    pub older: Option<String>,
}

/// One thing that happened.
pub struct ActivityRow {
    /// In words.
    pub what: String,
    /// It was tried in vain.
    pub failed: bool,
    /// In the session that looks at it.
    pub here: bool,
    pub at: Moment,
    pub device: Option<String>,
    pub ip: Option<String>,
}

impl ActivityPage {
    const PLACE: Place = Place::Activity;
}
