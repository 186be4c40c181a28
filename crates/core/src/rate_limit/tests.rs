use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward_crypto::rng::SystemRng;
use doorward_crypto::seal::{MasterKey, Sealer};

use super::local::{KEYS_PER_SHARD, Local, SHARDS};
use super::shared::Answer;
use super::{Class, Count, Key, Left, Limit, Limiter, SharedCounts, SharedCountsError, Standing};

const SECOND: i64 = 1_000_000;

fn sealer() -> Sealer {
    Sealer::new(MasterKey::generate(&SystemRng), Vec::new(), Arc::new(SystemRng))
}

struct Tried {
    limiter: Limiter,
    sealer: Arc<Sealer>,
}

impl Tried {
    fn new(shared: Option<Arc<dyn SharedCounts>>) -> Self {
        Self { limiter: Limiter::new(shared), sealer: Arc::new(sealer()) }
    }

    async fn sign_in(&self, now: i64, ip: Option<&str>, account: &str) -> Standing {
        let ip: Option<IpAddr> = ip.map(|ip| ip.parse().unwrap());
        self.limiter.check(&self.sealer, now, Class::SignIn, ip, account).await
    }

    async fn passes(&self, now: i64, account: &str) -> bool {
        self.sign_in(now, None, account).await.wait.is_none()
    }
}

#[tokio::test]
async fn after_the_burst_an_attempt_waits_and_then_passes() {
    let tried = Tried::new(None);
    for _ in 0..10 {
        assert!(tried.passes(0, "ada").await);
    }
    let refused = tried.sign_in(0, None, "ada").await;
    assert_eq!(refused.wait, Some(Duration::from_secs(6)));
    assert_eq!(refused.outcome().unwrap_err().retry_after(), Some(Duration::from_secs(6)));
    assert!(tried.passes(0, "eve").await);
    assert!(tried.passes(6 * SECOND, "ada").await);
    assert!(!tried.passes(6 * SECOND, "ada").await);
}

#[tokio::test]
async fn one_ipv6_network_is_one_network() {
    let tried = Tried::new(None);
    let mut refused = 0;
    for host in 0..100 {
        let ip = format!("2001:db8:1:2::{host:x}");
        refused += usize::from(tried.sign_in(0, Some(&ip), &host.to_string()).await.wait.is_some());
    }
    assert_eq!(refused, 40);
    assert!(tried.sign_in(0, Some("2001:db8:1:3::1"), "other").await.wait.is_none());
}

#[tokio::test]
async fn a_standing_tells_what_the_network_has_left_and_of_the_account_only_its_refusal() {
    let tried = Tried::new(None);
    let ip = Some("192.0.2.1");
    let left = |attempts, seconds| Some(Left { attempts, more_in: Duration::from_secs(seconds) });
    for used in 1..=10 {
        let standing = tried.sign_in(0, ip, "ada").await;
        assert_eq!((standing.network, standing.account_wait), (left(60 - used, 1), None));
    }
    let refused = tried.sign_in(0, ip, "ada").await;
    assert_eq!(refused.account_wait, Some(Duration::from_secs(6)));
    assert_eq!(refused.network, left(50, 1), "what is refused is counted nowhere");

    for account in 0..50 {
        assert!(tried.sign_in(0, ip, &account.to_string()).await.wait.is_none());
    }
    let refused = tried.sign_in(0, ip, "eve").await;
    assert_eq!((refused.network, refused.account_wait), (left(0, 1), None));
    assert_eq!(refused.wait, Some(Duration::from_secs(1)));
    assert!(tried.sign_in(0, Some("192.0.2.2"), "eve").await.wait.is_none(), "eve was not counted");
}

#[tokio::test]
async fn a_clock_that_was_wrong_locks_nobody_out() {
    let tried = Tried::new(None);
    for _ in 0..10 {
        assert!(tried.passes(3600 * SECOND, "ada").await);
    }
    assert!(tried.passes(0, "ada").await);
}

