//! Deletes what no longer matters, in small batches, so that nobody waits behind it.

use crate::error::{Error, Result};
use crate::session::Sessions;
use crate::sign_in::pending;
use crate::{
    account, audit_log, challenge, device, email_change, lockout, mail, passkey, phone, recovery, secret,
    sign_in, sign_up, signing_key, sms, totp,
};

const BATCH: i64 = 500;
const MOST_BATCHES: usize = 200;

/// One round. Answers how many rows went.
pub async fn run(sessions: &Sessions) -> Result<u64> {
    let context = sessions.context();
    let mut total = 0;
    for _ in 0..MOST_BATCHES {
        let deleted = context
            .db
            .write(async |tx| {
                Ok::<_, Error>(
                    secret::clean_up(tx, context, BATCH).await?
                        + sign_in::email::clean_up(tx, context, BATCH).await?
                        + sign_up::clean_up(tx, context, BATCH).await?
                        + mail::clean_up(tx, context, BATCH).await?
                        + sms::clean_up(tx, context, BATCH).await?
                        + phone::clean_up(tx, context, BATCH).await?
                        + sessions.clean_up(tx, BATCH).await?
                        + device::clean_up(tx, context, BATCH).await?
                        + email_change::clean_up(tx, context, BATCH).await?
                        + lockout::clean_up(tx, context, BATCH).await?
                        + totp::clean_up(tx, context, BATCH).await?
                        + pending::clean_up(tx, context, BATCH).await?
                        + recovery::clean_up(tx, context, BATCH).await?
                        + challenge::clean_up(tx, context, BATCH).await?
                        + passkey::clean_up(tx, context, BATCH).await?
                        + signing_key::clean_up(tx, context).await?
                        + audit_log::clean_up(tx, context, BATCH).await?,
                )
            })
            .await?;
        let deleted = deleted + account::delete_due(context, BATCH).await?;
        total += deleted;
        if deleted == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(total)
}
