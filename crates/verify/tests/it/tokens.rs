//! Every trick with a token that has worked somewhere.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD as BASE64URL};
use doorward_verify::VerifyError::{
    BadSignature, Expired, Malformed, NotYetValid, UnknownKey, WrongAlgorithm, WrongAudience, WrongIssuer,
    WrongType,
};
use doorward_verify::{AccessToken, Algorithm, Verifier, VerifyError};
use serde_json::{Value, json};

use crate::doorward::{Fake, set};
use crate::signer::Signer;
use crate::{AUDIENCE, NOW, Stopped, claims, clock, with};

struct House {
    fake: Arc<Fake>,
    clock: Arc<Stopped>,
    key: Signer,
    verifier: Verifier,
}

impl House {
    async fn new() -> Self {
        let (key, clock) = (Signer::es256("one"), clock());
        let fake = Fake::start(set(&[&key])).await;
        let verifier = fake.verifier(&clock);
        verifier.prime().await.unwrap();
        Self { fake, clock, key, verifier }
    }

    fn claims(&self) -> Value {
        claims(&self.fake.url)
    }

    fn with(&self, name: &str, value: Value) -> Value {
        with(self.claims(), name, value)
    }

    async fn check(&self, token: &str) -> Result<AccessToken, VerifyError> {
        let first = self.verifier.verify(token).await;
        assert_eq!(self.verifier.verify(token).await, first, "the second time is as the first");
        first
    }

    async fn check_claims(&self, claims: &Value) -> Result<AccessToken, VerifyError> {
        self.check(&self.key.token(claims)).await
    }

    async fn refuses(&self, token: &str, error: VerifyError) {
        assert_eq!(self.check(token).await, Err(error), "{token}");
    }
}

fn header_with(member: &str) -> String {
    format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"one"{member}}}"#)
}

#[tokio::test]
async fn a_good_token_says_what_it_says() {
    let house = House::new().await;
    let token = house.check_claims(&house.claims()).await.unwrap();
    assert_eq!((token.sub.as_str(), token.sid.as_str()), ("user_1", "session_1"));
    assert_eq!(
        (token.iss.as_str(), token.aud.as_slice()),
        (house.fake.url.as_str(), [AUDIENCE.to_owned()].as_slice())
    );
    assert_eq!((token.iat, token.exp, token.auth_time), (NOW, NOW + 600, NOW - 60));
    assert_eq!(
        (token.acr.as_str(), token.client_id.as_str(), token.jti.as_str()),
        ("aal1", "doorward", "AAAA")
    );
    assert!(
        token.email_verified && token.has_amr("pwd") && token.has_scope("email") && !token.has_scope("mail")
    );
}

#[tokio::test]
async fn every_algorithm_is_taken_where_it_is_configured_and_nowhere_else() {
    let clock = clock();
    let signers = [Signer::es256("e"), Signer::ed_dsa("d"), Signer::rs256("r")];
    let fake = Fake::start(set(&signers.each_ref())).await;
    let all = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
    let every = fake.builder(&clock).algorithms(all).build().unwrap();
    for (signer, own) in signers.iter().zip(all) {
        let token = signer.token(&claims(&fake.url));
        assert!(every.verify(&token).await.is_ok(), "{own}");
        for only in all {
            let verifier = fake.builder(&clock).algorithms([only]).build().unwrap();
            let expected = if only == own { Ok(()) } else { Err(WrongAlgorithm) };
            assert_eq!(verifier.verify(&token).await.map(drop), expected, "{own} at {only}");
        }
        assert_eq!(own.as_str().parse(), Ok(own));
    }
    assert!("HS256".parse::<Algorithm>().is_err() && "none".parse::<Algorithm>().is_err());
}

