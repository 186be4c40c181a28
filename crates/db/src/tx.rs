use crate::postgres::PgConnection;
use crate::row::Source;
use crate::{DbError, Param, Row};

/// A unit of work under way. After any error it is poisoned: nothing more can be done in it, and it does not commit.
pub struct Tx<'a> {
    backend: Backend<'a>,
    poisoned: bool,
    lost_race: bool,
}

pub(crate) enum Backend<'a> {
    Sqlite(&'a mut rusqlite::Connection),
    Postgres(&'a mut PgConnection),
}

impl<'a> Tx<'a> {
    pub(crate) fn new(backend: Backend<'a>) -> Self {
        Self { backend, poisoned: false, lost_race: false }
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Whether an error was a serialization failure, whatever became of it on its way up.
    pub(crate) fn lost_race(&self) -> bool {
        self.lost_race
    }

    pub(crate) fn poison(&mut self) {
        self.poisoned = true;
    }

    /// Runs a statement and answers how many rows it touched.
    pub async fn execute(&mut self, sql: &'static str, params: &[Param]) -> Result<u64, DbError> {
        self.ensure_sound()?;
        let result = match &mut self.backend {
            Backend::Sqlite(connection) => crate::sqlite::execute(connection, sql, params),
            Backend::Postgres(connection) => connection.execute(sql, params).await,
        };
        self.noted(result)
    }

    /// All rows of a query.
    pub async fn query_all(&mut self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, DbError> {
        self.ensure_sound()?;
        let result = match &mut self.backend {
            Backend::Sqlite(connection) => crate::sqlite::query(connection, sql, params),
            Backend::Postgres(connection) => connection
                .query(sql, params)
                .await
                .map(|rows| rows.into_iter().map(|row| Row(Source::Postgres(Box::new(row)))).collect()),
        };
        self.noted(result)
    }

    /// The first row of a query, if it has any.
    pub async fn query_opt(&mut self, sql: &'static str, params: &[Param]) -> Result<Option<Row>, DbError> {
        Ok(self.query_all(sql, params).await?.into_iter().next())
    }

    /// The first row of a query that always has one.
    ///
    /// # Errors
    /// Where it has none.
    pub async fn query_one(&mut self, sql: &'static str, params: &[Param]) -> Result<Row, DbError> {
        match self.query_opt(sql, params).await? {
            Some(row) => Ok(row),
            None => {
                self.poison();
                Err(DbError::other("a query that always has a row had none"))
            }
        }
    }

    fn ensure_sound(&self) -> Result<(), DbError> {
        if self.poisoned { Err(DbError::Poisoned) } else { Ok(()) }
    }

    fn noted<T>(&mut self, result: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(error) = &result {
            self.poisoned = true;
            self.lost_race |= matches!(error, DbError::Serialization);
        }
        result
    }
}
