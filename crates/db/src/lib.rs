//! SQLite and PostgreSQL behind one executor. Work is done in units: [`Db::read`] sees one consistent snapshot,
//! [`Db::write`] happens whole or not at all and is answered only when it is durable. Every query is one text in the SQL
//! that both engines share. Knows no table.

mod database;
mod error;
mod migrate;
mod param;
mod postgres;
mod row;
mod single_use;
mod sqlite;
#[cfg(feature = "test-database")]
pub mod test_database;
mod tx;

pub use database::{AddressError, Db, Engine, Options};
pub use error::DbError;
pub use migrate::{Migration, MigrationReport, Schema};
pub use param::Param;
pub use row::{FromColumn, Row};
pub use single_use::ConsumeOnce;
pub use tx::Tx;
