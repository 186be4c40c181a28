use std::sync::LazyLock;

use aws_lc_rs::hmac;
use doorward_protocol::jwk::{Jwk, KeyMaterial};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::signing::Algorithm;

const NOW: i64 = 1_800_000_000;
const EXPECTED: Expected<'_> =
    Expected { typ: "at+jwt", issuer: "https://a.test", audience: "api", now: NOW, leeway: 5 };

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());

fn claims() -> Value {
    json!({"iss": "https://a.test", "aud": "api", "sub": "7", "iat": NOW, "exp": NOW + 600})
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn check(token: &str) -> Result<Value, JwsError> {
    verify(token, &EXPECTED, &[KEY.verifying_key()])
}

fn check_signed(claims: &Value) -> Result<Value, JwsError> {
    check(&sign(&KEY, "at+jwt", claims).unwrap())
}

/// A token with any header and payload, truly signed.
fn signed_raw(header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
    let signature = BASE64URL.encode(KEY.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn header_with(member: &str) -> String {
    format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{}"{member}}}"#, KEY.kid())
}

#[test]
fn a_token_of_every_algorithm_is_read_back() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = sign(&key, "at+jwt", &claims()).unwrap();
        let keys = [KEY.verifying_key(), key.verifying_key()];
        assert_eq!(verify::<Value>(&token, &EXPECTED, &keys), Ok(claims()));
    }
}

#[test]
fn the_ecdsa_example_of_rfc_7515_verifies() {
    // Appendix A.3.
    let key = KeyMaterial::Ec {
        crv: "P-256".to_owned(),
        x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU".to_owned(),
        y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0".to_owned(),
    };
    let key = VerifyingKey::from_jwk(&Jwk { key, kid: None, usage: None, alg: None }).unwrap();
    let signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let signature = BASE64URL.decode(signature).unwrap();
    assert!(key.verifies(signed.as_bytes(), &signature));
    assert!(!key.verifies(&signed.as_bytes()[1..], &signature));
}

#[test]
fn the_ed25519_example_of_rfc_8037_is_signed_and_verified() {
    // Appendices A.1, A.4 and A.5; the private key in PKCS #8 (RFC 8410, section 7).
    let d = BASE64URL.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let pkcs8 =
        [&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20], d.as_slice()].concat();
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, &pkcs8).unwrap();
    let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(BASE64URL.encode(key.sign(signed.as_bytes()).unwrap()), signature);
    assert!(key.verifying_key().verifies(signed.as_bytes(), &BASE64URL.decode(signature).unwrap()));
}

