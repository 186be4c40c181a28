//! Whatever a passkey signs with: each algorithm that is offered, from the first day to the last, and signatures that don't hold.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_test_support::{Browser, How, KeyKind, Reply, SoftPasskey, TestApp};
use serde_json::{Value, json};

use super::passkey_sign_in::{confirm, sign_in};
use super::passkeys::{add_with, start};

/// What a new passkey may sign with, as browsers are told.
async fn offered(browser: &Browser) -> Vec<KeyKind> {
    let (_, options) = start(browser).await;
    let offered = options["pubKeyCredParams"].as_array().unwrap();
    offered.iter().map(|one| KeyKind::of_number(one["alg"].as_i64().unwrap())).collect()
}

fn with(app: &TestApp, key: KeyKind) -> How {
    How { key, ..How::on(&app.url) }
}

async fn begin(browser: &Browser) -> Value {
    browser.post_empty("/v1/sign-in/passkey/start").await.expect_status(200).value()
}

async fn finish(browser: &Browser, started: &Value, credential: &Value) -> Reply {
    let body = json!({"passkey_token": started["passkey_token"], "credential": credential});
    browser.post("/v1/sign-in/passkey/finish", &body).await
}

fn signature(credential: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(credential["response"]["signature"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_passkey_of_each_key_that_is_offered_signs_in_confirms_and_is_a_second_factor() {
    let mut app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let kinds = offered(&ada).await;
    assert_eq!(kinds, [KeyKind::Es256, KeyKind::Rs256]);
    for kind in kinds {
        let (browser, email) = app.member("ada").await;
        let mut passkey = add_with(&browser, &with(&app, kind)).await;
        browser.patch("/v1/me/factors", &json!({"passkey_second_factor": true})).await.expect_status(200);
        // As the database keeps it.
        app.restart().await;

        let other = app.browser();
        let answer = sign_in(&app, &other, &mut passkey).await.expect_status(200).value();
        assert_eq!(answer["user"]["email"], email, "{kind:?}");
        confirm(&app, &other, &mut passkey).await.expect_status(200);
        let third = app.browser();
        let due = third.sign_in(&email).await.value();
        let begin = json!({"mfa_token": due["mfa_token"], "method": "passkey"});
        let started = third.post("/v1/sign-in/mfa/start", &begin).await.expect_status(200).value();
        let body = json!({
            "mfa_token": due["mfa_token"],
            "method": "passkey",
            "passkey_token": started["passkey_token"],
            "credential": passkey.get(&started["options"], &How::on(&app.url)),
        });
        third.post("/v1/sign-in/mfa", &body).await.expect_status(200);
        third.get("/v1/session").await.expect_status(200);
    }
}

#[tokio::test]
async fn a_signature_that_does_not_hold_signs_nobody_in_whatever_it_is_made_with() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    let (eve, _) = app.member("eve").await;
    let good = How::on(&app.url);
    for kind in offered(&ada).await {
        let mut passkey = add_with(&ada, &with(&app, kind)).await;
        let mut same = add_with(&eve, &with(&app, kind)).await;
        let other_kind = if kind == KeyKind::Es256 { KeyKind::Rs256 } else { KeyKind::Es256 };
        let mut other = add_with(&eve, &with(&app, other_kind)).await;
        let earlier = signature(&passkey.get(&begin(&ada).await["options"], &good));
        for what in
            ["one bit", "another key", "another kind", "another challenge", "cut", "longer", "none", "zeros"]
        {
            let browser = app.browser();
            let started = begin(&browser).await;
            let mut credential = passkey.get(&started["options"], &good);
            let right = signature(&credential);
            let wrong = match what {
                "one bit" => {
                    let mut bytes = right.clone();
                    *bytes.last_mut().unwrap() ^= 1;
                    bytes
                }
                "another key" => signature(&same.get(&started["options"], &good)),
                "another kind" => signature(&other.get(&started["options"], &good)),
                "another challenge" => earlier.clone(),
                "cut" => right[..right.len() - 1].to_vec(),
                "longer" => [&right[..], &[0]].concat(),
                "none" => Vec::new(),
                _ => vec![0; right.len()],
            };
            credential["response"]["signature"] = json!(BASE64_URL_SAFE_NO_PAD.encode(wrong));

            let reply = finish(&browser, &started, &credential).await;

            reply.expect_problem(401, "invalid_credentials");
            assert!(reply.set_cookies().is_empty(), "{kind:?}, {what}");
            browser.get("/v1/session").await.expect_problem(401, "not_authenticated");
        }
        sign_in(&app, &app.browser(), &mut passkey).await.expect_status(200);
    }
}

#[tokio::test]
async fn a_key_that_was_not_offered_makes_no_passkey() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    assert!(!offered(&ada).await.contains(&KeyKind::EdDsa), "it can't be verified");
    let (token, options) = start(&ada).await;
    let (_, credential) = SoftPasskey::create(&options, &with(&app, KeyKind::EdDsa));

    refuses(&ada, &token, &credential, "EdDSA").await;

    add_with(&ada, &How::on(&app.url)).await;
}

#[tokio::test]
async fn a_key_that_says_to_be_of_another_kind_makes_no_passkey() {
    let app = TestApp::start().await;
    let (ada, _) = app.member("ada").await;
    // In CBOR, the number of the algorithm (3): ES256, EdDSA; RS256, RS384.
    let (es256, eddsa) = ([0x03, 0x26, 0x20], [0x03, 0x27, 0x20]);
    let (rs256, rs384) = ([0x39, 0x01, 0x00], [0x39, 0x01, 0x01]);
    for (kind, is, says) in
        [(KeyKind::Es256, es256, eddsa), (KeyKind::EdDsa, eddsa, es256), (KeyKind::Rs256, rs256, rs384)]
    {
        let (token, options) = start(&ada).await;
        let (_, mut credential) = SoftPasskey::create(&options, &with(&app, kind));
        let object = credential["response"]["attestationObject"].as_str().unwrap();
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(object).unwrap();
        let at = bytes.windows(3).position(|window| window == is).unwrap();
        bytes[at..at + 3].copy_from_slice(&says);
        credential["response"]["attestationObject"] = json!(BASE64_URL_SAFE_NO_PAD.encode(bytes));

        refuses(&ada, &token, &credential, &format!("{kind:?}")).await;
    }
}

async fn refuses(browser: &Browser, token: &str, credential: &Value, what: &str) {
    let body = json!({"passkey_token": token, "credential": credential});
    let reply = browser.post("/v1/me/passkeys/finish", &body).await;
    assert_eq!((reply.status, &reply.value()["code"]), (400, &json!("malformed_request")), "{what}");
    assert_eq!(browser.get("/v1/me/passkeys").await.value()["items"], json!([]), "{what}");
}
