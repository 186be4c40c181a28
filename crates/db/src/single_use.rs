//! The two primitives that races are decided by.

use crate::{DbError, Param, Row, Tx};

/// A thing that is used once: a row with `used_at` (nullable) and `expires_at`, found by a key. Made by
/// [`consume_once!`](crate::consume_once).
#[derive(Debug, Clone, Copy)]
pub struct ConsumeOnce {
    #[doc(hidden)]
    pub sql: &'static str,
}

/// Describes a single-use thing: its table, the column of its key, and what is wanted of the row.
#[macro_export]
macro_rules! consume_once {
    ($table:literal, $key:literal, $returning:literal) => {
        $crate::ConsumeOnce {
            sql: concat!(
                "UPDATE ",
                $table,
                " SET used_at = ?2 WHERE ",
                $key,
                " = ?1 AND used_at IS NULL AND expires_at > ?2 RETURNING ",
                $returning
            ),
        }
    };
}

impl Tx<'_> {
    /// Uses a thing up. Of any number of callers at once exactly one gets the row, the others `None`; what was used or has
    /// run out at `now` (microseconds) gives `None` to all.
    pub async fn consume_once(
        &mut self,
        what: &ConsumeOnce,
        key: impl Into<Param>,
        now: i64,
    ) -> Result<Option<Row>, DbError> {
        self.change_guarded(what.sql, &[key.into(), Param::I64(now)]).await
    }

    /// Changes one row where its guard holds: an `UPDATE … WHERE key AND guard RETURNING …`. `None` where the guard did not
    /// hold.
    ///
    /// # Errors
    /// Where the statement touched more than one row: the unit of work can't commit then.
    pub async fn change_guarded(
        &mut self,
        sql: &'static str,
        params: &[Param],
    ) -> Result<Option<Row>, DbError> {
        let mut rows = self.query_all(sql, params).await?;
        if rows.len() > 1 {
            self.poison();
            return Err(DbError::other("a guarded change touched more than one row"));
        }
        Ok(rows.pop())
    }
}
