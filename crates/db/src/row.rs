use rusqlite::types::Value;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::DbError;

/// One row of an answer.
#[derive(Debug)]
pub struct Row(pub(crate) Source);

#[derive(Debug)]
pub(crate) enum Source {
    Sqlite(Box<[Value]>),
    Postgres(Box<tokio_postgres::Row>),
}

impl Row {
    /// The column at `index`, counted from zero.
    ///
    /// # Errors
    /// Where there is no such column or it is of another type: a mistake in the query, not in the data.
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T, DbError> {
        match &self.0 {
            Source::Sqlite(values) => {
                let value = values.get(index).ok_or_else(|| DbError::other(format!("no column {index}")))?;
                T::from_sqlite(value)
                    .ok_or_else(|| DbError::other(format!("column {index} is of another type")))
            }
            Source::Postgres(row) => T::from_postgres(row, index),
        }
    }
}

/// A type that a column can be read as.
pub trait FromColumn: Sized {
    #[doc(hidden)]
    fn from_sqlite(value: &Value) -> Option<Self>;
    #[doc(hidden)]
    fn from_postgres(row: &tokio_postgres::Row, index: usize) -> Result<Self, DbError>;
}

impl FromColumn for i64 {
    fn from_sqlite(value: &Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(*number) } else { None }
    }

    fn from_postgres(row: &tokio_postgres::Row, index: usize) -> Result<Self, DbError> {
        match row.columns().get(index).map(tokio_postgres::Column::type_) {
            Some(&Type::INT4) => Ok(Self::from(row.try_get::<_, i32>(index)?)),
            Some(&Type::INT2) => Ok(Self::from(row.try_get::<_, i16>(index)?)),
            _ => Ok(row.try_get(index)?),
        }
    }
}

impl FromColumn for bool {
    fn from_sqlite(value: &Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(*number != 0) } else { None }
    }

    fn from_postgres(row: &tokio_postgres::Row, index: usize) -> Result<Self, DbError> {
        Ok(row.try_get(index)?)
    }
}

impl FromColumn for String {
    fn from_sqlite(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }

    fn from_postgres(row: &tokio_postgres::Row, index: usize) -> Result<Self, DbError> {
        Ok(row.try_get(index)?)
    }
}

impl FromColumn for Vec<u8> {
    fn from_sqlite(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes.clone()) } else { None }
    }

    fn from_postgres(row: &tokio_postgres::Row, index: usize) -> Result<Self, DbError> {
        Ok(row.try_get(index)?)
    }
}

impl FromColumn for Uuid {
    fn from_sqlite(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Self::from_slice(bytes).ok() } else { None }
    }

    fn from_postgres(row: &tokio_postgres::Row, index: usize) -> Result<Self, DbError> {
        Ok(row.try_get(index)?)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_sqlite(value: &Value) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::from_sqlite(value).map(Some) }
    }

    fn from_postgres(row: &tokio_postgres::Row, index: usize) -> Result<Self, DbError> {
        /// Reads nothing but whether there is a value.
        struct IsNull(bool);
        impl tokio_postgres::types::FromSql<'_> for IsNull {
            fn from_sql(_: &Type, _: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Ok(Self(false))
            }
            fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Ok(Self(true))
            }
            fn accepts(_: &Type) -> bool {
                true
            }
        }
        if row.try_get::<_, IsNull>(index)?.0 { Ok(None) } else { T::from_postgres(row, index).map(Some) }
    }
}
