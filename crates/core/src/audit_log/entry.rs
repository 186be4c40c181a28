use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_crypto::chain::{ChainKey, Link, salted_digest};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::context::{EventId, SessionId, Time, UserId};

/// An event as the log has it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: EventId,
    pub time: Time,
    pub event_type: String,
    pub outcome: String,
    pub actor: Option<UserId>,
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) personal: Option<String>,
    pub(super) position: Option<u64>,
    pub(super) mac: Option<Vec<u8>>,
    pub(super) salt: Option<Vec<u8>>,
    pub(super) personal_digest: Option<Vec<u8>>,
}

impl Entry {
    /// Its place in the chain; none as long as it is not sealed.
    pub fn position(&self) -> Option<u64> {
        self.position
    }

    /// Its MAC in base64url; none as long as it is not sealed.
    pub fn mac_text(&self) -> Option<String> {
        self.mac.as_deref().map(|mac| BASE64_URL_SAFE_NO_PAD.encode(mac))
    }

    /// All details, the personal ones among them.
    pub fn details(&self) -> Map<String, Value> {
        let mut all = Map::new();
        for text in [&self.detail, &self.personal].into_iter().flatten() {
            if let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) {
                all.extend(members);
            }
        }
        all
    }

    /// Its link as it is written down, whether that is right or not.
    pub(super) fn written_link(&self) -> Option<Link> {
        Some(Link { position: self.position?, mac: self.mac.as_deref()?.try_into().ok()? })
    }

    /// Its link, if all of it is as it was sealed and it comes right after `previous`.
    pub(super) fn link_after(&self, key: &ChainKey, previous: &Link) -> Option<Link> {
        let (link, digest) = (self.written_link()?, self.personal_digest.as_deref()?);
        let genuine =
            self.has_its_digest() && key.follows(previous, &self.parts(&self.micros(), digest), &link);
        genuine.then_some(link)
    }

    /// The link that it gets after `previous`, with the digest of what is personal in it.
    pub(super) fn next_link(&self, key: &ChainKey, previous: &Link, salt: &[u8; 16]) -> (Link, [u8; 32]) {
        let digest = salted_digest(salt, &self.personal_parts());
        (key.next(previous, &self.parts(&self.micros(), &digest)), digest)
    }

    /// Whether what is personal was erased after it was sealed.
    pub(super) fn is_erased(&self) -> bool {
        self.position.is_some() && self.salt.is_none()
    }

    /// Whether what is personal is what was sealed, or is gone as a whole.
    pub(super) fn has_its_digest(&self) -> bool {
        let parts = self.personal_parts();
        match &self.salt {
            None => parts.iter().all(Option::is_none),
            Some(salt) => <&[u8; 16]>::try_from(salt.as_slice())
                .is_ok_and(|salt| self.personal_digest.as_deref() == Some(&salted_digest(salt, &parts))),
        }
    }

    fn personal_parts(&self) -> [Option<&[u8]>; 3] {
        [text(self.ip.as_ref()), text(self.user_agent.as_ref()), text(self.personal.as_ref())]
    }

    fn micros(&self) -> [u8; 8] {
        self.time.micros().to_be_bytes()
    }

    /// What the chain covers. The order and the number of them are for good.
    fn parts<'a>(&'a self, micros: &'a [u8; 8], digest: &'a [u8]) -> [Option<&'a [u8]>; 10] {
        [
            Some(bytes(self.id.as_uuid())),
            Some(micros),
            Some(self.event_type.as_bytes()),
            Some(self.outcome.as_bytes()),
            self.actor.as_ref().map(|id| bytes(id.as_uuid())),
            self.user.as_ref().map(|id| bytes(id.as_uuid())),
            self.session.as_ref().map(|id| bytes(id.as_uuid())),
            text(self.request_id.as_ref()),
            text(self.detail.as_ref()),
            Some(digest),
        ]
    }
}

fn text(text: Option<&String>) -> Option<&[u8]> {
    text.map(String::as_bytes)
}

fn bytes(id: &Uuid) -> &[u8] {
    id.as_bytes()
}
