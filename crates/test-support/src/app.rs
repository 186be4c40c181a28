use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorward::app::{App, Parts};
use doorward_core::breach::Ranges;
use doorward_core::config::{
    Account, Audit, Brand, Challenge, Config, Http, Keys, Lockout, Mail as MailConfig, Mfa, Mode, Password,
    RateLimit, Reauthentication, Recovery, Session, SignIn, SignUp, Token, VerifyEmail, Webauthn,
};
use doorward_core::context::{Caller, Clock, SystemClock, Time, UserId};
use doorward_core::error::Error;
use doorward_core::mail::{self, Transport};
use doorward_core::place::Places;
use doorward_core::rate_limit::SharedCounts;
use doorward_core::sms::{self, SmsTransport};
use doorward_core::user::{self, EmailAddress};
use doorward_crypto::password::{Params, PasswordHasher, PoolConfig};
use doorward_crypto::rng::{Rng, SystemRng};
use doorward_crypto::seal::{MasterKey, Sealer};
use doorward_crypto::signing::Algorithm;
use doorward_db::test_database::TestDatabase;
use doorward_verify::{Moment, Verifier};
use doorward_web::serve::Limits;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::browser::Browser;
use crate::mailbox::Mail;
use crate::sms::CaughtSms;
use crate::unique;

/// A clock that goes with the machine's, and jumps when a test says so.
#[derive(Default)]
pub struct Moved(AtomicI64);

