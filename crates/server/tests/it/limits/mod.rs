//! How much is let in: attempts by account and by network, requests under way, connections.

mod headers;
mod overload;
mod redis;
mod stores;

use std::sync::Arc;

use doorward::redis::RedisCounts;
use doorward_core::rate_limit::SharedCounts;

/// The Redis server that the environment names, if it does; each test on a database of its own there.
fn redis_url(database: u8) -> Option<String> {
    let url = std::env::var("DOORWARD_TEST_REDIS").ok()?;
    Some(format!("{}/{database}", url.trim_end_matches('/')))
}

async fn connect(url: &str) -> Arc<RedisCounts> {
    let counts = Arc::new(RedisCounts::connect(&url.into()).unwrap());
    let connected = tokio::time::timeout(std::time::Duration::from_secs(20), counts.connected());
    connected.await.expect("DOORWARD_TEST_REDIS answers");
    counts
}

/// Both places where attempts are counted: this process, and Redis where there is one.
async fn stores(database: u8) -> Vec<(&'static str, Option<Arc<dyn SharedCounts>>)> {
    let mut stores: Vec<(&str, Option<Arc<dyn SharedCounts>>)> = vec![("in the process", None)];
    if let Some(url) = redis_url(database) {
        stores.push(("on Redis", Some(connect(&url).await)));
    }
    stores
}
