//! Databases for tests: each fresh, each removed when it is dropped.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_postgres::NoTls;

use crate::{Db, Options};

/// The address of a PostgreSQL server on which databases may be made.
const SERVER: &str = "DOORWARD_TEST_POSTGRES";

/// A database of a test's own.
pub struct TestDatabase {
    url: String,
    made: Made,
}

enum Made {
    File(PathBuf),
    OnServer { server: String, name: String },
}

impl TestDatabase {
    /// On PostgreSQL where the environment names a server, else on SQLite.
    pub async fn fresh() -> Self {
        match std::env::var(SERVER) {
            Ok(server) => Self::postgres(server).await,
            Err(_) => Self::sqlite(),
        }
    }

    /// One of each engine that is at hand.
    pub async fn all() -> Vec<Self> {
        let mut all = vec![Self::sqlite()];
        if let Ok(server) = std::env::var(SERVER) {
            all.push(Self::postgres(server).await);
        }
        all
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it, as one process does.
    ///
    /// # Panics
    /// Where it can't be opened.
    pub async fn open(&self) -> Db {
        Db::open(&self.url, Options::default()).await.expect("the test's database opens")
    }

    /// Breaks it, as an accident would: PostgreSQL drops every connection and takes no new ones, and the disk under SQLite
    /// is full. `db` is the one that must not get through.
    ///
    /// # Panics
    /// Where that does not work.
    pub async fn break_down(&self, db: &Db) {
        match &self.made {
            Made::File(_) => limit_pages(db, "PRAGMA max_page_count = 1").await,
            Made::OnServer { server, name } => {
                run(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
                run(server, &format!("{sql} = '{name}'")).await;
            }
        }
    }

    /// Mends what `break_down` did.
    ///
    /// # Panics
    /// Where that does not work.
    pub async fn mend(&self, db: &Db) {
        match &self.made {
            Made::File(_) => limit_pages(db, "PRAGMA max_page_count = 1000000").await,
            Made::OnServer { server, name } => {
                run(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
            }
        }
    }

    fn sqlite() -> Self {
        // In memory where there is such a place: a test asks whether it works, not how fast the disk is.
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(unique());
        std::fs::create_dir_all(&folder).expect("a folder for the test's database");
        Self { url: format!("sqlite:{}", folder.join("test.db").display()), made: Made::File(folder) }
    }

    async fn postgres(server: String) -> Self {
        let name = unique();
        run(&server, &format!("CREATE DATABASE {name}")).await;
        let mut url = server.clone();
        // postgres://user:password@host:port/database?options
        let authority = url.find("://").map_or(0, |at| at + 3);
        let path = url[authority..].find('/').map_or(url.len(), |at| authority + at);
        let query = url[path..].find('?').map_or(url.len(), |at| path + at);
        url.replace_range(path..query, &format!("/{name}"));
        Self { url, made: Made::OnServer { server, name } }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.made {
            Made::File(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            Made::OnServer { server, name } => {
                let (server, sql) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                // Nobody waits for it: a connection that is just being opened by the runtime of this very thread would
                // hold the server up until that goes on.
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.expect("a runtime to clean up with").block_on(run(&server, &sql));
                });
            }
        }
    }
}

/// SQLite's own word for a full disk: the file may not grow past what it has.
async fn limit_pages(db: &Db, pragma: &'static str) {
    db.write(async |tx| tx.query_one(pragma, &[]).await).await.expect("the page limit is set");
}

async fn run(server: &str, sql: &str) {
    let (client, connection) =
        tokio_postgres::connect(server, NoTls).await.expect("the test's PostgreSQL server");
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("the test's PostgreSQL server makes and drops databases");
    drop(client);
    let _ = driver.await;
}

fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Left-overs of another process with the same number must not be met.
    let salt = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), count);
    format!("doorward_test_{}_{count}_{salt:016x}", std::process::id())
}
