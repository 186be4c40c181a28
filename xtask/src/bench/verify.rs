//! The crate `doorward-verify`, in this process, on the clock of this thread: a check does no I/O.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use doorward_verify::{Clock as _, SystemClock, Verifier};
use nix::time::ClockId;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Effort;
use crate::load::to_f64;
use crate::report::{Row, median};

struct Signed {
    token: String,
    /// What was signed, and the signature, as the bare library takes them.
    message: String,
    signature: Vec<u8>,
}

/// A token that is new, against one bare verification; and one that was seen before.
pub async fn measure(effort: &Effort) -> Result<[Row; 2]> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let bare_key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref())?;
    let issuer = serve(jwks(key.public_key().as_ref())).await?;
    let (tokens, repeated) = if effort.quick { (20, 2) } else { (1000, 20) };
    let (mut new, mut bare, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let tokens: Vec<Signed> =
            (0..tokens).map(|number| sign(&key, &issuer, number)).collect::<Result<_>>()?;
        let verifier =
            Verifier::builder(&issuer).audience(&issuer).revocation_feed("dw_key_bench").build()?;
        verifier.prime().await?;
        while verifier.status().feed_is_live != Some(true) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The header of the first is read, as a service does once in a key's life.
        verifier.verify(&sign(&key, &issuer, usize::MAX)?.token).await?;
        let begin = thread_cpu()?;
        for one in &tokens {
            verifier.verify(&one.token).await?;
        }
        new.push(micros_each(begin, tokens.len())?);
        let begin = thread_cpu()?;
        for one in &tokens {
            bare_key.verify_sig(one.message.as_bytes(), &one.signature)?;
        }
        bare.push(micros_each(begin, tokens.len())?);
        let begin = thread_cpu()?;
        for _ in 0..repeated {
            for one in &tokens {
                verifier.verify(&one.token).await?;
            }
        }
        seen.push(micros_each(begin, tokens.len() * repeated)?);
    }
    Ok([
        Row {
            work: "verify crate: new token",
            unit: "µs CPU",
            measured: median(new),
            limit: median(bare),
            goal: Some(0.9),
        },
        Row {
            work: "verify crate: token already seen",
            unit: "µs CPU",
            measured: median(seen),
            limit: 1.0,
            goal: Some(1.0),
        },
    ])
}

fn thread_cpu() -> Result<Duration> {
    Ok(Duration::from(ClockId::CLOCK_THREAD_CPUTIME_ID.now()?))
}

fn micros_each(begin: Duration, count: usize) -> Result<f64> {
    Ok(thread_cpu()?.saturating_sub(begin).as_secs_f64() * 1e6 / to_f64(count))
}

/// As long as Doorward's own, and each of another session.
fn sign(key: &EcdsaKeyPair, issuer: &str, number: usize) -> Result<Signed> {
    let now = SystemClock.now().unix_seconds;
    let kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    let header = json!({"alg": "ES256", "kid": kid, "typ": "at+jwt"});
    let claims = json!({
        "iss": issuer, "sub": "user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10", "aud": issuer, "exp": now + 600, "iat": now,
        "jti": "AAAAAAAAAAAAAAAAAAAAAA", "sid": format!("session_{number:032x}"), "client_id": "doorward",
        "scope": "openid profile email", "auth_time": now, "amr": ["pwd"], "acr": "aal1", "email_verified": true,
    });
    let message =
        format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let signature = key.sign_digest(&digest(&SHA256, message.as_bytes()))?.as_ref().to_vec();
    let token = format!("{message}.{}", BASE64URL.encode(&signature));
    Ok(Signed { token, message, signature })
}

fn jwks(point: &[u8]) -> Value {
    // SEC 1, section 2.3.3: 0x04, then both coordinates.
    let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
    json!({"keys": [{"kty": "EC", "crv": "P-256", "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "use": "sig", "alg": "ES256"}]})
}

/// Serves the key set, and a feed in which nothing ends.
async fn serve(jwks: Value) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let jwks = jwks.to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, jwks.clone()));
        }
    });
    Ok(format!("http://{address}"))
}

async fn answer(mut stream: TcpStream, jwks: String) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8(head)?;
    let path = head.split(' ').nth(1).context("no path")?;
    match path {
        "/.well-known/jwks.json" => {
            let length = jwks.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{jwks}");
            stream.write_all(answer.as_bytes()).await?;
        }
        "/v1/revocations" => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(b"event: snapshot\nid: 1\ndata: {\"items\":[]}\n\n").await?;
            while stream.write_all(b": beat\n\n").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        other => bail!("asked for {other}"),
    }
    Ok(())
}
