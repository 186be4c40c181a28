//! What goes on beside the answers: mails go out, other processes' changes are heard, the audit log is sealed, what is old
//! is deleted, recoveries are told of, the clock follows the database's, signing keys rotate, and what earlier master keys sealed is sealed again.

mod resealing;

use std::sync::Arc;
use std::time::Duration;

use doorward_core::audit_log::{self, ChainSealer};
use doorward_core::context::{Caller, Context, SystemClock};
use doorward_core::{audit, clean_up, mail, recovery, signing_key, sms};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use resealing::Resealing;

const MAIL_EVERY: Duration = Duration::from_millis(300);
const SMS_EVERY: Duration = Duration::from_millis(300);
const CHANGES_EVERY: Duration = Duration::from_millis(500);
const SEAL_EVERY: Duration = Duration::from_millis(500);
const HEAD_EVERY: Duration = Duration::from_secs(60);
const REFUSALS_EVERY: Duration = Duration::from_secs(60);
const CLEAN_UP_EVERY: Duration = Duration::from_secs(5 * 60);
const FIGURES_EVERY: Duration = Duration::from_secs(5);
const KEYS_EVERY: Duration = Duration::from_secs(60 * 60);
const RECOVERY_EVERY: Duration = Duration::from_secs(60);
const RESEAL_EVERY: Duration = Duration::from_secs(1);
const CLOCK_EVERY: Duration = Duration::from_secs(60);

/// The running jobs. They end when they are told to, each after the round it is in.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    context: Context,
    sealer: ChainSealer,
}

impl Jobs {
    pub fn start(app: &App, clock: Option<Arc<SystemClock>>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mail = app.clone();
        tasks.spawn(every(MAIL_EVERY, stopped.clone(), "mail", async move || {
            let context = mail.context();
            if mail::next_due(context).await?.is_some_and(|due| due <= context.now()) {
                mail::deliver_due(context, &*mail.transport).await?;
            }
            Ok(())
        }));
        if let Some(transport) = app.sms.clone() {
            let context = app.context().clone();
            tasks.spawn(every(SMS_EVERY, stopped.clone(), "sms", async move || {
                if sms::next_due(&context).await?.is_some_and(|due| due <= context.now()) {
                    sms::deliver_due(&context, &*transport).await?;
                }
                Ok(())
            }));
        }
        let changes = app.sessions.clone();
        tasks.spawn(every(FIGURES_EVERY, stopped.clone(), "figures", async || {
            doorward_web::http::metrics::upkeep();
            Ok(())
        }));
        tasks.spawn(every(CHANGES_EVERY, stopped.clone(), "changes", async move || {
            changes.hear_changes().await
        }));
        let (sealer, context) = (ChainSealer::new(app.context().clone()), app.context().clone());
        let sealing = sealer.clone();
        tasks.spawn(every(SEAL_EVERY, stopped.clone(), "audit-seal", async move || {
            sealing.seal_pending().await?;
            Ok(())
        }));
        let counted = context.clone();
        tasks.spawn(every(REFUSALS_EVERY, stopped.clone(), "refusals", async move || {
            audit::record_refusals(&counted).await
        }));
        let (signed, keys) = (context.clone(), app.sessions.keys().clone());
        tasks.spawn(every(HEAD_EVERY, stopped.clone(), "audit-head", async move || {
            if audit_log::is_head_due(&signed).await? {
                audit_log::sign_head(&signed, &keys).await?;
            }
            Ok(())
        }));
        let old = app.sessions.clone();
        tasks.spawn(every(CLEAN_UP_EVERY, stopped.clone(), "clean-up", async move || {
            let deleted = clean_up::run(&old).await?;
            tracing::debug!(deleted, "cleaned up");
            Ok(())
        }));
        let recovering = app.context().clone();
        tasks.spawn(every(RECOVERY_EVERY, stopped.clone(), "recovery", async move || {
            recovery::tell_due(&recovering).await?;
            Ok(())
        }));
        let keys = app.context().clone();
        tasks.spawn(every(KEYS_EVERY, stopped.clone(), "signing keys", async move || {
            if let Some(kid) = signing_key::rotate_if_due(&keys, &Caller::system("schedule")).await? {
                tracing::info!(kid, "the next signing key signs now");
            }
            Ok(())
        }));
        let mut resealing = Resealing::new(app.context().clone());
        tasks
            .spawn(every(RESEAL_EVERY, stopped.clone(), "master key", async move || resealing.round().await));
        if let Some(clock) = clock {
            let db = app.context().db.clone();
            tasks.spawn(every(CLOCK_EVERY, stopped, "clock", async move || {
                let now = SystemClock::machine_now().micros();
                clock.set_offset_micros(db.clock_offset_micros(now).await?);
                Ok(())
            }));
        }
        Self { stop, tasks, context, sealer }
    }

    /// Ends every job, each after the round it is in, writes down and seals what is left for the audit log, and waits at
    /// most `patience` for that.
    pub async fn stop(mut self, patience: Duration) {
        let _ = self.stop.send(true);
        let all = async {
            while self.tasks.join_next().await.is_some() {}
            if let Err(error) = audit::record_refusals(&self.context).await {
                tracing::warn!(%error, "what limits refused last is not in the audit log");
            }
            if let Err(error) = self.sealer.seal_pending().await {
                tracing::warn!(%error, "the last audit events wait to be sealed until the next start");
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("a job did not end in time");
        }
    }
}

async fn every<F>(pause: Duration, mut stopped: watch::Receiver<bool>, name: &'static str, mut round: F)
where
    F: AsyncFnMut() -> Result<(), doorward_core::error::Error>,
{
    let mut failing = false;
    while !*stopped.borrow() {
        match round().await {
            Ok(()) if failing => {
                failing = false;
                tracing::info!(job = name, "the job works again");
            }
            Ok(()) => {}
            // Said once, not twice a second for as long as the database is away.
            Err(error) if !failing => {
                failing = true;
                let cause = error.cause().map(ToString::to_string);
                tracing::error!(job = name, %error, cause, "the job failed and will go on trying");
            }
            Err(_still) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.changed() => {}
        }
    }
}