#[test]
fn a_million_keys_take_bounded_room() {
    let local = Local::default();
    let limit = Limit { burst: 10, every: Duration::from_secs(6) };
    let mut most = 0;
    for number in 0..1_000_000_u128 {
        // Every key counts still when the last one comes.
        let key = Key((number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).to_be_bytes());
        local.count(i64::try_from(number).unwrap(), &[Count::new(key, limit)]);
        if number % 50_000 == 0 {
            most = most.max(local.len());
        }
    }
    let most = most.max(local.len());
    assert!((KEYS_PER_SHARD * SHARDS / 2..=KEYS_PER_SHARD * SHARDS).contains(&most), "{most}");
}

#[test]
fn a_key_tells_neither_address_nor_account() {
    let (one, other) = (sealer(), sealer());
    let key = Key::new(&one, Class::SignIn, "network", b"192.0.2.1");
    assert!(key == Key::new(&one, Class::SignIn, "network", b"192.0.2.1"));
    assert!(key != Key::new(&one, Class::SignUp, "network", b"192.0.2.1"));
    assert!(key != Key::new(&one, Class::SignIn, "account", b"192.0.2.1"));
    assert!(key != Key::new(&other, Class::SignIn, "network", b"192.0.2.1"), "nobody else can make it");
}

/// A store that works, fails or hangs as it is told.
#[derive(Default)]
struct Told {
    local: Local,
    asked: AtomicUsize,
    does: Mutex<Does>,
}

#[derive(Default, Clone, Copy)]
enum Does {
    #[default]
    Work,
    Fail,
    Hang,
}

impl Told {
    fn now_does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl SharedCounts for Told {
    fn count<'a>(&'a self, now: i64, counts: &'a [Count]) -> Answer<'a, Vec<i64>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let does = *self.does.lock().unwrap();
        Box::pin(async move {
            match does {
                Does::Work => Ok(self.local.count(now, counts)),
                Does::Fail => Err(SharedCountsError("it is away".to_owned())),
                Does::Hang => std::future::pending().await,
            }
        })
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(async { self.count(0, &[]).await.map(|_| ()) })
    }
}

#[tokio::test]
async fn two_processes_count_together() {
    let store = Arc::new(Told::default());
    let (one, mut other) = (Tried::new(Some(store.clone())), Tried::new(Some(store)));
    other.sealer = Arc::clone(&one.sealer);
    for _ in 0..5 {
        assert!(one.passes(0, "ada").await && other.passes(0, "ada").await);
    }
    assert!(!one.passes(0, "ada").await && !other.passes(0, "ada").await);
}

#[tokio::test]
async fn a_store_that_goes_away_opens_nothing_and_counts_again_when_it_is_back() {
    let store = Arc::new(Told::default());
    let tried = Tried::new(Some(store.clone()));
    for _ in 0..4 {
        assert!(tried.passes(0, "ada").await);
    }
    store.now_does(Does::Fail);
    for _ in 0..6 {
        assert!(tried.passes(0, "ada").await);
    }
    assert!(!tried.passes(0, "ada").await, "this process goes on from what it knew");
    assert_eq!(store.asked(), 5, "and leaves the store alone for a moment");
    assert_eq!(tried.limiter.shared_answers().await, Some(false));

    store.now_does(Does::Work);
    let asked = store.asked();
    assert!(tried.passes(2 * SECOND, "ada").await, "the store knows of four attempts alone");
    assert!(tried.passes(2 * SECOND, "ada").await);
    assert_eq!(store.asked(), asked + 2);
    assert_eq!(tried.limiter.shared_answers().await, Some(true));
}

#[tokio::test]
async fn nobody_waits_long_for_a_store_that_hangs() {
    let store = Arc::new(Told::default());
    store.now_does(Does::Hang);
    let tried = Tried::new(Some(store.clone()));
    for round in 0..3 {
        let began = std::time::Instant::now();
        for _ in 0..5 {
            tried.passes(round * SECOND, "ada").await;
        }
        assert!(began.elapsed() < Duration::from_millis(300), "five took {:?}", began.elapsed());
    }
    assert_eq!(store.asked(), 3, "once in each second");
    assert_eq!(tried.limiter.shared_answers().await, Some(false));
}
