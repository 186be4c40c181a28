//! A message is a row before it is sent, of whatever kind: it is written in the unit of work of what it tells, and a sender takes it
//! from there, with retries for as long as it holds. Answers never wait for whoever carries it away. What it says is sealed,
//! opened by the sender alone, wiped afterwards, and in no log.

mod store;

use std::time::Duration;

use doorward_db::Tx;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use zeroize::Zeroize;

use crate::context::{Context, Time};
use crate::error::{Error, Result};
pub(crate) use store::{Statements, statements};

/// Why a message was not carried away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// Worth trying again later.
    Temporary(String),
    /// Refused for good.
    Permanent(String),
}

/// One kind of message.
pub(crate) struct Outbox {
    /// For logs.
    pub what: &'static str,
    pub statements: Statements,
    /// What seals are bound to.
    pub seal_context: &'static [u8],
    /// How long one attempt may take before another sender takes the message over.
    pub lease: Duration,
    /// How long after an attempt, counted from one, comes the next.
    pub back_off: fn(i64) -> Duration,
    /// How long rows are kept.
    pub kept: Duration,
    pub counters: Counters,
}

/// The names of the metrics.
pub(crate) struct Counters {
    pub sent: &'static str,
    pub retried: &'static str,
    pub failed: &'static str,
}

/// What carries messages of one kind away.
pub(crate) trait Sender: Sync {
    type Message: DeserializeOwned + Send;

    fn send(&self, id: Uuid, message: Self::Message) -> impl Future<Output = Result<(), SendError>> + Send;
}

/// A message whose turn it is.
struct Claimed {
    id: Uuid,
    sealed: Vec<u8>,
    attempts: i64,
}

impl Outbox {
    /// A message as it is kept.
    pub fn seal(&self, context: &Context, message: &impl Serialize) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec(message).map_err(Error::internal)?;
        let sealed = context.sealer.seal(self.seal_context, &json);
        json.zeroize();
        Ok(sealed)
    }

    /// Sends what is due, one message after the other, until nothing is due. Answers how many were sent.
    pub async fn deliver_due(&self, context: &Context, sender: &impl Sender) -> Result<usize> {
        let mut sent = 0;
        loop {
            let now = context.now();
            let claim =
                async |tx: &mut Tx<'_>| store::claim(tx, &self.statements, now, now + self.lease).await;
            let Some(claimed) = context.db.write(claim).await? else { return Ok(sent) };
            let outcome = match self.open(context, &claimed) {
                Ok(message) => sender.send(claimed.id, message).await,
                Err(error) => Err(SendError::Permanent(error.to_string())),
            };
            sent += usize::from(outcome.is_ok());
            self.note(context, &claimed, outcome).await?;
        }
    }

    /// When the next message wants to be sent, if one is queued.
    pub async fn next_due(&self, context: &Context) -> Result<Option<Time>> {
        context.db.read(async |tx| store::next_due(tx, &self.statements).await).await
    }

    /// How many wait.
    pub async fn queued(&self, context: &Context) -> Result<i64> {
        context.db.read(async |tx| store::queued(tx, &self.statements).await).await
    }

    /// Wipes messages that ran out and deletes old rows, at most `limit` of each. Answers how many it touched.
    pub async fn clean_up(&self, tx: &mut Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
        let now = context.now();
        let wiped = store::wipe_expired(tx, &self.statements, now, limit).await?;
        Ok(wiped + store::delete_before(tx, &self.statements, now - self.kept, limit).await?)
    }

    fn open<M: DeserializeOwned>(&self, context: &Context, claimed: &Claimed) -> Result<M> {
        let json = context.sealer.open(self.seal_context, &claimed.sealed).map_err(Error::internal)?;
        serde_json::from_slice(&json).map_err(Error::internal)
    }

    async fn note(&self, context: &Context, claimed: &Claimed, outcome: Result<(), SendError>) -> Result<()> {
        let (what, id, attempts, now) = (self.what, claimed.id, claimed.attempts, context.now());
        let statements = &self.statements;
        match outcome {
            Ok(()) => {
                context.db.write(async |tx| store::mark_sent(tx, statements, id, now).await).await?;
                metrics::counter!(self.counters.sent).increment(1);
            }
            Err(SendError::Temporary(reason)) => {
                let again = now + (self.back_off)(attempts);
                tracing::warn!(what, %id, attempts, reason, "a message could not be sent and will be tried again");
                context
                    .db
                    .write(async |tx| store::mark_retry(tx, statements, id, again, &reason).await)
                    .await?;
                metrics::counter!(self.counters.retried).increment(1);
            }
            Err(SendError::Permanent(reason)) => {
                tracing::error!(what, %id, reason, "a message was refused for good");
                context.db.write(async |tx| store::mark_failed(tx, statements, id, &reason).await).await?;
                metrics::counter!(self.counters.failed).increment(1);
            }
        }
        Ok(())
    }
}
