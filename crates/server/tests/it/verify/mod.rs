//! Doorward's tokens as another service verifies them by the crate `doorward-verify`: over a socket, with keys that rotate,
//! sessions that end and a server that goes away.

mod notes;

use std::time::{Duration, Instant};

use doorward_core::context::Caller;
use doorward_core::service_key::{self, Scope};
use doorward_core::signing_key::{self, When};
use doorward_core::{clean_up, operator};
use doorward_crypto::signing::Algorithm;
use doorward_test_support::{Browser, TestApp};
use doorward_verify::VerifyError::{Expired, SessionEnded, UnknownKey, WrongAudience};
use doorward_verify::{Code, Verifier};
use secrecy::ExposeSecret as _;

const MINUTE: Duration = Duration::from_secs(60);

fn test() -> Caller {
    Caller::system("test")
}

async fn service_key(app: &TestApp) -> String {
    let made = service_key::create(app.app.context(), &test(), "service", &[Scope::RevocationsRead]).await;
    made.unwrap().1.expose_secret().to_owned()
}

/// A service that listens to the feed, and hears it.
async fn listening(app: &TestApp) -> Verifier {
    let verifier = app.verifier().revocation_feed(service_key(app).await).build().unwrap();
    verifier.prime().await.unwrap();
    heard(&verifier).await;
    verifier
}

async fn heard(verifier: &Verifier) {
    within(Duration::from_secs(15), "heard", async || verifier.status().feed_is_live == Some(true)).await;
}

async fn within(time: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < time, "not within {time:?}: {what}");
        tokio::task::yield_now().await;
    }
}