impl Moved {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }

    /// As where a clock that was ahead is right again.
    pub fn turn_back(&self, by: Duration) {
        self.0.fetch_sub(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Moved {
    fn now(&self) -> Time {
        Time::from_micros(SystemClock::machine_now().micros() + self.0.load(Ordering::SeqCst))
    }
}

/// As a service reads it that verifies tokens by itself.
impl doorward_verify::Clock for Moved {
    fn now(&self) -> Moment {
        let now = Clock::now(self);
        let monotonic = Duration::from_micros(u64::try_from(now.micros()).unwrap());
        Moment { unix_seconds: now.seconds(), monotonic }
    }
}

/// The settings of a test: as a production server's would be, on plain loopback http.
pub fn config(url: &str) -> Config {
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let public_url = url::Url::parse(url).unwrap();
    Config {
        mode: Mode::Development,
        development_said: false,
        brand: Brand { product_name: "Doorward".to_owned(), accent: None },
        sign_up: SignUp { verify_email: VerifyEmail::First },
        sign_in: SignIn { email: true },
        session: Session {
            access_token_ttl: 10 * MINUTE,
            refresh_grace: Duration::from_secs(10),
            refresh_retry: 10 * MINUTE,
            idle_timeout: 7 * DAY,
            remember_idle_timeout: 30 * DAY,
            absolute_timeout: 90 * DAY,
            cookie_domain: None,
        },
        keys: Keys { rotate_every: Some(90 * DAY) },
        token: Token { audience: url.trim_end_matches('/').to_owned(), signing_alg: Algorithm::Es256 },
        password: Password { min_length: 8 },
        account: Account { deletion_grace: 14 * DAY },
        lockout: Lockout { enabled: false },
        challenge: Challenge { enabled: false, sign_ups_above: 60 },
        reauthentication: Reauthentication { email_code: true },
        mfa: Mfa { required_for: Vec::new(), trusted_device: Duration::from_secs(30 * 24 * 60 * 60) },
        recovery: Recovery { wait: Duration::from_secs(24 * 60 * 60) },
        webauthn: Webauthn {
            rp_id: public_url.host_str().unwrap().to_owned(),
            origins: vec![public_url.clone()],
        },
        rate_limit: RateLimit { enabled: false },
        http: Http::default(),
        mail: MailConfig { from: "Doorward <noreply@example.com>".to_owned(), caught: true },
        sms: None,
        audit: Audit { retention: 400 * DAY, refreshes: false },
        metrics_token: None,
        pages_base_url: public_url.clone(),
        public_url,
    }
}

/// The master keys of a process, in base64.
#[derive(Clone)]
pub struct MasterKeys {
    pub current: String,
    pub previous: Vec<String>,
}

impl MasterKeys {
    pub fn fresh() -> Self {
        Self { current: MasterKey::generate(&SystemRng).to_base64().to_string(), previous: Vec::new() }
    }

    /// A new current key, and the one that was current as the only previous one.
    #[must_use]
    pub fn rotated(&self) -> Self {
        Self { previous: vec![self.current.clone()], ..Self::fresh() }
    }

    #[must_use]
    pub fn without_previous(&self) -> Self {
        Self { previous: Vec::new(), ..self.clone() }
    }

    /// The current key and the first previous one change places.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self { current: self.previous[0].clone(), previous: vec![self.current.clone()] }
    }

    fn sealer(&self) -> Sealer {
        let read = |text: &String| MasterKey::from_base64(text).unwrap();
        Sealer::new(read(&self.current), self.previous.iter().map(read).collect(), Arc::new(SystemRng))
    }
}

/// What a test may choose of what a server is made of.
#[derive(Clone)]
pub struct Setup {
    pub config: Config,
    pub hashing: PoolConfig,
    pub limits: Limits,
    pub shared_counts: Option<Arc<dyn SharedCounts>>,
    pub breached: Option<Arc<dyn Ranges>>,
    pub places: Option<Arc<dyn Places>>,
    /// What takes SMS, where the settings have any.
    pub sms: Arc<CaughtSms>,
    /// In place of the mailbox.
    pub transport: Option<Arc<dyn Transport>>,
}

/// A running Doorward on a database of its own: SQLite, or PostgreSQL where the environment names a server.
pub struct TestApp {
    pub url: String,
    pub app: App,
    pub clock: Arc<Moved>,
    database: TestDatabase,
    master_keys: MasterKeys,
    setup: Setup,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with settings of the test's own.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::made_of(|setup| change(&mut setup.config)).await
    }

    /// Starts with a way to send mails of the test's own, in place of the mailbox.
    pub async fn sending_by(transport: Option<Arc<dyn Transport>>, change: impl FnOnce(&mut Config)) -> Self {
        Self::made_of(|setup| {
            setup.transport = transport;
            change(&mut setup.config);
        })
        .await
    }

    /// Starts with parts of the test's own.
    pub async fn made_of(change: impl FnOnce(&mut Setup)) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let mut setup = Setup {
            config: config(&url),
            hashing: PoolConfig { params: Params::insecure_for_tests(), threads: 2, queue: 1000 },
            limits: Limits::default(),
            shared_counts: None,
            breached: None,
            places: None,
            sms: Arc::default(),
            transport: None,
        };
        change(&mut setup);
        let database = TestDatabase::fresh().await;
        let clock = Arc::new(Moved::default());
        let master_keys = MasterKeys::fresh();
        let mut app = open(&setup, &database, &clock, &master_keys).await.unwrap();
        app.transport = setup.transport.clone().unwrap_or(app.transport);
        let (stop, server) = serve(&app, setup.limits, listener);
        Self { url, app, clock, database, master_keys, setup, stop: Some(stop), server: Some(server) }
    }

    /// Ends the server and starts it again on the same database and port.
    pub async fn restart(&mut self) {
        self.shut_down().await;
        self.app.context().db.close().await;
        let address = self.url.replace("http://localhost", "127.0.0.1");
        let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
        self.app = open(&self.setup, &self.database, &self.clock, &self.master_keys).await.unwrap();
        let (stop, server) = serve(&self.app, self.setup.limits, listener);
        self.stop = Some(stop);
        self.server = Some(server);
    }

    /// Another process on the same database: its changes reach the first through the database alone.
    pub async fn second_process(&self) -> App {
        self.process_with(&self.master_keys).await.unwrap()
    }

    pub fn master_keys(&self) -> &MasterKeys {
        &self.master_keys
    }

    /// Another process on the same database, with master keys of its own. No job of it runs.
    ///
    /// # Errors
    /// Where it refuses to start.
    pub async fn process_with(&self, keys: &MasterKeys) -> Result<App, Error> {
        open(&self.setup, &self.database, &self.clock, keys).await
    }

    /// Another process on the same database, with settings of its own. No job of it runs.
    pub async fn process_as(&self, change: impl FnOnce(&mut Config)) -> App {
        let mut setup = self.setup.clone();
        change(&mut setup.config);
        open(&setup, &self.database, &self.clock, &self.master_keys).await.unwrap()
    }

    /// Starts again with other master keys.
    pub async fn restart_with_keys(&mut self, keys: MasterKeys) {
        self.master_keys = keys;
        self.restart().await;
    }

    /// Starts again with other settings.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.setup.config);
        self.restart().await;
    }

    /// Makes the database fail, as an accident would: a full disk, or a server that is gone.
    pub async fn break_database(&self) {
        self.database.break_down(&self.app.context().db).await;
    }

    pub async fn mend_database(&self) {
        self.database.mend(&self.app.context().db).await;
    }

    /// The file of an embedded database.
    pub fn database_file(&self) -> Option<std::path::PathBuf> {
        self.database.url().strip_prefix("sqlite:").map(Into::into)
    }

    /// How many rows a question to the database itself counts.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let row = self.app.context().db.read(async |tx| tx.query_one(sql, &[]).await).await;
        row.unwrap().get(0).unwrap()
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// A browser with no cookies yet.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// What verifies this Doorward's access tokens, as a service of somebody's own does, on the test's clock.
    pub fn verifier(&self) -> doorward_verify::Builder {
        let config = &self.app.context().config;
        let own = format!("{}{}", self.url, config.public_url.path().trim_end_matches('/'));
        let algorithm = config.token.signing_alg.as_str().parse().unwrap();
        Verifier::builder(config.issuer())
            .audience(&config.token.audience)
            .algorithms([algorithm])
            .doorward_url(own)
            .clock(Arc::clone(&self.clock) as Arc<dyn doorward_verify::Clock>)
    }

    /// The newest mail to an address, after everything that is due has gone out.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn mail_to(&self, address: &str) -> Mail {
        self.mails_to(address).await.into_iter().next().unwrap_or_else(|| panic!("no mail to {address}"))
    }

    /// All mails to an address, newest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        let context = self.app.context();
        mail::deliver_and_settle(context, &*self.app.transport).await.unwrap();
        let caught = mail::caught(context, 500).await.unwrap();
        caught
            .into_iter()
            .filter(|(_, _, mail)| mail.to == address)
            .map(|(_, _, mail)| Mail::from(mail))
            .collect()
    }

    /// The texts sent to a number, newest first, after everything that is due has gone out.
    pub async fn sms_to(&self, number: &str) -> Vec<String> {
        let context = self.app.context();
        for _ in 0..100 {
            sms::deliver_due(context, &*self.setup.sms).await.unwrap();
            // The server's own sender may have one under way.
            if sms::next_due(context).await.unwrap().is_none() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.setup.sms.to(number)
    }

    /// The provider of SMS.
    pub fn sms(&self) -> &CaughtSms {
        &self.setup.sms
    }

    /// Somebody who signed up, verified their address and is signed in: the browser and the address. What they are signed in by
    /// is a token that other services take.
    pub async fn member(&self, name: &str) -> (Browser, String) {
        let email = format!("{}@example.com", unique(name));
        let browser = self.browser();
        browser.sign_up(&email).await.expect_status(202);
        let code = self.mail_to(&email).await.code();
        let verified =
            browser.post("/v1/email/verify", &serde_json::json!({"email": email, "code": code})).await;
        verified.expect_status(200);
        let token = browser.access_token();
        let verified = self.verifier().build().unwrap().verify(&token).await.unwrap();
        assert!(verified.email_verified && verified.client_id == "doorward");
        (browser, email)
    }

    /// Gives an account a role, as the operator does.
    pub async fn grant(&self, email: &str, role: &str) {
        let user = self.user_id(email).await;
        let caller = Caller::system("test");
        doorward_core::operator::grant(self.app.context(), &caller, user, role).await.unwrap();
        self.app.sessions.forget_user(user);
    }

    /// Disables an account, as the operator does.
    pub async fn disable(&self, email: &str) {
        let user = self.user_id(email).await;
        let caller = Caller::system("test");
        doorward_core::operator::disable(self.app.context(), &caller, user).await.unwrap();
        self.app.sessions.forget_user(user);
    }

    pub async fn user_id(&self, email: &str) -> UserId {
        let address = EmailAddress::parse("email", email).unwrap();
        let context = self.app.context();
        context.db.read(async |tx| user::find_by_email(tx, &address).await).await.unwrap().unwrap().id
    }

    /// Ends the server. [`Self::restart`] starts it again.
    pub async fn shut_down(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(server) = self.server.take() {
            server.await.unwrap();
        }
    }
}

async fn open(
    setup: &Setup,
    database: &TestDatabase,
    clock: &Arc<Moved>,
    keys: &MasterKeys,
) -> Result<App, Error> {
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    App::open(Parts {
        config: setup.config.clone(),
        db: database.open().await,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        sealer: keys.sealer(),
        hasher: PasswordHasher::start(setup.hashing, Arc::clone(&rng)),
        rng,
        shared_counts: setup.shared_counts.clone(),
        breached: setup.breached.clone(),
        places: setup.places.clone(),
        transport: None,
        sms: Some(Arc::clone(&setup.sms) as Arc<dyn SmsTransport>),
    })
    .await
}

fn serve(
    app: &App,
    limits: Limits,
    listener: tokio::net::TcpListener,
) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let app = app.clone();
    let server = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        app.serve(listener, limits, None, stopped).await;
    });
    (stop, server)
}
