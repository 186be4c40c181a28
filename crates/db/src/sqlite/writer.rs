//! Group commit. A caller takes the write connection in its turn, runs its unit there in a savepoint, lets go, and waits
//! for the batch's commit. The flusher queues for the connection like everybody else from the moment a batch begins, so
//! whoever was waiting by then is in the batch.

use std::sync::{Arc, mpsc};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{Mutex, oneshot};

use super::{PATIENCE, run, run_statement};
use crate::{DbError, Tx};

type Answer = oneshot::Sender<Result<(), DbError>>;

pub(super) struct GroupCommit {
    writer: Arc<Mutex<Writer>>,
    orders: mpsc::Sender<Order>,
}

struct Writer {
    connection: Connection,
    /// Those who wait for the commit of the batch under way, if one is.
    batch: Option<Vec<Answer>>,
    closed: bool,
}

enum Order {
    /// A batch has begun: commit it when its turn comes.
    Commit,
    /// Another process holds the lock: wait until it is free.
    AwaitLock(Answer),
    Close(Answer),
}

impl GroupCommit {
    pub(super) fn start(connection: Connection) -> Result<Self, DbError> {
        let writer = Arc::new(Mutex::new(Writer { connection, batch: None, closed: false }));
        let (orders, received) = mpsc::channel();
        let flushed = Arc::clone(&writer);
        thread::Builder::new()
            .name("sqlite-commit".to_owned())
            .spawn(move || flush(&flushed, &received))
            .map_err(DbError::unavailable)?;
        Ok(Self { writer, orders })
    }

    pub(super) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    {
        let (value, committed) = loop {
            let mut writer = self.writer.lock().await;
            if self.ensure_batch(&mut writer)? {
                break writer.unit(f.clone())?;
            }
            drop(writer);
            self.ask(Order::AwaitLock).await?;
        };
        committed.await.map_err(|_| closed())??;
        Ok(value)
    }

    pub(super) async fn close(&self) {
        // It was closed before: there is nothing left to do.
        let _ = self.ask(Order::Close).await;
    }

    /// Begins a batch where none is under way. Answers whether there is one now; if not, another process is writing.
    fn ensure_batch(&self, writer: &mut Writer) -> Result<bool, DbError> {
        if writer.closed {
            return Err(closed());
        }
        if writer.batch.is_some() {
            return Ok(true);
        }
        match run_statement(&writer.connection, "BEGIN IMMEDIATE") {
            Ok(()) => {
                writer.batch = Some(Vec::new());
                self.orders.send(Order::Commit).map_err(|_| closed())?;
                Ok(true)
            }
            Err(DbError::Unavailable(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ask(&self, order: impl FnOnce(Answer) -> Order) -> Result<(), DbError> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(order(answer)).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

impl Writer {
    /// Runs one unit in the batch under way.
    fn unit<T, E, F>(&mut self, f: F) -> Result<(T, oneshot::Receiver<Result<(), DbError>>), E>
    where
        E: From<DbError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
    {
        let mut savepoint = Savepoint::begin(&mut self.connection)?;
        let result = run(savepoint.connection, f)
            .and_then(|value| savepoint.release().map(|()| value).map_err(E::from));
        drop(savepoint);
        // A full disk or a failing one rolls back more than the savepoint.
        if self.connection.is_autocommit() {
            self.fail_batch(&DbError::unavailable("the transaction was rolled back by the database"));
        }
        let value = result?;
        let Some(batch) = &mut self.batch else {
            return Err(DbError::unavailable("the transaction was rolled back by the database").into());
        };
        let (answer, committed) = oneshot::channel();
        batch.push(answer);
        Ok((value, committed))
    }

    fn commit(&mut self) {
        let Some(batch) = self.batch.take() else { return };
        let result = run_statement(&self.connection, "COMMIT");
        if result.is_err() && !self.connection.is_autocommit() {
            let _ = run_statement(&self.connection, "ROLLBACK");
        }
        for answer in batch {
            // Whoever went away does not want to know.
            let _ = answer.send(result.clone());
        }
    }

    fn fail_batch(&mut self, error: &DbError) {
        for answer in self.batch.take().into_iter().flatten() {
            let _ = answer.send(Err(error.clone()));
        }
    }

    /// Waits until no other process holds the write lock.
    fn await_lock(&mut self) -> Result<(), DbError> {
        if self.batch.is_some() {
            return Ok(());
        }
        self.connection.busy_timeout(PATIENCE)?;
        let begun = run_statement(&self.connection, "BEGIN IMMEDIATE");
        self.connection.busy_timeout(std::time::Duration::ZERO)?;
        begun?;
        run_statement(&self.connection, "ROLLBACK")
    }
}

/// Undoes a unit that did not end well, a panic included.
struct Savepoint<'c> {
    connection: &'c mut Connection,
    open: bool,
}

impl<'c> Savepoint<'c> {
    fn begin(connection: &'c mut Connection) -> Result<Self, DbError> {
        run_statement(connection, "SAVEPOINT unit")?;
        Ok(Self { connection, open: true })
    }

    fn release(&mut self) -> Result<(), DbError> {
        run_statement(self.connection, "RELEASE unit")?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.open {
            let _ = run_statement(self.connection, "ROLLBACK TO unit");
            let _ = run_statement(self.connection, "RELEASE unit");
        }
    }
}

fn flush(writer: &Mutex<Writer>, orders: &mpsc::Receiver<Order>) {
    while let Ok(order) = orders.recv() {
        let mut writer = writer.blocking_lock();
        match order {
            Order::Commit => writer.commit(),
            Order::AwaitLock(answer) => {
                let _ = answer.send(writer.await_lock());
            }
            Order::Close(answer) => {
                writer.commit();
                writer.closed = true;
                // What can't be checkpointed now is checkpointed at the next start.
                let _ = writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                let _ = answer.send(Ok(()));
                return;
            }
        }
    }
}

fn closed() -> DbError {
    DbError::unavailable("the database is closed")
}
