//! The counts of the rate limits on Redis or Valkey, shared by all processes that name the same server. What stands there
//! can be lost at any moment and costs nothing but counts.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use doorward_core::rate_limit::{Answer, Count, SharedCounts, SharedCountsError};
use fred::error::Error;
use fred::interfaces::{ClientLike as _, LuaInterface as _};
use fred::prelude::{Builder, Client};
use fred::types::config::{Config, ReconnectPolicy, TlsConnector, UnresponsiveConfig};
use fred::types::{ClientState, Value};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// Every count of a check in one step. `KEYS` are the counts; `ARGV` is the moment, then of each count how long one attempt
/// takes and how long all that it holds take. Mirrors `Count` in core, to the microsecond: numbers here are doubles, and
/// microseconds since 1970 fit in them until the year 2255. The process's clock counts and not Redis's, so that the
/// limits go by the clock that everything else goes by.
const SCRIPT: &str = r"
local now, taken, room = tonumber(ARGV[1]), {}, true
for i, key in ipairs(KEYS) do
    local every, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local till = tonumber(redis.call('GET', key) or now)
    if not till or till <= now or till > now + 2 * window then till = now end
    taken[i] = till
    room = room and till + every <= now + window
end
for i, key in ipairs(KEYS) do
    if room then
        local till = taken[i] + tonumber(ARGV[2 * i])
        redis.call('SET', key, string.format('%.0f', till), 'PX', math.ceil((till - now) / 1000) + 1000)
    end
    taken[i] = string.format('%.0f', taken[i])
end
return taken
";

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// No request waits longer than this; afterwards nothing is left behind in the client's queue.
const ANSWER_WITHIN: Duration = Duration::from_millis(100);
/// A connection that answers nothing for this long is given up and made anew.
const SILENT_FOR: Duration = Duration::from_secs(2);
const RECONNECT_EVERY_MS: u32 = 500;

/// Counts on the server that the settings name. It connects, and connects again, by itself.
pub struct RedisCounts {
    client: Client,
    /// The script's name on the server, once that told it.
    script: RwLock<Option<String>>,
}

impl RedisCounts {
    /// Begins to connect and does not wait for it. Needs a Tokio runtime.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn connect(url: &SecretString) -> Result<Self, String> {
        let mut builder = Builder::from_config(config(url.expose_secret())?);
        builder.set_policy(ReconnectPolicy::new_constant(0, RECONNECT_EVERY_MS));
        builder.with_connection_config(|connection| {
            connection.connection_timeout = CONNECT_WITHIN;
            connection.internal_command_timeout = CONNECT_WITHIN;
            connection.reconnect_on_auth_error = true;
            connection.max_command_attempts = 1;
            connection.unresponsive =
                UnresponsiveConfig { max_timeout: Some(SILENT_FOR), interval: SILENT_FOR / 4 };
        });
        builder.with_performance_config(|performance| performance.default_command_timeout = ANSWER_WITHIN);
        let client = builder.build().map_err(|error| error.details().to_owned())?;
        drop(client.connect());
        Ok(Self { client, script: RwLock::default() })
    }

    /// Waits until it is there.
    pub async fn connected(&self) {
        while self.ping().await.is_err() {
            // Also told of a connection that fails, which is no reason to stop.
            let _ = self.client.wait_for_connect().await;
            tokio::time::sleep(SILENT_FOR / 20).await;
        }
    }

    /// Nobody waits for a connection: the limiter counts by itself meanwhile.
    fn ensure_connected(&self) -> Result<(), SharedCountsError> {
        match self.client.state() {
            ClientState::Connected => Ok(()),
            _ => Err(SharedCountsError("redis is not connected".to_owned())),
        }
    }

    async fn run(&self, keys: Vec<String>, args: Vec<i64>) -> Result<Vec<i64>, Error> {
        let known = self.script.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(name) = known {
            match self.client.evalsha(name, keys.clone(), args.clone()).await {
                // The server was started anew, or its scripts were flushed.
                Err(error) if Error::details(&error).starts_with("NOSCRIPT") => {}
                answered => return answered,
            }
        }
        let name: String = self.client.script_load(SCRIPT).await?;
        *self.script.write().unwrap_or_else(PoisonError::into_inner) = Some(name.clone());
        self.client.evalsha(name, keys, args).await
    }
}

impl SharedCounts for RedisCounts {
    fn count<'a>(&'a self, now: i64, counts: &'a [Count]) -> Answer<'a, Vec<i64>> {
        Box::pin(async move {
            self.ensure_connected()?;
            let keys =
                counts.iter().map(|count| format!("doorward:limit:{}", hex(count.key.bytes()))).collect();
            let args = std::iter::once(now)
                .chain(counts.iter().flat_map(|count| [count.every, count.window]))
                .collect();
            self.run(keys, args).await.map_err(told)
        })
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(async {
            self.ensure_connected()?;
            self.client.ping::<Value>(None).await.map(|_| ()).map_err(told)
        })
    }
}

/// Whether this can be the address of a server.
pub fn is_address(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let database = url.path().trim_start_matches('/');
    matches!(url.scheme(), "redis" | "rediss")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && (database.is_empty() || database.parse::<u8>().is_ok())
        && url.query().is_none()
        && url.fragment().is_none()
}

fn config(url: &str) -> Result<Config, String> {
    // The crate would look for the machine's certificates, which a container may not have.
    let (url, tls) = match url.strip_prefix("rediss://") {
        Some(rest) => (format!("redis://{rest}"), Some(tls()?.into())),
        None => (url.to_owned(), None),
    };
    let config = Config::from_url_centralized(&url).map_err(|error| error.details().to_owned())?;
    Ok(Config { tls, fail_fast: false, ..config })
}

fn tls() -> Result<TlsConnector, String> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config.into())
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

fn told(error: Error) -> SharedCountsError {
    SharedCountsError(error.to_string())
}
