//! An authenticator in software (Web Authentication, section 6), with the browser before it: it makes passkeys and answers
//! with them, and misbehaves as a test says.

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_crypto::rng::{SystemRng, random};
use serde_json::{Map, Value, json};

use crate::authenticator_key::{Key, KeyKind};

/// How an answer is made. What is not said is as it should be.
#[derive(Debug, Clone)]
pub struct How {
    /// Of the page, as the browser says it.
    pub origin: String,
    pub kind: Option<&'static str>,
    pub challenge: Option<Value>,
    pub rp_id: Option<&'static str>,
    pub cross_origin: bool,
    pub top_origin: Option<&'static str>,
    pub user_present: bool,
    pub user_verified: bool,
    pub backup_eligible: bool,
    pub backed_up: bool,
    /// In place of the next count.
    pub counter: Option<u32>,
    /// In place of the owner's; nothing for none at all.
    pub user_handle: Option<Option<Vec<u8>>>,
    pub aaguid: [u8; 16],
    /// What a new passkey signs with.
    pub key: KeyKind,
    /// Bytes that are missing at the end of the authenticator data.
    pub cut: usize,
}

impl How {
    /// As it should be, on a page of this server's.
    pub fn on(url: &str) -> Self {
        Self {
            origin: url.to_owned(),
            kind: None,
            challenge: None,
            rp_id: None,
            cross_origin: false,
            top_origin: None,
            user_present: true,
            user_verified: true,
            backup_eligible: true,
            backed_up: true,
            counter: None,
            user_handle: None,
            aaguid: [0; 16],
            key: KeyKind::Es256,
            cut: 0,
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = self.challenge.as_ref().unwrap_or(&options["challenge"]);
        let mut data = Map::new();
        data.insert("type".to_owned(), json!(self.kind.unwrap_or(kind)));
        data.insert("challenge".to_owned(), challenge.clone());
        data.insert("origin".to_owned(), json!(self.origin));
        data.insert("crossOrigin".to_owned(), json!(self.cross_origin));
        if let Some(top) = self.top_origin {
            data.insert("topOrigin".to_owned(), json!(top));
        }
        Value::Object(data).to_string()
    }

    /// Section 6.1: the hash of the relying party's id, flags, the count.
    fn authenticator_data(&self, rp_id: &str, counter: u32, has_credential: bool) -> Vec<u8> {
        let flags = [
            (self.user_present, 0x01),
            (self.user_verified, 0x04),
            (self.backup_eligible, 0x08),
            (self.backed_up, 0x10),
            (has_credential, 0x40),
        ];
        let flags = flags.iter().filter(|(set, _)| *set).fold(0_u8, |all, (_, flag)| all | flag);
        let mut data = digest(&SHA256, self.rp_id.unwrap_or(rp_id).as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(counter.to_be_bytes());
        data
    }
}

/// A passkey, with its private key.
pub struct SoftPasskey {
    pub credential_id: Vec<u8>,
    user_handle: Vec<u8>,
    rp_id: String,
    key: Key,
    /// The last count; zero for one that does not count.
    pub counter: u32,
}

impl SoftPasskey {
    /// Makes one for `options`: the passkey, and what the browser hands to the page.
    pub fn create(options: &Value, how: &How) -> (Self, Value) {
        let credential_id = random::<32>(&SystemRng).to_vec();
        let passkey = Self {
            credential_id,
            user_handle: read(&options["user"]["id"]),
            rp_id: options["rp"]["id"].as_str().unwrap().to_owned(),
            key: Key::generate(how.key),
            counter: how.counter.unwrap_or(0),
        };
        let credential = passkey.register(options, how);
        (passkey, credential)
    }

    /// As the browser hands it to the page when it was made, for other options too.
    pub fn register(&self, options: &Value, how: &How) -> Value {
        let client_data = how.client_data("webauthn.create", options);
        let mut data = how.authenticator_data(&self.rp_id, self.counter, true);
        data.extend(how.aaguid);
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.key.cose());
        data.truncate(data.len() - how.cut);
        self.credential(json!({
            "clientDataJSON": write(client_data.as_bytes()),
            "attestationObject": write(&attestation_object(&data)),
            "transports": ["internal", "hybrid"],
            "publicKeyAlgorithm": self.key.kind() as i64,
        }))
    }

    /// Answers `options`: what the browser hands to the page.
    pub fn get(&mut self, options: &Value, how: &How) -> Value {
        if let Some(counter) = how.counter {
            self.counter = counter;
        } else if self.counter > 0 {
            self.counter += 1;
        }
        let client_data = how.client_data("webauthn.get", options);
        let mut data = how.authenticator_data(&self.rp_id, self.counter, false);
        data.truncate(data.len() - how.cut);
        let signed = [data.as_slice(), digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let mut response = json!({
            "clientDataJSON": write(client_data.as_bytes()),
            "authenticatorData": write(&data),
            "signature": write(&self.key.sign(&signed)),
        });
        let handle = how.user_handle.clone().unwrap_or_else(|| Some(self.user_handle.clone()));
        if let Some(handle) = handle {
            response["userHandle"] = json!(write(&handle));
        }
        self.credential(response)
    }

    fn credential(&self, response: Value) -> Value {
        let id = write(&self.credential_id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"somethingNew": {"deep": [1, 2, 3]}},
        })
    }
}

/// Section 6.5: `{"fmt": "none", "attStmt": {}, "authData": data}` in CBOR.
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let mut cbor = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData".to_vec();
    match u8::try_from(data.len()) {
        Ok(length) => cbor.extend([0x58, length]),
        Err(_) => {
            cbor.push(0x59);
            cbor.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        }
    }
    cbor.extend(data);
    cbor
}

fn write(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read(text: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}