#[test]
fn alg_none_is_refused() {
    for alg in ["none", "None", "NONE", ""] {
        let header = BASE64URL.encode(format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{}"}}"#, KEY.kid()));
        let payload = BASE64URL.encode(claims().to_string());
        assert_eq!(check(&format!("{header}.{payload}.")), Err(JwsError::BadSignature));
        let header = BASE64URL.encode(format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#));
        assert_eq!(check(&format!("{header}.{payload}.")), Err(JwsError::UnknownKey));
    }
}

#[test]
fn hs256_with_the_public_key_as_the_secret_is_refused() {
    let jwk = KEY.public_jwk();
    let jwk_text = serde_json::to_string(&jwk).unwrap();
    let KeyMaterial::Ec { x, y, .. } = jwk.key else { panic!("an EC key") };
    let point = [vec![4], BASE64URL.decode(x).unwrap(), BASE64URL.decode(y).unwrap()].concat();
    for secret in [point.as_slice(), jwk_text.as_bytes(), b""] {
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{}"}}"#, KEY.kid());
        let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims().to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let token = format!("{signed}.{}", BASE64URL.encode(tag));
        assert_eq!(check(&token), Err(JwsError::BadSignature));
    }
}

#[test]
fn a_key_is_never_taken_from_the_token() {
    let own = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk = serde_json::to_string(&own.public_jwk()).unwrap();
    for member in [
        format!(r#","jwk":{jwk}"#),
        r#","jku":"https://evil.test/jwks""#.to_owned(),
        r#","x5u":"https://evil.test/cert""#.to_owned(),
        r#","x5c":["AAAA"]"#.to_owned(),
        r#","crit":["exp"]"#.to_owned(),
        r#","crit":null"#.to_owned(),
        r#","b64":false"#.to_owned(),
    ] {
        let token = signed_raw(&header_with(&member), &claims().to_string());
        assert_eq!(check(&token), Err(JwsError::Malformed), "{member}");
    }
    assert!(check(&signed_raw(&header_with(r#","cty":"JWT","x5t":"AA""#), &claims().to_string())).is_ok());
}

#[test]
fn a_kid_that_is_unknown_strange_or_of_a_retired_key_is_refused() {
    for kid in [r#""""#, r#""../../dev/null""#, r#""' OR 1=1 --""#, r#""https://evil.test""#] {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":{kid}}}"#);
        assert_eq!(check(&signed_raw(&header, &claims().to_string())), Err(JwsError::UnknownKey), "{kid}");
    }
    for kid in ["7", "[]", "{}", "true"] {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":{kid}}}"#);
        assert_eq!(check(&signed_raw(&header, &claims().to_string())), Err(JwsError::Malformed), "{kid}");
    }
    let retired = SigningKey::generate(Algorithm::Es256).unwrap();
    let token = sign(&retired, "at+jwt", &claims()).unwrap();
    assert_eq!(check(&token), Err(JwsError::UnknownKey));
    assert_eq!(verify::<Value>(&token, &EXPECTED, &[]), Err(JwsError::UnknownKey));
}

#[test]
fn another_key_under_our_kid_is_refused() {
    let own = SigningKey::generate(Algorithm::Es256).unwrap();
    let signed = format!("{}.{}", BASE64URL.encode(header_with("")), BASE64URL.encode(claims().to_string()));
    let token = format!("{signed}.{}", BASE64URL.encode(own.sign(signed.as_bytes()).unwrap()));
    assert_eq!(check(&token), Err(JwsError::BadSignature));
    // CVE-2022-21449: a signature of zeros.
    assert_eq!(check(&format!("{signed}.{}", BASE64URL.encode([0; 64]))), Err(JwsError::BadSignature));
    assert_eq!(check(&format!("{signed}.")), Err(JwsError::BadSignature));
}

#[test]
fn a_truncated_empty_or_overlong_token_is_refused() {
    let token = sign(&KEY, "at+jwt", &claims()).unwrap();
    for length in 0..token.len() {
        assert!(check(&token[..length]).is_err(), "cut to {length}");
    }
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d.e"] {
        assert_eq!(check(text), Err(JwsError::Malformed), "{text}");
    }
    for text in [
        format!("{token}."),
        format!(".{token}"),
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
    ] {
        assert_eq!(check(&text), Err(JwsError::Malformed), "{text}");
    }
    let long = "x".repeat(MAX_LENGTH);
    assert_eq!(check_signed(&claims_with("pad", json!(long))), Err(JwsError::Malformed));
    assert!(check_signed(&claims_with("pad", json!(&long[..4000]))).is_ok());
}

#[test]
fn a_second_spelling_of_a_token_is_refused() {
    let token = sign(&KEY, "at+jwt", &claims()).unwrap();
    let stem = &token[..token.len() - 1];
    // The last of 86 characters carries two bits: four letters of 64 are canonical, and one of them is right.
    let letters = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_', '+', '/', '=']);
    let accepted = letters.filter(|last| check(&format!("{stem}{last}")).is_ok()).count();
    assert_eq!(accepted, 1);
}

#[test]
fn a_token_of_another_type_issuer_or_audience_is_refused() {
    for typ in ["JWT", "logout+jwt", "", "at+jwt;x", "application/at+jwtx", "application/application/at+jwt"]
    {
        assert_eq!(check(&sign(&KEY, typ, &claims()).unwrap()), Err(JwsError::WrongType), "{typ}");
    }
    let untyped = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, KEY.kid());
    assert_eq!(check(&signed_raw(&untyped, &claims().to_string())), Err(JwsError::WrongType));
    for typ in ["AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert!(check(&sign(&KEY, typ, &claims()).unwrap()).is_ok(), "{typ}");
    }
    for issuer in ["https://a.test/", "https://A.test", "https://b.test", ""] {
        assert_eq!(check_signed(&claims_with("iss", json!(issuer))), Err(JwsError::WrongIssuer));
    }
    for audience in [json!("other"), json!(""), json!([]), json!(["other", "API"])] {
        assert_eq!(check_signed(&claims_with("aud", audience)), Err(JwsError::WrongAudience));
    }
    assert!(check_signed(&claims_with("aud", json!(["other", "api"]))).is_ok());
    for (name, value) in [
        ("aud", json!(null)),
        ("aud", json!({"api": 1})),
        ("aud", json!(["api", 1])),
        ("iss", json!(["https://a.test"])),
    ] {
        assert_eq!(check_signed(&claims_with(name, value)), Err(JwsError::Malformed));
    }
}

#[test]
fn times_are_whole_numbers_of_a_sane_size() {
    let strange = [
        json!("1900000000"),
        json!(1.9e9),
        json!(f64::MAX),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(MAX_TIME + 1),
        json!(-1),
        json!(null),
        json!(true),
        json!([NOW]),
    ];
    for value in strange {
        for name in ["exp", "nbf", "iat"] {
            assert_eq!(
                check_signed(&claims_with(name, value.clone())),
                Err(JwsError::Malformed),
                "{name} {value}"
            );
        }
    }
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    assert_eq!(check_signed(&endless), Err(JwsError::Malformed));
    for exp in ["1e10", "1900000000.0", "01900000000", "99999999999999999999"] {
        let payload = format!(r#"{{"iss":"https://a.test","aud":"api","exp":{exp}}}"#);
        assert_eq!(check(&signed_raw(&header_with(""), &payload)), Err(JwsError::Malformed), "{exp}");
    }
}

#[test]
fn a_token_is_taken_from_its_start_until_before_its_end_give_or_take_the_leeway() {
    assert!(check_signed(&claims_with("exp", json!(NOW - 4))).is_ok());
    assert_eq!(check_signed(&claims_with("exp", json!(NOW - 5))), Err(JwsError::Expired));
    for name in ["nbf", "iat"] {
        assert!(check_signed(&claims_with(name, json!(NOW + 5))).is_ok());
        assert_eq!(check_signed(&claims_with(name, json!(NOW + 6))), Err(JwsError::NotYetValid));
    }
    for now in [i64::MIN, i64::MAX] {
        let token = sign(&KEY, "at+jwt", &claims()).unwrap();
        assert!(verify::<Value>(&token, &Expected { now, ..EXPECTED }, &[KEY.verifying_key()]).is_err());
    }
}

#[test]
fn expired_is_said_only_of_tokens_that_are_right_in_all_else() {
    let expired = claims_with("exp", json!(NOW - 100));
    let token = sign(&KEY, "at+jwt", &expired).unwrap();
    assert_eq!(check(&token), Err(JwsError::Expired));
    let other = Expected { audience: "other", ..EXPECTED };
    assert_eq!(verify::<Value>(&token, &other, &[KEY.verifying_key()]), Err(JwsError::WrongAudience));
    let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, BASE64URL.encode([1; 64]));
    assert_eq!(check(&forged), Err(JwsError::BadSignature));
}

#[test]
fn a_member_given_twice_is_refused() {
    let twice = |name: &str, value: &str| {
        let claims = claims().to_string();
        format!(r#"{},"{name}":{value}}}"#, &claims[..claims.len() - 1])
    };
    for (name, value) in [("iss", r#""https://a.test""#), ("aud", r#""api""#), ("exp", "1900000000")] {
        assert_eq!(check(&signed_raw(&header_with(""), &twice(name, value))), Err(JwsError::Malformed));
    }
    for member in [r#","alg":"ES256""#, r#","typ":"at+jwt""#, r#","kid":"x""#] {
        assert_eq!(check(&signed_raw(&header_with(member), &claims().to_string())), Err(JwsError::Malformed));
    }
}

#[test]
fn a_payload_that_is_no_object_or_not_what_the_caller_reads_is_refused() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Claims {
        jti: String,
    }
    let in_order = r#"["https://a.test","api",1900000000,1,1]"#;
    for payload in [in_order, "", "null", "[]", "\"x\"", "{}", "{\"iss\":"] {
        assert_eq!(check(&signed_raw(&header_with(""), payload)), Err(JwsError::Malformed), "{payload}");
    }
    let token = sign(&KEY, "at+jwt", &claims()).unwrap();
    assert_eq!(verify::<Claims>(&token, &EXPECTED, &[KEY.verifying_key()]), Err(JwsError::Malformed));
}

proptest! {
    #[test]
    fn verifying_anything_never_panics(text in ".{0,200}", parts in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}") {
        prop_assert!(check(&text).is_err());
        prop_assert!(check(&parts).is_err());
    }

    #[test]
    fn a_changed_token_is_never_accepted(at in any::<prop::sample::Index>(), byte in 0_u8..128) {
        let mut changed = sign(&KEY, "at+jwt", &claims()).unwrap().into_bytes();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        prop_assert!(check(std::str::from_utf8(&changed).unwrap()).is_err());
    }
}