#[tokio::test]
async fn alg_none_is_refused() {
    let house = House::new().await;
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        for kid in [r#","kid":"one""#, r#","kid":"""#] {
            let header = BASE64URL.encode(format!(r#"{{"alg":"{alg}","typ":"at+jwt"{kid}}}"#));
            let payload = BASE64URL.encode(house.claims().to_string());
            house.refuses(&format!("{header}.{payload}."), WrongAlgorithm).await;
            let signature = BASE64URL.encode([0; 64]);
            house.refuses(&format!("{header}.{payload}.{signature}"), WrongAlgorithm).await;
        }
    }
}

#[tokio::test]
async fn hs256_with_the_public_key_as_the_secret_is_refused() {
    let house = House::new().await;
    let jwk = house.key.jwk().to_string();
    for secret in [house.key.public().as_slice(), jwk.as_bytes(), b""] {
        for alg in ["HS256", "ES256"] {
            let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"one"}}"#);
            let signed =
                format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(house.claims().to_string()));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
            let token = format!("{signed}.{}", BASE64URL.encode(tag));
            house.refuses(&token, if alg == "HS256" { WrongAlgorithm } else { BadSignature }).await;
        }
    }
}

#[tokio::test]
async fn an_algorithm_of_another_key_is_refused_where_both_are_configured() {
    let (ec, ed, clock) = (Signer::es256("ec"), Signer::ed_dsa("ed"), clock());
    let fake = Fake::start(set(&[&ec, &ed])).await;
    let both = [Algorithm::Es256, Algorithm::EdDsa];
    let verifier = fake.builder(&clock).algorithms(both).build().unwrap();
    let payload = claims(&fake.url).to_string();
    for (signer, kid, alg) in
        [(&ec, "ed", "ES256"), (&ec, "ec", "EdDSA"), (&ed, "ec", "EdDSA"), (&ed, "ed", "ES256")]
    {
        let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{kid}"}}"#);
        assert_eq!(verifier.verify(&signer.raw(&header, &payload)).await, Err(WrongAlgorithm));
    }
}

