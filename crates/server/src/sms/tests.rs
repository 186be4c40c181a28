//! SMS handed to a provider on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::any;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use doorward_core::context::Time;
use doorward_core::outbox::SendError;
use doorward_core::sms::{OutgoingSms, SmsTransport};
use doorward_crypto::mac::hmac_sha256;
use reqwest::header::HeaderMap;
use url::Url;

use super::{Twilio, Webhook};

const SECRET: &str = "a secret of thirty-two characters";

/// What a provider was asked.
#[derive(Clone, Debug)]
struct Heard {
    path: String,
    headers: HeaderMap,
    body: String,
}

type Kept = Arc<Mutex<Vec<Heard>>>;

/// A provider that answers all alike, after a while.
async fn provider(status: u16, answer: &'static str, after: Duration) -> (Url, Kept) {
    let kept = Kept::default();
    let handler = move |State(kept): State<Kept>, uri: axum::http::Uri, headers: HeaderMap, body: Bytes| async move {
        let body = String::from_utf8(body.to_vec()).unwrap();
        kept.lock().unwrap().push(Heard { path: uri.path().to_owned(), headers, body });
        tokio::time::sleep(after).await;
        (axum::http::StatusCode::from_u16(status).unwrap(), answer)
    };
    let router = Router::new().fallback(any(handler)).with_state(Arc::clone(&kept));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, kept)
}

fn sms() -> OutgoingSms {
    OutgoingSms {
        id: "sms_1".to_owned(),
        to: "+436641234567".to_owned(),
        text: "Doorward: your code is 123456. & so on".to_owned(),
        at: Time::from_micros(1_800_000_000_000_000),
    }
}

fn twilio(url: &Url, from: &str) -> Twilio {
    Twilio::with_patience(url, "AC1", "token".into(), from, Duration::from_millis(300)).unwrap()
}

fn webhook(url: &Url, secret: &str) -> Webhook {
    Webhook::with_patience(url.clone(), secret.into(), Duration::from_millis(300)).unwrap()
}

fn first(kept: &Kept) -> Heard {
    kept.lock().unwrap()[0].clone()
}

#[tokio::test]
async fn twilio_is_told_whom_and_what_under_its_account() {
    let (url, kept) = provider(201, "{}", Duration::ZERO).await;

    twilio(&url, "+15005550006").send(sms()).await.unwrap();

    let heard = first(&kept);
    assert_eq!(heard.path, "/2010-04-01/Accounts/AC1/Messages.json");
    assert_eq!(heard.headers["authorization"], format!("Basic {}", BASE64_STANDARD.encode("AC1:token")));
    assert_eq!(
        heard.body,
        "To=%2B436641234567&From=%2B15005550006&Body=Doorward%3A+your+code+is+123456.+%26+so+on"
    );
    let service = "MG0123456789abcdef0123456789abcdef";
    twilio(&url, service).send(sms()).await.unwrap();
    assert!(kept.lock().unwrap()[1].body.contains(&format!("&MessagingServiceSid={service}&")));
}

#[tokio::test]
async fn a_webhook_can_tell_by_the_signature_that_it_was_us() {
    let (url, kept) = provider(204, "", Duration::ZERO).await;

    webhook(&url, SECRET).send(sms()).await.unwrap();

    let heard = first(&kept);
    let body: serde_json::Value = serde_json::from_str(&heard.body).unwrap();
    let sent = sms();
    assert_eq!(body, serde_json::json!({"id": "sms_1", "to": sent.to, "text": sent.text}));
    assert_eq!(heard.headers["webhook-id"], "sms_1");
    assert_eq!(heard.headers["webhook-timestamp"], "1800000000");
    let signed = |key: &[u8]| {
        let mac = hmac_sha256(key, &[format!("sms_1.1800000000.{}", heard.body).as_bytes()]);
        format!("v1,{}", BASE64_STANDARD.encode(mac))
    };
    assert_eq!(heard.headers["webhook-signature"], signed(SECRET.as_bytes()));
    let encoded = format!("whsec_{}", BASE64_STANDARD.encode([7; 32]));
    webhook(&url, &encoded).send(sms()).await.unwrap();
    assert_eq!(kept.lock().unwrap()[1].headers["webhook-signature"], signed(&[7; 32]));
}

#[tokio::test]
async fn refusals_are_told_apart_by_whether_trying_again_helps_and_say_neither_whom_nor_what() {
    let answer = r#"{"code": 21211, "message": "The 'To' number +436641234567 is not a valid phone number"}"#;
    for (status, is_final) in [
        (400, true),
        (401, false),
        (403, false),
        (404, false),
        (422, true),
        (429, false),
        (500, false),
        (503, false),
        (302, false),
    ] {
        let (url, _) = provider(status, answer, Duration::ZERO).await;
        for outcome in [twilio(&url, "+1").send(sms()).await, webhook(&url, SECRET).send(sms()).await] {
            let error = outcome.unwrap_err();
            assert_eq!(matches!(error, SendError::Permanent(_)), is_final, "{status}: {error:?}");
            let said = format!("{error:?}");
            assert!(!said.contains("664") && !said.contains("123456") && !said.contains("AC1"), "{said}");
        }
    }
    let (url, _) = provider(400, answer, Duration::ZERO).await;
    let error = twilio(&url, "+1").send(sms()).await.unwrap_err();
    assert_eq!(error, SendError::Permanent("the provider answered 400, error 21211".to_owned()));
}

#[tokio::test]
async fn a_provider_that_is_away_silent_or_endless_holds_nobody_up() {
    let (silent, _) = provider(200, "", Duration::from_secs(60)).await;
    let away = Url::parse("http://127.0.0.1:1/").unwrap();
    for url in [silent, away] {
        for transport in [&twilio(&url, "+1") as &dyn SmsTransport, &webhook(&url, SECRET)] {
            let sent = tokio::time::timeout(Duration::from_secs(5), transport.send(sms())).await.unwrap();
            let error = sent.unwrap_err();
            assert!(matches!(error, SendError::Temporary(_)), "{error:?}");
            assert!(!format!("{error:?}").contains("AC1"), "{error:?}");
        }
    }
    let long: &'static str = Box::leak("x".repeat(1_000_000).into_boxed_str());
    let (url, _) = provider(400, long, Duration::ZERO).await;
    let error = twilio(&url, "+1").send(sms()).await.unwrap_err();
    assert_eq!(error, SendError::Permanent("the provider answered 400".to_owned()));
}
