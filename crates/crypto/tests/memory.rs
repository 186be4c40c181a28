//! The pool gives its memory back to the system.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_crypto::password::{Params, PasswordHasher, PoolConfig};
use doorward_crypto::rng::SystemRng;

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn idle_threads_hold_no_memory() {
    let config = PoolConfig { params: Params::default(), threads: 2, queue: 8 };
    let hasher = PasswordHasher::start(config, Arc::new(SystemRng));
    let before = resident_mib();
    hasher.hash(&"a password".into()).await.unwrap();
    let busy = resident_mib();
    assert!(busy >= before + 60, "the hash takes its 64 MiB: {before} to {busy} MiB");
    let begun = Instant::now();
    while resident_mib() > before + 8 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} MiB are still held", resident_mib());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    hasher.hash(&"a password".into()).await.unwrap();
}