#[tokio::test]
async fn a_key_is_never_taken_from_the_token() {
    let house = House::new().await;
    let own = Signer::es256("one");
    let jwk = own.jwk().to_string();
    for member in [
        format!(r#","jwk":{jwk}"#),
        format!(r#","jku":"{}/.well-known/jwks.json""#, house.fake.url),
        r#","jku":"https://evil.test/jwks""#.to_owned(),
        r#","x5u":"https://evil.test/cert""#.to_owned(),
        r#","x5c":["AAAA"]"#.to_owned(),
        r#","crit":["exp"]"#.to_owned(),
        r#","crit":[]"#.to_owned(),
        r#","crit":null"#.to_owned(),
        r#","b64":false"#.to_owned(),
    ] {
        for signer in [&own, &house.key] {
            house.refuses(&signer.raw(&header_with(&member), &house.claims().to_string()), Malformed).await;
        }
    }
    let harmless = header_with(r#","cty":"JWT","x5t":"AA","more":{"a":[1,2.5,null,true]}"#);
    assert!(house.check(&house.key.raw(&harmless, &house.claims().to_string())).await.is_ok());
}

#[tokio::test]
async fn a_kid_that_is_unknown_strange_or_missing_is_refused() {
    let house = House::new().await;
    for kid in
        [r#""""#, r#""two""#, r#""ONE""#, r#""../../dev/null""#, r#""' OR 1=1 --""#, r#""https://evil.test""#]
    {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":{kid}}}"#);
        house.refuses(&house.key.raw(&header, &house.claims().to_string()), UnknownKey).await;
    }
    for kid in ["7", "[]", "{}", "true", "null", r#"["one"]"#] {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":{kid}}}"#);
        house.refuses(&house.key.raw(&header, &house.claims().to_string()), Malformed).await;
    }
    house
        .refuses(&house.key.raw(r#"{"alg":"ES256","typ":"at+jwt"}"#, &house.claims().to_string()), Malformed)
        .await;
    assert!(house.fake.keys.hits() <= 2, "and of all these one has asked for more keys");
}

#[tokio::test]
async fn another_key_under_our_kid_is_refused() {
    let house = House::new().await;
    let token = Signer::es256("one").token(&house.claims());
    house.refuses(&token, BadSignature).await;
    let signed = token.rsplit_once('.').unwrap().0;
    // CVE-2022-21449: a signature of zeros.
    house.refuses(&format!("{signed}.{}", BASE64URL.encode([0; 64])), BadSignature).await;
    house.refuses(&format!("{signed}."), BadSignature).await;
    house.refuses(&format!("{signed}.{}", BASE64URL.encode([1; 2000])), Malformed).await;
}

#[tokio::test]
async fn a_signature_of_another_form_is_refused() {
    // ES256 signs as two numbers side by side (RFC 7518, section 3.4), not as DER.
    let house = House::new().await;
    let token = house.key.token(&house.claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let raw = BASE64URL.decode(signature).unwrap();
    let number = |bytes: &[u8]| [&[2, 33, 0], bytes].concat();
    let der = [&[0x30, 70], number(&raw[..32]).as_slice(), number(&raw[32..]).as_slice()].concat();
    house.refuses(&format!("{signed}.{}", BASE64URL.encode(der)), BadSignature).await;
    house.refuses(&format!("{signed}.{}", BASE64URL.encode(&raw[..63])), BadSignature).await;
}

#[tokio::test]
async fn a_truncated_empty_or_overlong_token_is_refused() {
    let house = House::new().await;
    let token = house.key.token(&house.claims());
    assert!(house.check(&token).await.is_ok(), "and is remembered");
    for length in 0..token.len() {
        assert!(house.verifier.verify(&token[..length]).await.is_err(), "cut to {length}");
        assert!(length == 0 || house.verifier.verify(&token[length..]).await.is_err(), "cut from {length}");
    }
    for text in ["", ".", "..", "...", "....", "a", "a.b", "a.b.c", "a.b.c.d.e", "é", "\0"] {
        house.refuses(text, Malformed).await;
    }
    let (header, rest) = token.split_once('.').unwrap();
    for text in [
        format!("{token}."),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{header}..{rest}"),
        format!("{token}.AAAA.AAAA"),
        format!("{header}.{token}"),
    ] {
        house.refuses(&text, Malformed).await;
    }
    let long = "x".repeat(8 * 1024);
    assert_eq!(house.check_claims(&house.with("pad", json!(long))).await, Err(Malformed));
    assert!(house.check_claims(&house.with("pad", json!(&long[..4000]))).await.is_ok());
}

#[tokio::test]
async fn padded_and_second_spellings_of_base64_are_refused() {
    let house = House::new().await;
    let token = house.key.token(&house.claims());
    let parts: Vec<&str> = token.split('.').collect();
    for part in 0..3 {
        for pad in ["=", "==", "===", "\n", " ", "%3D"] {
            let mut padded: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
            padded[part].push_str(pad);
            house.refuses(&padded.join("."), Malformed).await;
        }
        let mut standard: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
        standard[part] = BASE64_URL_SAFE.encode(BASE64URL.decode(parts[part]).unwrap());
        assert_eq!(house.verifier.verify(&standard.join(".")).await.is_ok(), standard[part] == parts[part]);
    }
    let stem = &token[..token.len() - 1];
    // The last of 86 characters carries two bits: four letters of 64 are canonical, and one of them is right.
    let letters = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_', '+', '/', '=']);
    let mut accepted = 0;
    for last in letters {
        accepted += usize::from(house.verifier.verify(&format!("{stem}{last}")).await.is_ok());
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn a_token_of_another_type_issuer_or_audience_is_refused() {
    let house = House::new().await;
    let typed = |typ: &str| {
        let header = format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"one"}}"#);
        house.key.raw(&header, &house.claims().to_string())
    };
    for typ in [
        "JWT",
        "logout+jwt",
        "id_token",
        "",
        "at+jwt;x",
        "at jwt",
        "application/at+jwtx",
        "application/application/at+jwt",
    ] {
        house.refuses(&typed(typ), WrongType).await;
    }
    let untyped = r#"{"alg":"ES256","kid":"one"}"#;
    house.refuses(&house.key.raw(untyped, &house.claims().to_string()), WrongType).await;
    for typ in ["AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert!(house.check(&typed(typ)).await.is_ok(), "{typ}");
    }
    // A good header that was seen does not lend its type to another.
    house.refuses(&typed("JWT"), WrongType).await;
    for issuer in [
        format!("{}/", house.fake.url),
        house.fake.url.to_uppercase(),
        "https://b.test".to_owned(),
        String::new(),
    ] {
        assert_eq!(house.check_claims(&house.with("iss", json!(issuer))).await, Err(WrongIssuer));
    }
    for audience in
        [json!("other"), json!(""), json!([]), json!(["other", "API"]), json!(format!("{AUDIENCE}/"))]
    {
        assert_eq!(house.check_claims(&house.with("aud", audience)).await, Err(WrongAudience));
    }
    assert!(house.check_claims(&house.with("aud", json!(["other", AUDIENCE]))).await.is_ok());
    for (name, value) in [
        ("aud", json!(null)),
        ("aud", json!({AUDIENCE: 1})),
        ("aud", json!([AUDIENCE, 1])),
        ("iss", json!([house.fake.url])),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sid", json!("")),
        ("sid", json!(null)),
        ("email_verified", json!("true")),
        ("email_verified", json!(null)),
        ("amr", json!("pwd")),
        ("client_id", json!(null)),
    ] {
        assert_eq!(house.check_claims(&house.with(name, value)).await, Err(Malformed), "{name}");
    }
}

#[tokio::test]
async fn what_an_access_token_must_say_must_be_there_and_what_it_may_leave_out_counts_as_the_least() {
    let house = House::new().await;
    let without = |name: &str| {
        let mut claims = house.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    for name in ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "client_id"] {
        assert_eq!(house.check_claims(&without(name)).await, Err(Malformed), "{name}");
    }
    assert!(!house.check_claims(&without("email_verified")).await.unwrap().email_verified);
    assert_eq!(house.check_claims(&without("auth_time")).await.unwrap().auth_time, 0);
    assert!(house.check_claims(&without("amr")).await.unwrap().amr.is_empty());
    assert_eq!(house.check_claims(&without("acr")).await.unwrap().acr, "");
    assert!(!house.check_claims(&without("scope")).await.unwrap().has_scope("openid"));
}

#[tokio::test]
async fn times_are_whole_numbers_of_a_sane_size() {
    let house = House::new().await;
    let strange = [
        json!("1900000000"),
        json!(1.9e9),
        json!(f64::MAX),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(253_402_300_800_i64),
        json!(-1),
        json!(null),
        json!(true),
        json!([NOW]),
    ];
    for value in strange {
        for name in ["exp", "nbf", "iat", "auth_time"] {
            let found = house.check_claims(&house.with(name, value.clone())).await;
            assert_eq!(found, Err(Malformed), "{name} {value}");
        }
    }
    for exp in
        ["1e10", "1900000000.0", "01900000000", "99999999999999999999", "+1900000000", "0x7fffffff", "NaN"]
    {
        let payload =
            house.claims().to_string().replace(&format!("\"exp\":{}", NOW + 600), &format!("\"exp\":{exp}"));
        assert!(payload.contains(exp));
        house.refuses(&house.key.raw(&header_with(""), &payload), Malformed).await;
    }
}

#[tokio::test]
async fn a_token_is_taken_from_its_start_until_before_its_end_give_or_take_the_leeway() {
    let house = House::new().await;
    assert!(house.check_claims(&house.with("exp", json!(NOW - 4))).await.is_ok());
    assert_eq!(house.check_claims(&house.with("exp", json!(NOW - 5))).await, Err(Expired));
    for name in ["nbf", "iat"] {
        assert!(house.check_claims(&house.with(name, json!(NOW + 5))).await.is_ok());
        assert_eq!(house.check_claims(&house.with(name, json!(NOW + 6))).await, Err(NotYetValid));
    }
    let generous = house.fake.builder(&house.clock).leeway(Duration::from_secs(60)).build().unwrap();
    let late = house.key.token(&house.with("exp", json!(NOW - 59)));
    assert!(generous.verify(&late).await.is_ok());
    assert!(house.fake.builder(&house.clock).leeway(Duration::from_secs(61)).build().is_err());
}

#[tokio::test]
async fn a_token_that_was_seen_before_still_runs_out() {
    let house = House::new().await;
    let token = house.key.token(&house.claims());
    assert!(house.check(&token).await.is_ok());
    house.clock.advance(Duration::from_secs(604));
    assert!(house.check(&token).await.is_ok());
    house.clock.advance(Duration::from_secs(1));
    house.refuses(&token, Expired).await;
}

#[tokio::test]
async fn expired_is_said_only_of_tokens_that_are_right_in_all_else() {
    let house = House::new().await;
    let expired = house.with("exp", json!(NOW - 100));
    let token = house.key.token(&expired);
    house.refuses(&token, Expired).await;
    assert_eq!(house.check_claims(&with(expired, "aud", json!("other"))).await, Err(WrongAudience));
    let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, BASE64URL.encode([1; 64]));
    house.refuses(&forged, BadSignature).await;
}

#[tokio::test]
async fn a_member_given_twice_is_refused() {
    let house = House::new().await;
    let twice = |member: &str| {
        let claims = house.claims().to_string();
        format!("{},{member}}}", &claims[..claims.len() - 1])
    };
    for member in [
        format!(r#""iss":"{}""#, house.fake.url),
        format!(r#""aud":"{AUDIENCE}""#),
        r#""exp":1900000000"#.to_owned(),
        r#""email_verified":true"#.to_owned(),
        r#""su\u0062":"user_2""#.to_owned(),
        r#""x":1,"x":1"#.to_owned(),
        r#""x":{"y":[{"z":1,"z":2}]}"#.to_owned(),
    ] {
        house.refuses(&house.key.raw(&header_with(""), &twice(&member)), Malformed).await;
    }
    for member in [
        r#","alg":"ES256""#,
        r#","typ":"at+jwt""#,
        r#","kid":"x""#,
        r#","x":1,"x":2"#,
        r#","x":{"y":1,"y":1}"#,
    ] {
        house.refuses(&house.key.raw(&header_with(member), &house.claims().to_string()), Malformed).await;
    }
}

#[tokio::test]
async fn what_is_no_object_is_refused() {
    let house = House::new().await;
    let good = house.claims().to_string();
    for payload in [
        "[]",
        "",
        "null",
        "\"x\"",
        "{}",
        "{\"iss\":",
        &format!("{good}{good}"),
        &format!("{good}x"),
        &format!("[{good}]"),
    ] {
        house.refuses(&house.key.raw(&header_with(""), payload), Malformed).await;
    }
    for header in ["[]", "", "null", r#"["ES256","at+jwt","one"]"#, "{}", &format!("{}x", header_with(""))] {
        house.refuses(&house.key.raw(header, &good), Malformed).await;
    }
    let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    let deep = format!(r#"{},"x":{deep}}}"#, &good[..good.len() - 1]);
    house.refuses(&house.key.raw(&header_with(""), &deep), Malformed).await;
    let mut many = house.claims();
    for number in 0..200 {
        many[number.to_string()] = json!(1);
    }
    assert_eq!(house.check_claims(&many).await, Err(Malformed));
}

#[tokio::test]
async fn the_claims_of_one_token_under_the_signature_of_another_are_refused() {
    let house = House::new().await;
    let (one, two) = (house.key.token(&house.claims()), house.key.token(&house.with("sub", json!("user_2"))));
    assert!(house.check(&one).await.is_ok() && house.check(&two).await.is_ok());
    let swapped = format!("{}.{}", two.rsplit_once('.').unwrap().0, one.rsplit_once('.').unwrap().1);
    house.refuses(&swapped, BadSignature).await;
}

#[tokio::test]
async fn anything_is_refused_and_nothing_panics() {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::{Config, TestRunner};
    let house = House::new().await;
    let good = house.key.token(&house.claims());
    assert!(house.check(&good).await.is_ok());
    let texts = (
        ".{0,200}",
        "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}",
        any::<prop::sample::Index>(),
        0_u8..128,
    );
    let mut runner = TestRunner::new(Config::with_cases(512));
    let tree = || texts.new_tree(&mut runner).unwrap().current();
    for (text, parts, at, byte) in std::iter::repeat_with(tree).take(512) {
        assert!(house.verifier.verify(&text).await.is_err());
        assert!(house.verifier.verify(&parts).await.is_err());
        let mut changed = good.clone().into_bytes();
        let at = at.index(changed.len());
        if changed[at] != byte {
            changed[at] = byte;
            assert!(house.verifier.verify(std::str::from_utf8(&changed).unwrap()).await.is_err());
        }
    }
}
