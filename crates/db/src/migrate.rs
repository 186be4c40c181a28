//! The schema's history. A migration is written once, with PostgreSQL's type names; SQLite's stand in for them.

use sha2::{Digest, Sha256};

use crate::DbError;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;

/// One step of the schema. A step that has been applied anywhere is never edited again.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Dense, from 1.
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
    /// The text for PostgreSQL, only where the dialect must differ.
    pub postgres: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationReport {
    /// How many steps were applied now.
    pub applied: usize,
    /// The version that the schema has.
    pub version: i64,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";
const APPLIED: &str = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";
/// Any number that no other program uses for its lock.
const LOCK: i64 = 0x646f_6f72_7761_7264;

pub(crate) fn sqlite(sqlite: &Sqlite, migrations: &[Migration]) -> Result<MigrationReport, DbError> {
    let connection = sqlite.own_connection()?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(&for_sqlite(TABLE))?;
    let applied = connection
        .prepare(APPLIED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(i64, String, String)>>>()?;
    let due = due(&applied, migrations)?;
    for migration in due {
        connection
            .execute_batch(&for_sqlite(migration.sql))
            .map_err(|error| DbError::migration(format!("migration {}: {error}", migration.label())))?;
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
            (migration.version, migration.name, migration.checksum()),
        )?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(report(due, migrations))
}

pub(crate) async fn postgres(
    postgres: &Postgres,
    migrations: &[Migration],
) -> Result<MigrationReport, DbError> {
    let mut connection = postgres.own_connection().await?;
    let transaction = connection.transaction().await?;
    transaction.batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    transaction.batch_execute(TABLE).await?;
    let applied: Vec<(i64, String, String)> = transaction
        .query(APPLIED, &[])
        .await?
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<_, tokio_postgres::Error>>()?;
    let due = due(&applied, migrations)?;
    for migration in due {
        transaction.batch_execute(migration.postgres.unwrap_or(migration.sql)).await.map_err(|error| {
            DbError::migration(format!("migration {}: {}", migration.label(), DbError::from(error)))
        })?;
        let checksum = migration.checksum();
        transaction
            .execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
                &[&migration.version, &migration.name, &checksum],
            )
            .await?;
    }
    transaction.commit().await?;
    Ok(report(due, migrations))
}

impl Migration {
    fn label(&self) -> String {
        format!("{:04}_{}", self.version, self.name)
    }

    fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.sql);
        hash.update(self.postgres.unwrap_or_default());
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What is still to be applied, once it is sure that what was applied is what this program knows.
fn due<'m>(
    applied: &[(i64, String, String)],
    migrations: &'m [Migration],
) -> Result<&'m [Migration], DbError> {
    for (index, (version, name, checksum)) in applied.iter().enumerate() {
        let Some(known) = migrations.get(index).filter(|known| known.version == *version) else {
            return Err(DbError::migration(format!(
                "the database has migration {version:04}_{name}, which this version of the program does not know: \
                 start a newer version, or restore a backup made before the upgrade"
            )));
        };
        if known.checksum() != *checksum {
            return Err(DbError::migration(format!(
                "migration {} was applied with another content than this program has: \
                 a migration must never be edited; use the program that made this database",
                known.label()
            )));
        }
    }
    Ok(&migrations[applied.len()..])
}

fn report(due: &[Migration], migrations: &[Migration]) -> MigrationReport {
    MigrationReport { applied: due.len(), version: migrations.last().map_or(0, |last| last.version) }
}

/// The text with SQLite's types, every table STRICT: an integer bound to a text column must be an error there as well.
fn for_sqlite(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    let mut table = Table::Outside;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let token = &rest[..taken];
        table = table.after(token);
        out.push_str(match token {
            "BIGINT" | "BOOLEAN" => "INTEGER",
            "BYTEA" | "UUID" => "BLOB",
            other => other,
        });
        if table == Table::Ended {
            out.push_str(" STRICT");
            table = Table::Outside;
        }
        rest = &rest[taken..];
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Where the text stands with regard to a `CREATE TABLE`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Outside,
    Create,
    Inside(usize),
    Ended,
}

impl Table {
    fn after(self, token: &str) -> Self {
        match (self, token) {
            (Self::Outside, "CREATE") => Self::Create,
            (Self::Create, "TABLE") => Self::Inside(0),
            (Self::Create, token) if token.trim().is_empty() => Self::Create,
            (Self::Create, _) => Self::Outside,
            (Self::Inside(depth), "(") => Self::Inside(depth + 1),
            (Self::Inside(1), ")") => Self::Ended,
            (Self::Inside(depth), ")") => Self::Inside(depth.saturating_sub(1)),
            (same, _) => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::for_sqlite;

    #[test]
    fn types_become_sqlites_and_tables_strict() {
        for (from, to) in [
            ("CREATE TABLE t (a BIGINT, b UUID);", "CREATE TABLE t (a INTEGER, b BLOB) STRICT;"),
            (
                "CREATE TABLE t (a BYTEA, CHECK (a > (1)));",
                "CREATE TABLE t (a BLOB, CHECK (a > (1))) STRICT;",
            ),
            ("CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a);"),
            ("CREATE  TABLE IF NOT EXISTS t (a TEXT)", "CREATE  TABLE IF NOT EXISTS t (a TEXT) STRICT"),
            (
                "INSERT INTO t VALUES ('BIGINT', TRUE); -- UUID",
                "INSERT INTO t VALUES ('BIGINT', TRUE); -- UUID",
            ),
            ("CREATE TABLE t (bigint_count BOOLEAN);", "CREATE TABLE t (bigint_count INTEGER) STRICT;"),
        ] {
            assert_eq!(for_sqlite(from), to);
        }
    }
}