async fn refused_within_a_second(verifier: &Verifier, browser: &Browser) {
    let token = browser.access_token();
    within(Duration::from_secs(1), "refused", async || verifier.verify(&token).await.is_err()).await;
    assert_eq!(verifier.verify(&token).await, Err(SessionEnded));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_every_algorithm_is_taken_and_says_what_the_session_check_says() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let app = TestApp::with(|config| config.token.signing_alg = algorithm).await;
        let (browser, _) = app.member("ada").await;
        let token = app.verifier().build().unwrap().verify(&browser.access_token()).await.unwrap();
        let said = browser.get("/v1/session").await.value();
        assert_eq!((said["user"]["id"] == token.sub, said["session"]["id"] == token.sid), (true, true));
        assert_eq!(
            (said["session"]["acr"] == token.acr, said["user"]["email_verified"] == true),
            (true, true)
        );
        assert!(token.email_verified && token.has_amr(said["session"]["amr"][0].as_str().unwrap()));
        assert_eq!(
            (token.iss.as_str(), token.aud.as_slice()),
            (app.url.as_str(), [app.url.clone()].as_slice())
        );
        assert_eq!(token.exp - token.iat, 600);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_runs_out_and_its_refresh_is_taken() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let verifier = app.verifier().build().unwrap();
    let old = browser.access_token();
    assert!(verifier.verify(&old).await.is_ok());
    app.advance(10 * MINUTE + Duration::from_secs(6));
    assert_eq!(verifier.verify(&old).await, Err(Expired));
    browser.refresh().await.expect_status(200);
    assert!(verifier.verify(&browser.access_token()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_for_another_audience_and_other_tokens_of_doorward_are_refused() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let builder = Verifier::builder(&app.url).audience("https://other.example.com");
    let other = builder.clock(app.clock.clone()).build().unwrap();
    assert_eq!(other.verify(&browser.access_token()).await, Err(WrongAudience));
    let refresh = browser.cookie("doorward_refresh").unwrap();
    let verifier = app.verifier().build().unwrap();
    assert!(verifier.verify(&refresh).await.is_err());
    assert!(verifier.verify(&service_key(&app).await).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_is_refused_within_a_second_wherever_that_was() {
    let app = TestApp::start().await;
    let verifier = listening(&app).await;
    let (ada, email) = app.member("ada").await;
    let (bob, bobs) = app.member("bob").await;
    let second = app.browser();
    second.sign_in(&email).await.expect_status(200);
    let (kept, _) = app.member("cleo").await;
    for browser in [&ada, &bob, &second, &kept] {
        assert!(verifier.verify(&browser.access_token()).await.is_ok());
    }

    let copy = second.copy();
    second.post_empty("/v1/sign-out").await.expect_status(204);
    refused_within_a_second(&verifier, &copy).await;
    assert!(verifier.verify(&ada.access_token()).await.is_ok());

    let copy = ada.copy();
    ada.post_empty("/v1/sign-out/all").await.expect_status(204);
    refused_within_a_second(&verifier, &copy).await;

    let elsewhere = app.second_process().await;
    let user = operator::find_user(elsewhere.context(), &bobs).await.unwrap();
    operator::disable(elsewhere.context(), &test(), user.id).await.unwrap();
    refused_within_a_second(&verifier, &bob).await;
    assert!(verifier.verify(&kept.access_token()).await.is_ok());
    assert_eq!(SessionEnded.code(), Code::SessionRevoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_gone_stays_refused_and_who_listens_late_hears_of_it() {
    let app = TestApp::with(|config| config.account.deletion_grace = Duration::ZERO).await;
    let (ada, _) = app.member("ada").await;
    let token = ada.access_token();
    ada.delete("/v1/me").await.expect_status(202);
    app.advance(Duration::from_secs(1));
    clean_up::run(&app.app.sessions).await.unwrap();
    let verifier = listening(&app).await;
    assert_eq!(verifier.verify(&token).await, Err(SessionEnded));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_is_refused_while_keys_rotate() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let verifier = app.verifier().build().unwrap();
    let mut tokens = vec![browser.access_token()];
    for _ in 0..4 {
        signing_key::rotate(app.app.context(), &test(), When::Now).await.unwrap();
        app.app.sessions.hear_changes().await.unwrap();
        app.advance(Duration::from_secs(11));
        browser.refresh().await.expect_status(200);
        tokens.push(browser.access_token());
        for token in &tokens {
            assert!(verifier.verify(token).await.is_ok());
        }
    }
    let kid = |token: &String| token.split('.').next().unwrap().to_owned();
    let kids: std::collections::HashSet<_> = tokens.iter().map(kid).collect();
    assert_eq!(kids.len(), 5, "each was signed by another key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_revoked_key_signed_is_refused_after_the_next_fetch_and_a_refresh_mends_it() {
    let app = TestApp::start().await;
    let (browser, _) = app.member("ada").await;
    let verifier = app.verifier().build().unwrap();
    let leaked = browser.access_token();
    assert!(verifier.verify(&leaked).await.is_ok());
    let keys = signing_key::list(app.app.context()).await.unwrap();
    let kid = keys.into_iter().find(|key| key.state == "current").unwrap().kid;

    signing_key::revoke(app.app.context(), &test(), &kid).await.unwrap();
    app.app.sessions.hear_changes().await.unwrap();
    app.advance(5 * MINUTE);

    let refused = async || verifier.verify(&leaked).await == Err(UnknownKey);
    within(Duration::from_secs(5), "refused", refused).await;
    assert_eq!(UnknownKey.code(), Code::TokenExpired, "so that its owner refreshes, and is not signed out");
    browser.refresh().await.expect_status(200);
    assert!(verifier.verify(&browser.access_token()).await.is_ok());
    let late = app.verifier().build().unwrap();
    assert_eq!(late.verify(&leaked).await, Err(UnknownKey));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_and_starts_again_is_hardly_noticed() {
    let mut app = TestApp::start().await;
    let verifier = listening(&app).await;
    let ((ada, _), (bob, _)) = (app.member("ada").await, app.member("bob").await);
    let (token, checks) = (ada.access_token(), verifier.clone());
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let traffic = tokio::spawn(async move {
        let mut taken = 0_u32;
        while stopped.try_recv().is_err() {
            checks.verify(&token).await.unwrap();
            taken += 1;
            tokio::task::yield_now().await;
        }
        taken
    });

    app.restart().await;

    within(Duration::from_secs(10), "back", async || app.browser().get("/readyz").await.status == 200).await;
    stop.send(()).unwrap();
    assert!(traffic.await.unwrap() > 0);
    // The listener is back where it was: an ending of now comes through, after at most its longest pause.
    let token = bob.access_token();
    bob.post_empty("/v1/sign-out").await.expect_status(204);
    within(Duration::from_secs(10), "refused", async || verifier.verify(&token).await == Err(SessionEnded))
        .await;
    heard(&verifier).await;
    assert!(verifier.verify(&ada.access_token()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_hear_the_feed_asks_doorward() {
    let app = TestApp::start().await;
    let verifier = app.verifier().revocation_feed("dw_key_of_nobody").build().unwrap();
    let ((ada, _), (bob, _)) = (app.member("ada").await, app.member("bob").await);
    assert!(verifier.verify(&ada.access_token()).await.is_ok());
    assert_eq!(verifier.status().feed_is_live, Some(false));
    let token = ada.access_token();
    ada.post_empty("/v1/sign-out").await.expect_status(204);
    app.advance(Duration::from_secs(1));
    assert_eq!(verifier.verify(&token).await, Err(SessionEnded));
    assert!(verifier.verify(&bob.access_token()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_is_lost_costs_a_question_and_comes_back_by_itself() {
    let app = TestApp::start().await;
    let verifier = listening(&app).await;
    let (ada, _) = app.member("ada").await;
    app.advance(Duration::from_secs(16));
    assert_eq!(verifier.status().feed_is_live, Some(false));
    let token = ada.access_token();
    assert!(verifier.verify(&token).await.is_ok());
    heard(&verifier).await;
    ada.post_empty("/v1/sign-out").await.expect_status(204);
    within(Duration::from_secs(1), "refused", async || verifier.verify(&token).await == Err(SessionEnded))
        .await;
}
