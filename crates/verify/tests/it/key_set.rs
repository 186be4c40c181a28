//! The key set: how often it is fetched, and what is done with what comes.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use doorward_verify::VerifyError::{Unavailable, UnknownKey, WrongAlgorithm};
use doorward_verify::{Code, Verifier};
use serde_json::{Value, json};

use crate::doorward::{Answer, Fake, set};
use crate::signer::Signer;
use crate::{NOW, Stopped, claims, clock, eventually, with};

const MINUTE: Duration = Duration::from_secs(60);

/// A key, a Doorward that publishes it, a verifier that has fetched it, and a token.
async fn house() -> (Signer, Arc<Fake>, Arc<Stopped>, Verifier, String) {
    let (key, clock) = (Signer::es256("one"), clock());
    let fake = Fake::start(set(&[&key])).await;
    let verifier = fake.verifier(&clock);
    verifier.prime().await.unwrap();
    let token = key.token(&lasting(&fake));
    (key, fake, clock, verifier, token)
}

/// Claims that outlive what a test waits for.
fn lasting(fake: &Fake) -> Value {
    with(claims(&fake.url), "exp", json!(NOW + 10_000_000))
}

async fn fifty(verifier: &Verifier, token: &str) -> Vec<Result<(), doorward_verify::VerifyError>> {
    let checks = (0..50).map(|_| {
        let (verifier, token) = (verifier.clone(), token.to_owned());
        tokio::spawn(async move { verifier.verify(&token).await.map(drop) })
    });
    let checks: Vec<_> = checks.collect();
    let mut found = Vec::new();
    for check in checks {
        found.push(check.await.unwrap());
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_wait_for_the_first_keys_one_fetches() {
    let (key, clock) = (Signer::es256("one"), clock());
    let fake = Fake::start(set(&[&key])).await;
    let verifier = fake.verifier(&clock);
    let found = {
        let _gate = fake.keys.gate.write().await;
        let (verifier, token) = (verifier.clone(), key.token(&claims(&fake.url)));
        let checks = tokio::spawn(async move { fifty(&verifier, &token).await });
        eventually("a fetch", async || fake.keys.hits() > 0).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        checks
    };
    assert!(found.await.unwrap().iter().all(Result::is_ok));
    assert_eq!(fake.keys.hits(), 1);
}

#[tokio::test]
async fn who_goes_away_while_waiting_takes_the_fetch_from_nobody() {
    let (key, clock) = (Signer::es256("one"), clock());
    let fake = Fake::start(set(&[&key])).await;
    let (verifier, token) = (fake.verifier(&clock), key.token(&claims(&fake.url)));
    let gate = fake.keys.gate.write().await;
    assert!(tokio::time::timeout(Duration::from_millis(50), verifier.verify(&token)).await.is_err());
    eventually("a fetch", async || fake.keys.hits() == 1).await;
    drop(gate);
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(fake.keys.hits(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_found_by_its_first_token_and_fifty_of_them_fetch_once() {
    let (one, fake, _clock, verifier, _) = house().await;
    let two = Signer::es256("two");
    fake.keys.set(Answer::Json(200, set(&[&one, &two])));
    let found = fifty(&verifier, &two.token(&claims(&fake.url))).await;
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(fake.keys.hits(), 2);
}

#[tokio::test]
async fn tokens_of_unknown_keys_fetch_no_more_often_than_the_floor_allows() {
    let (_, fake, clock, verifier, good) = house().await;
    for number in 0..200 {
        let stranger = Signer::es256(&format!("stranger{number}"));
        assert_eq!(verifier.verify(&stranger.token(&claims(&fake.url))).await, Err(UnknownKey));
    }
    assert_eq!(fake.keys.hits(), 2, "the first, and one for all of them");
    clock.advance(Duration::from_secs(9));
    let stranger = Signer::es256("later");
    let token = stranger.token(&claims(&fake.url));
    assert_eq!(verifier.verify(&token).await, Err(UnknownKey));
    assert_eq!(fake.keys.hits(), 2);
    clock.advance(Duration::from_secs(1));
    assert_eq!(verifier.verify(&token).await, Err(UnknownKey));
    assert_eq!(fake.keys.hits(), 3);
    assert!(verifier.verify(&good).await.is_ok());
    // Whoever holds a token of a key that is gone may get another one for the session.
    assert_eq!(UnknownKey.code(), Code::TokenExpired);
}

#[tokio::test]
async fn rubbish_with_an_unknown_kid_makes_no_request() {
    let (_, fake, _, verifier, _) = house().await;
    let stranger = Signer::es256("stranger");
    let good = claims(&fake.url);
    for token in [
        stranger.token(&json!({})),
        stranger.token(&with(good.clone(), "iss", json!("https://evil.test"))),
        stranger.token(&with(good.clone(), "aud", json!("other"))),
        stranger.token(&with(good.clone(), "exp", json!(NOW - 60))),
        stranger.raw(r#"{"alg":"ES256","typ":"JWT","kid":"stranger"}"#, &good.to_string()),
        stranger.raw(r#"{"alg":"none","typ":"at+jwt","kid":"stranger"}"#, &good.to_string()),
    ] {
        assert!(verifier.verify(&token).await.is_err());
    }
    assert_eq!(fake.keys.hits(), 1);
}

#[tokio::test]
async fn a_key_that_is_gone_takes_its_tokens_along_those_seen_before_included() {
    let (one, fake, clock, verifier, token) = house().await;
    assert!(verifier.verify(&token).await.is_ok());
    let two = Signer::es256("two");
    fake.keys.set(Answer::Json(200, set(&[&two])));
    clock.advance(5 * MINUTE);
    eventually("refused", async || verifier.verify(&token).await == Err(UnknownKey)).await;
    assert_eq!(verifier.verify(&one.token(&lasting(&fake))).await, Err(UnknownKey));
    assert!(verifier.verify(&two.token(&lasting(&fake))).await.is_ok());
    // And one that comes back is taken again.
    fake.keys.set(Answer::Json(200, set(&[&one, &two])));
    verifier.prime().await.unwrap();
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_that_check_while_a_key_goes_none_brings_it_back() {
    for _ in 0..10 {
        let (one, fake, _clock, verifier, token) = house().await;
        let never_seen = one.token(&with(lasting(&fake), "jti", json!("B")));
        let checks: Vec<_> = (0..50)
            .map(|number| {
                let (verifier, token) = (
                    verifier.clone(),
                    one.token(&with(lasting(&fake), "jti", json!((number % 5).to_string()))),
                );
                tokio::spawn(async move {
                    while verifier.verify(&token).await.is_ok_and(|token| token.sub == "user_1") {
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        fake.keys.set(Answer::Json(200, set(&[&Signer::es256("two")])));
        verifier.prime().await.unwrap();
        assert_eq!(verifier.verify(&token).await, Err(UnknownKey));
        assert_eq!(verifier.verify(&never_seen).await, Err(UnknownKey));
        for check in checks {
            tokio::time::timeout(Duration::from_secs(5), check).await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn another_key_under_the_same_kid_takes_the_place_of_the_first() {
    let (_, fake, _, verifier, token) = house().await;
    assert!(verifier.verify(&token).await.is_ok());
    let other = Signer::es256("one");
    fake.keys.set(Answer::Json(200, set(&[&other])));
    verifier.prime().await.unwrap();
    assert!(verifier.verify(&token).await.is_err());
    assert!(verifier.verify(&other.token(&lasting(&fake))).await.is_ok());
}

#[tokio::test]
async fn the_set_is_fetched_anew_when_it_is_due_and_checks_do_not_wait_for_it() {
    let (_, fake, clock, verifier, token) = house().await;
    clock.advance(4 * MINUTE);
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(fake.keys.hits(), 1);
    clock.advance(MINUTE);
    let gate = fake.keys.gate.write().await;
    for _ in 0..50 {
        assert!(verifier.verify(&token).await.is_ok());
    }
    eventually("a fetch", async || fake.keys.hits() == 2).await;
    drop(gate);
    eventually("a younger set", async || verifier.status().keys_age.unwrap() < MINUTE).await;
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(fake.keys.hits(), 2);
}

#[tokio::test]
async fn cache_control_says_how_long_a_set_is_good_within_bounds() {
    for (cache, good_for, due_after) in [
        ("public, max-age=120", 100, 120),
        ("max-age=1", 50, 60),
        ("max-age=99999999", 13 * 60, 15 * 60),
        ("no-store", 4 * 60, 5 * 60),
        ("max-age=x", 4 * 60, 5 * 60),
    ] {
        let (key, clock) = (Signer::es256("one"), clock());
        let fake = Fake::start(set(&[&key])).await;
        fake.keys.set(Answer::Cached(set(&[&key]), cache));
        let (verifier, token) = (fake.verifier(&clock), key.token(&lasting(&fake)));
        assert!(verifier.verify(&token).await.is_ok());
        clock.advance(Duration::from_secs(good_for));
        assert!(verifier.verify(&token).await.is_ok());
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(fake.keys.hits(), 1, "{cache}");
        clock.advance(Duration::from_secs(due_after - good_for));
        assert!(verifier.verify(&token).await.is_ok());
        eventually("a fetch", async || fake.keys.hits() == 2).await;
    }
}

#[tokio::test]
async fn a_process_that_slept_asks_before_it_goes_on() {
    let (_, fake, clock, verifier, token) = house().await;
    assert!(verifier.verify(&token).await.is_ok());
    fake.keys.set(Answer::Json(200, set(&[&Signer::es256("two")])));
    clock.advance(Duration::from_secs(3600));
    assert_eq!(verifier.verify(&token).await, Err(UnknownKey));
}

#[tokio::test]
async fn in_an_outage_the_keys_serve_on_until_they_are_stale_and_then_all_is_well_again() {
    let (one, fake, clock, verifier, token) = house().await;
    let wrong = [
        Answer::Json(500, json!({})),
        Answer::Json(404, json!({})),
        Answer::Json(200, json!({})),
        Answer::Json(200, json!([])),
        Answer::Json(200, json!({"keys": {}})),
        Answer::Text("<html>Sign in to the café's network".to_owned()),
        Answer::Text(String::new()),
        Answer::Text(format!("{}{}", set(&[&one]), " ".repeat(300 * 1024))),
    ];
    for answer in wrong {
        let hits = fake.keys.hits();
        fake.keys.set(answer);
        clock.advance(6 * MINUTE);
        assert!(verifier.verify(&token).await.is_ok());
        eventually("a fetch", async || fake.keys.hits() > hits).await;
        assert!(verifier.verify(&token).await.is_ok());
        assert!(verifier.prime().await.is_err());
        assert!(verifier.verify(&one.token(&lasting(&fake))).await.is_ok());
    }
    clock.advance(Duration::from_secs(23 * 60 * 60));
    assert!(verifier.verify(&token).await.is_ok());
    clock.advance(Duration::from_secs(60 * 60));
    assert_eq!(verifier.verify(&token).await, Err(Unavailable));
    assert_eq!(verifier.verify(&one.token(&lasting(&fake))).await, Err(Unavailable));
    fake.keys.set(Answer::Json(200, set(&[&one])));
    clock.advance(Duration::from_secs(10));
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test]
async fn an_outage_is_not_asked_about_all_the_time() {
    let (_, fake, clock, verifier, token) = house().await;
    fake.keys.set(Answer::Json(503, json!({})));
    clock.advance(5 * MINUTE);
    for _ in 0..100 {
        assert!(verifier.verify(&token).await.is_ok());
        tokio::task::yield_now().await;
    }
    eventually("a fetch", async || fake.keys.hits() == 2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..100 {
        assert!(verifier.verify(&token).await.is_ok());
    }
    assert_eq!(fake.keys.hits(), 2, "the clock stands still, and so does the pause after a failure");
}

#[tokio::test]
async fn a_doorward_that_hangs_is_waited_for_so_long_and_no_longer() {
    let (key, clock) = (Signer::es256("one"), clock());
    let fake = Fake::start(set(&[&key])).await;
    fake.keys.set(Answer::Hang);
    let verifier = fake.builder(&clock).timeout(Duration::from_millis(200)).build().unwrap();
    let began = std::time::Instant::now();
    assert_eq!(verifier.verify(&key.token(&claims(&fake.url))).await, Err(Unavailable));
    assert!(began.elapsed() < Duration::from_secs(3));
    // At once, while the pause after the failure lasts.
    let began = std::time::Instant::now();
    assert_eq!(verifier.verify(&key.token(&claims(&fake.url))).await, Err(Unavailable));
    assert!(began.elapsed() < Duration::from_millis(150));
    assert_eq!(fake.keys.hits(), 1);
}

#[tokio::test]
async fn nobody_there_is_unavailable_and_rubbish_is_still_rubbish() {
    let clock = clock();
    let verifier = Verifier::builder("http://127.0.0.1:9").audience("a").clock(clock).build().unwrap();
    let token = Signer::es256("one").token(&with(claims("http://127.0.0.1:9"), "aud", json!("a")));
    assert_eq!(verifier.verify(&token).await, Err(Unavailable));
    assert_eq!(verifier.verify("").await, Err(doorward_verify::VerifyError::Malformed));
    assert_eq!(verifier.prime().await, Err(Unavailable));
    assert_eq!(verifier.status().keys_age, None);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (key, clock) = (Signer::es256("one"), clock());
    let elsewhere = Fake::start(set(&[&key])).await;
    let fake = Fake::start(json!({})).await;
    fake.keys.set(Answer::Redirect(format!("{}/.well-known/jwks.json", elsewhere.url)));
    let token = key.token(&claims(&fake.url));
    assert_eq!(fake.verifier(&clock).verify(&token).await, Err(Unavailable));
    assert_eq!(elsewhere.keys.hits(), 0);
    // Where it is said outright, another address is taken.
    let jwks_url = format!("{}/.well-known/jwks.json", elsewhere.url);
    let verifier = fake.builder(&clock).jwks_url(jwks_url).build().unwrap();
    assert!(verifier.verify(&token).await.is_ok());
    let verifier = fake.builder(&clock).doorward_url(format!("{}/", elsewhere.url)).build().unwrap();
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_key_for_another_use_of_another_kind_or_too_weak_is_not_used() {
    let (good, clock) = (Signer::es256("good"), clock());
    let odd = Signer::es256("odd");
    let odd_with = |name: &str, value: Value| with(odd.jwk(), name, value);
    let rsa = |bytes: usize, e: &str| json!({"kty": "RSA", "n": BASE64URL.encode(vec![0xff; bytes]), "e": e, "kid": "odd", "alg": "RS256"});
    let fake = Fake::start(json!({})).await;
    let token = odd.token(&claims(&fake.url));
    for entry in [
        odd_with("use", json!("enc")),
        odd_with("alg", json!("ES384")),
        odd_with("alg", json!("HS256")),
        odd_with("alg", json!("RS256")),
        odd_with("kty", json!("OKP")),
        odd_with("kty", json!("oct")),
        odd_with("crv", json!("P-384")),
        odd_with("crv", json!("secp256k1")),
        odd_with("key_ops", json!(["sign"])),
        odd_with("key_ops", json!([])),
        odd_with("kid", json!(null)),
        odd_with("kid", json!(7)),
        odd_with("y", odd.jwk()["x"].clone()),
        odd_with("x", json!(format!("{}=", odd.jwk()["x"].as_str().unwrap()))),
        odd_with("x", json!("AA")),
        odd_with("x", json!(null)),
        json!({"kty": "oct", "k": BASE64URL.encode([7; 32]), "kid": "odd", "alg": "HS256"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "odd"}),
        json!(7),
        rsa(128, "AQAB"),
        rsa(255, "AQAB"),
        rsa(256, "AQ"),
        rsa(256, "Ag"),
        rsa(256, ""),
        rsa(0, "AQAB"),
        rsa(2000, "AQAB"),
    ] {
        fake.keys.set(Answer::Json(200, json!({"keys": [entry, good.jwk()]})));
        let all = ["ES256", "EdDSA", "RS256"].map(|name| name.parse().unwrap());
        let verifier = fake.builder(&clock).algorithms(all).build().unwrap();
        assert_eq!(verifier.verify(&token).await, Err(UnknownKey), "{entry}");
        let as_rsa = odd.raw(r#"{"alg":"RS256","typ":"at+jwt","kid":"odd"}"#, &claims(&fake.url).to_string());
        assert_eq!(verifier.verify(&as_rsa).await, Err(UnknownKey), "{entry}");
        assert!(verifier.verify(&good.token(&claims(&fake.url))).await.is_ok());
    }
    let plain = json!({"kty": "EC", "crv": "P-256", "x": odd.jwk()["x"], "y": odd.jwk()["y"], "kid": "odd",
        "key_ops": ["verify"], "x5c": ["AAAA"], "d": "a private part is not read"});
    fake.keys.set(Answer::Json(200, json!({"keys": [plain]})));
    assert!(fake.verifier(&clock).verify(&token).await.is_ok());
}

#[tokio::test]
async fn of_two_keys_with_one_kid_the_first_counts_and_a_set_without_a_usable_key_is_nobodys_fault() {
    let (first, second, clock) = (Signer::es256("one"), Signer::es256("one"), clock());
    let fake = Fake::start(set(&[&first, &second])).await;
    let verifier = fake.verifier(&clock);
    assert!(verifier.verify(&first.token(&claims(&fake.url))).await.is_ok());
    assert!(verifier.verify(&second.token(&claims(&fake.url))).await.is_err());
    fake.keys.set(Answer::Json(200, set(&[&Signer::ed_dsa("ed")])));
    verifier.prime().await.unwrap();
    assert_eq!(verifier.verify(&first.token(&claims(&fake.url))).await, Err(Unavailable));
    let ed = Signer::ed_dsa("ed").token(&claims(&fake.url));
    assert_eq!(verifier.verify(&ed).await, Err(WrongAlgorithm));
}

#[tokio::test]
async fn settings_that_can_not_be_used_are_named() {
    let build = |issuer: &str| Verifier::builder(issuer).audience("a");
    for issuer in
        ["", "id.example.com", "ftp://x.test", "https://", "https://x.test?y", "https://u@x.test", "/path"]
    {
        assert!(build(issuer).build().is_err(), "{issuer}");
    }
    assert!(Verifier::builder("https://x.test").build().unwrap_err().to_string().contains("token.audience"));
    let good = || build("https://x.test/path/");
    assert_eq!(good().build().unwrap().issuer(), "https://x.test/path");
    assert!(good().audience("").build().is_err());
    assert!(good().algorithms([]).build().is_err());
    assert!(good().jwks_url("x").build().is_err());
    assert!(good().revocation_feed("").build().is_err());
    assert!(good().revocation_feed("a\nb").build().is_err());
    assert!(good().token_lifetime(Duration::from_secs(59)).build().is_err());
    assert!(good().timeout(Duration::ZERO).build().is_err());
    let shown = format!(
        "{:?} {:?}",
        good().revocation_feed("dw_key_secret"),
        good().revocation_feed("dw_key_secret").build()
    );
    assert!(!shown.contains("secret"), "{shown}");
}
