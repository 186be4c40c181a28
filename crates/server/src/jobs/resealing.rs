//! The job of the master key: makes this server's key the installation's, and seals again what earlier keys sealed.

use std::time::Duration;

use doorward_core::context::{Context, Time};
use doorward_core::error::Error;
use doorward_core::master_key;

/// How long it rests when there is nothing to do. A server that still runs with an earlier key may seal meanwhile.
const REST: Duration = Duration::from_secs(60 * 60);
/// The same, while another key is the installation's.
const SHORT_REST: Duration = Duration::from_secs(60);

pub struct Resealing {
    context: Context,
    adopted: bool,
    due: Option<Time>,
    said: bool,
}

impl Resealing {
    pub fn new(context: Context) -> Self {
        Self { context, adopted: false, due: None, said: false }
    }

    pub async fn round(&mut self) -> Result<(), Error> {
        let now = self.context.now();
        if self.due.is_some_and(|due| now < due) {
            return Ok(());
        }
        if !self.adopted {
            master_key::adopt(&self.context).await?;
            self.adopted = true;
        }
        let round = master_key::reseal(&self.context).await?;
        if round.resealed > 0 {
            self.said = false;
            tracing::info!(resealed = round.resealed, "sealed again under the current master key");
        }
        if round.broken > 0 {
            tracing::error!(
                values = round.broken,
                "sealed values are damaged: they open under none of the master keys"
            );
        }
        self.due = if round.superseded {
            Some(now + SHORT_REST)
        } else if round.more && round.resealed > 0 {
            None
        } else {
            Some(now + REST)
        };
        if round.is_complete() && !self.said && self.context.sealer.previous_ids().next().is_some() {
            self.said = true;
            tracing::info!(
                "nothing is sealed under an earlier master key any more: `doorward keys status` says when \
                 secrets.previous_master_keys may be emptied"
            );
        }
        Ok(())
    }
}
