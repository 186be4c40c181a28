use std::sync::Arc;

/// What can go wrong below a query.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// The database can't be reached, is full, or stayed busy for too long. Trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(Arc<str>),
    /// A unique constraint refused a row.
    #[error("a unique constraint was violated: {0}")]
    UniqueViolation(Arc<str>),
    /// An earlier query of the same unit of work failed: nothing more can be done in it, and it can't commit.
    #[error("an earlier query of this unit of work failed")]
    Poisoned,
    /// A migration can't be applied, or the database is not the one that this program knows.
    #[error("{0}")]
    Migration(Arc<str>),
    #[error("{0}")]
    Other(Arc<str>),
    /// Two units of work were in each other's way; this one starts over.
    #[error("the unit of work lost a race and has to start over")]
    Serialization,
}

impl DbError {
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Serialization)
    }

    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::UniqueViolation(_))
    }

    pub(crate) fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable(reason.to_string().into())
    }

    pub(crate) fn other(reason: impl ToString) -> Self {
        Self::Other(reason.to_string().into())
    }

    pub(crate) fn migration(reason: impl ToString) -> Self {
        Self::Migration(reason.to_string().into())
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        let rusqlite::Error::SqliteFailure(failure, _) = &error else { return Self::other(error) };
        match failure.code {
            Code::DatabaseBusy
            | Code::DatabaseLocked
            | Code::DiskFull
            | Code::SystemIoFailure
            | Code::CannotOpen
            | Code::OutOfMemory => Self::unavailable(error),
            _ if matches!(failure.extended_code, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) => {
                Self::UniqueViolation(error.to_string().into())
            }
            _ => Self::other(error),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let Some(db) = error.as_db_error() else {
            // No answer from the server: the connection is gone or the reply could not be read.
            let is_conversion = std::error::Error::source(&error).is_some_and(|source| {
                source.downcast_ref::<std::io::Error>().is_none() && !error.is_closed()
            });
            let text = describe(&error);
            return if is_conversion && !text.contains("connect") {
                Self::other(text)
            } else {
                Self::unavailable(text)
            };
        };
        let state = db.code();
        let text = format!("{}: {}", state.code(), db.message());
        if *state == SqlState::T_R_SERIALIZATION_FAILURE || *state == SqlState::T_R_DEADLOCK_DETECTED {
            Self::Serialization
        } else if *state == SqlState::UNIQUE_VIOLATION {
            Self::UniqueViolation(db.constraint().map_or_else(|| text.into(), Into::into))
        } else if matches!(&state.code()[..2], "08" | "53" | "57" | "58") {
            // Connection lost, resources gone, operator's intervention (shutdown, cancel), system error.
            Self::unavailable(text)
        } else {
            Self::other(text)
        }
    }
}

/// The error and what lies under it, on one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl From<deadpool_postgres::PoolError> for DbError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::unavailable(describe(&error))
    }
}
