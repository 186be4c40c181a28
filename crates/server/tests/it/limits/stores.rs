//! One battery over both stores: whoever counts, the results are the same.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::rate_limit::{Class, Limiter, Standing};
use doorward_crypto::rng::{Rng, SystemRng, random};
use doorward_crypto::seal::{MasterKey, Sealer};
use doorward_test_support::TestApp;
use serde_json::json;
use tokio::task::JoinSet;

use super::{connect, redis_url, stores};

const SECOND: i64 = 1_000_000;
/// A day of 2026: moments are as large as they are in life.
const NOW: i64 = 1_790_000_000_000_000;

fn sealer() -> Sealer {
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    Sealer::new(MasterKey::generate(&SystemRng), Vec::new(), rng)
}

#[tokio::test]
async fn bursts_waits_and_what_is_left_are_the_same() {
    for (store, shared) in stores(1).await {
        let (limiter, sealer) = (Limiter::new(shared), sealer());
        let check = async |now, class, ip: &str, account| {
            let ip: IpAddr = ip.parse().unwrap();
            limiter.check(&sealer, NOW + now, class, Some(ip), account).await
        };
        for used in 1..=10 {
            let standing = check(0, Class::SignIn, "2001:db8::1", "ada").await;
            assert_eq!((standing.wait, standing.network.unwrap().attempts), (None, 60 - used), "{store}");
        }
        let refused = check(0, Class::SignIn, "2001:db8::2", "ada").await;
        assert_eq!(refused.account_wait, Some(Duration::from_secs(6)), "{store}");
        assert_eq!(refused.network.unwrap().attempts, 50, "{store}: refused, and counted nowhere");
        assert_eq!(check(0, Class::Mail, "2001:db8::1", "ada").await.wait, None, "{store}: another class");
        assert_eq!(
            check(6 * SECOND - 1, Class::SignIn, "192.0.2.1", "ada").await.wait,
            Some(Duration::from_micros(1)),
            "{store}"
        );
        assert_eq!(check(6 * SECOND, Class::SignIn, "192.0.2.1", "ada").await.wait, None, "{store}");
        assert!(check(6 * SECOND, Class::SignIn, "192.0.2.1", "ada").await.wait.is_some(), "{store}");
        let long_after = check(3600 * SECOND, Class::SignIn, "2001:db8::1", "ada").await;
        assert_eq!((long_after.wait, long_after.network.unwrap().attempts), (None, 59), "{store}");
        assert_eq!(
            check(0, Class::SignIn, "192.0.2.1", "ada").await.wait,
            None,
            "{store}: a clock went back"
        );
    }
}

#[tokio::test]
async fn of_fifty_at_once_exactly_as_many_pass_as_there_is_room_for() {
    for (store, shared) in stores(2).await {
        let (limiter, sealer) = (Arc::new(Limiter::new(shared)), Arc::new(sealer()));
        let mut tries = JoinSet::new();
        for host in 0..50 {
            let (limiter, sealer) = (Arc::clone(&limiter), Arc::clone(&sealer));
            let ip = format!("192.0.2.{host}").parse().unwrap();
            tries
                .spawn(async move { limiter.check(&sealer, NOW, Class::SignIn, Some(ip), "ada").await.wait });
        }
        let passed = tries.join_all().await.into_iter().filter(Option::is_none).count();
        assert_eq!(passed, 10, "{store}");
    }
}

#[tokio::test]
async fn a_thousand_random_attempts_stand_alike_in_the_process_and_on_redis() {
    let Some(url) = redis_url(3) else { return };
    let (here, there) = (Limiter::default(), Limiter::new(Some(connect(&url).await)));
    let sealer = sealer();
    let mut now = NOW;
    let mut refused = 0;
    for round in 0..1000 {
        let [class, host, account, pause, micros, ..] = random::<8>(&SystemRng);
        let class = [Class::SignIn, Class::SignUp, Class::Proof, Class::Refresh][usize::from(class % 4)];
        let ip: Option<IpAddr> = (host % 5 > 0).then(|| [192, 0, 2, host % 5].into());
        let account = (account % 3).to_string();
        // Mostly quick, at times slow.
        now += i64::from(micros) * if pause < 250 { 1000 } else { 100_000 };
        let standings: [Standing; 2] = [
            here.check(&sealer, now, class, ip, &account).await,
            there.check(&sealer, now, class, ip, &account).await,
        ];
        assert_eq!(standings[0], standings[1], "round {round}");
        refused += usize::from(standings[0].wait.is_some());
    }
    assert!((1..1000).contains(&refused), "{refused}");
}

#[tokio::test]
async fn over_http_an_account_waits_and_then_goes_on() {
    for (store, shared) in stores(4).await {
        let app = TestApp::made_of(|setup| {
            setup.config.rate_limit.enabled = true;
            setup.shared_counts = shared;
        })
        .await;
        let (_, email) = app.member("ada").await;
        let wrong = json!({"identifier": email, "password": "not the right password"});
        for _ in 0..10 {
            app.browser().post("/v1/sign-in", &wrong).await.expect_problem(401, "invalid_credentials");
        }
        let refused = app.browser().sign_in(&email).await;
        refused.expect_problem(429, "rate_limited");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=6).contains(&wait), "{store}: {wait}");
        app.advance(Duration::from_secs(wait));
        app.browser().sign_in(&email).await.expect_status(200);
    }
}
