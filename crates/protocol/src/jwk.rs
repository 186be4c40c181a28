//! JSON Web Keys: public keys as RFC 7517 writes them, for EC and RSA (RFC 7518, section 6) and OKP (RFC 8037).

use serde::{Deserialize, Deserializer, Serialize};

/// One public key. Private members (`d` and so on) of a key that is read are dropped, so a `Jwk` never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    #[serde(flatten)]
    pub key: KeyMaterial,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig` or `enc`.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
}

/// The members that make the key, by its `kty`. Coordinates and numbers are base64url, big-endian, as they stand in the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum KeyMaterial {
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: String, x: String },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

/// A set of keys, as a `jwks_uri` answers it. Reading one leaves out every key that is not understood, as RFC 7517,
/// section 5 asks, instead of failing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    #[serde(deserialize_with = "understood_keys")]
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// What RFC 7638 hashes into the key's thumbprint: its required members alone, sorted, without white space.
    pub fn thumbprint_input(&self) -> String {
        // RFC 7638, sections 3.2 and 3.3: these members, in the order of their names.
        let members: &[(&str, &str)] = match &self.key {
            KeyMaterial::Ec { crv, x, y } => &[("crv", crv), ("kty", "EC"), ("x", x), ("y", y)],
            KeyMaterial::Okp { crv, x } => &[("crv", crv), ("kty", "OKP"), ("x", x)],
            KeyMaterial::Rsa { n, e } => &[("e", e), ("kty", "RSA"), ("n", n)],
        };
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\":{}", serde_json::Value::from(*value)))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

impl JwkSet {
    /// The first key with this `kid`.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid.as_deref() == Some(kid))
    }
}

fn understood_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Jwk>, D::Error> {
    let keys = Vec::<serde_json::Value>::deserialize(deserializer)?;
    Ok(keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7638, section 3.1.
    const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    #[test]
    fn the_thumbprint_input_is_the_required_members_in_order() {
        let key: Jwk = serde_json::from_str(RSA).unwrap();
        let input = key.thumbprint_input();
        assert!(input.starts_with(r#"{"e":"AQAB","kty":"RSA","n":"0vx7"#) && input.ends_with(r#"DKgw"}"#));
        assert!(!input.contains("kid") && !input.contains("alg") && !input.contains(' '));
        let key: Jwk =
            serde_json::from_str(r#"{"y":"b","x":"a","crv":"P-256","kty":"EC","use":"sig"}"#).unwrap();
        assert_eq!(key.thumbprint_input(), r#"{"crv":"P-256","kty":"EC","x":"a","y":"b"}"#);
        let key: Jwk = serde_json::from_str(r#"{"x":"a\"","crv":"Ed25519","kty":"OKP"}"#).unwrap();
        assert_eq!(key.thumbprint_input(), r#"{"crv":"Ed25519","kty":"OKP","x":"a\""}"#);
    }

    #[test]
    fn a_key_survives_writing_and_reading() {
        let key: Jwk = serde_json::from_str(RSA).unwrap();
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<Jwk>(&text).unwrap(), key);
        assert!(!text.contains("null") && !text.contains("use"));
    }

    #[test]
    fn a_private_member_is_not_kept() {
        let key: Jwk =
            serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","x":"a","d":"secret","kid":"1"}"#).unwrap();
        assert!(!serde_json::to_string(&key).unwrap().contains("secret"));
    }

    #[test]
    fn a_set_leaves_out_keys_that_are_not_understood() {
        let set: JwkSet = serde_json::from_str(
            r#"{"keys":[{"kty":"oct","k":"AA"},{"kty":"OKP","crv":"Ed25519","x":"a","kid":"1"},{"kty":"EC","crv":"P-256"},7]}"#,
        )
        .unwrap();
        assert_eq!(set.keys.len(), 1);
        assert!(set.find("1").is_some() && set.find("2").is_none());
    }
}
