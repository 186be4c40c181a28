//! Puts the parts together: database, keys, sessions, mail, web.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::breach::Ranges;
use doorward_core::config::Config;
use doorward_core::context::{Clock, Context, SystemClock};
use doorward_core::error::Error;
use doorward_core::mail::{OutgoingMail, Transport};
use doorward_core::master_key;
use doorward_core::migrations::MIGRATIONS;
use doorward_core::outbox::SendError;
use doorward_core::place::Places;
use doorward_core::rate_limit::{Limiter, SharedCounts};
use doorward_core::session::Sessions;
use doorward_core::signing_key::KeyRing;
use doorward_core::sms::SmsTransport;
use doorward_crypto::password::PasswordHasher;
use doorward_crypto::rng::Rng;
use doorward_crypto::seal::Sealer;
use doorward_db::Db;
use doorward_web::routes;
use doorward_web::serve::{Limits, serve};
use doorward_web::state::Web;
use tokio::net::TcpListener;

use crate::jobs::Jobs;

const JOBS_END_WITHIN: Duration = Duration::from_secs(5);

/// All that the product is made of.
pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub sealer: Sealer,
    pub hasher: PasswordHasher,
    /// Where attempts are counted together with other processes; `None` counts them in this one.
    pub shared_counts: Option<Arc<dyn SharedCounts>>,
    /// The list of leaked passwords.
    pub breached: Option<Arc<dyn Ranges>>,
    /// Where addresses are.
    pub places: Option<Arc<dyn Places>>,
    /// `None` catches mails for the developer's mailbox.
    pub transport: Option<Arc<dyn Transport>>,
    /// Who carries SMS away.
    pub sms: Option<Arc<dyn SmsTransport>>,
}

impl Parts {
    /// What use cases are handed. Nothing is made or changed by it.
    pub fn into_context(self) -> Context {
        Context {
            limiter: Arc::new(Limiter::new(self.shared_counts)),
            breached: self.breached,
            places: self.places,
            ..context(self.config, self.db, self.clock, self.rng, self.sealer, self.hasher)
        }
    }
}

/// The product, ready to answer.
#[derive(Clone)]
pub struct App {
    pub sessions: Sessions,
    pub transport: Arc<dyn Transport>,
    pub sms: Option<Arc<dyn SmsTransport>>,
}

impl App {
    /// Brings the database up to date and loads the keys.
    ///
    /// # Errors
    /// Where the database can't be reached or migrated, or its secrets do not open under the master key.
    pub async fn open(parts: Parts) -> Result<Self, Error> {
        parts.db.migrate(MIGRATIONS).await?;
        let (transport, sms) = (parts.transport.clone(), parts.sms.clone());
        let context = parts.into_context();
        master_key::ensure_at_hand(&context).await?;
        let keys = KeyRing::open(&context).await?;
        let transport = transport.unwrap_or_else(|| Arc::new(Catching(context.clone())));
        Ok(Self { sessions: Sessions::new(context, keys), transport, sms })
    }

    pub fn context(&self) -> &Context {
        self.sessions.context()
    }

    /// Answers on the listener, and runs the jobs, until `shutdown` is done and what was under way has finished. `clock`
    /// follows the database's.
    pub async fn serve(
        &self,
        listener: TcpListener,
        limits: Limits,
        clock: Option<Arc<SystemClock>>,
        shutdown: impl Future<Output = ()>,
    ) {
        let router = routes::all(&self.web());
        let jobs = Jobs::start(self, clock);
        let sessions = self.sessions.clone();
        let shutdown = async move {
            shutdown.await;
            // Whoever listens for long must not hold the end up.
            sessions.close();
        };
        let config = Arc::clone(&self.context().config);
        serve(listener, router, limits, Arc::new(move |peer| config.http.trusts(peer)), shutdown).await;
        jobs.stop(JOBS_END_WITHIN).await;
    }

    fn web(&self) -> Web {
        Web::new(self.sessions.clone(), Arc::clone(&self.transport))
    }
}

/// What use cases need that no running server is needed for.
pub fn context(
    config: Config,
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    sealer: Sealer,
    hasher: PasswordHasher,
) -> Context {
    Context {
        db,
        clock,
        rng,
        config: Arc::new(config),
        sealer: Arc::new(sealer),
        hasher,
        limiter: Arc::default(),
        breached: None,
        places: None,
        refusals: Arc::default(),
    }
}

/// Keeps mails for `/dev/mailbox` in place of sending them.
struct Catching(Context);

impl Transport for Catching {
    fn send<'a>(
        &'a self,
        mail: OutgoingMail,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(async move {
            doorward_core::mail::catch(&self.0, &mail)
                .await
                .map_err(|error| SendError::Temporary(error.to_string()))
        })
    }
}
