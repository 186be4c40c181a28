//! A PostgreSQL of our own for one test run: in a temporary folder, on a free port, gone afterwards.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::tools;
use crate::shell;

const START_LIMIT: Duration = Duration::from_mins(1);

/// Outlives us if it must: waits until our end of the pipe closes, however we end, then stops the server by its
/// process id and removes the folder.
const CARETAKER: &str = r#"
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid"
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
rm -rf "$1"
"#;

/// Runs until dropped.
pub struct Postgres {
    url: String,
    server: Child,
    caretaker: Child,
}

/// Starts it. Durability is off, and texts are ordered as people order them and not by their bytes, so that a query
/// which relies on the order of bytes shows.
pub fn start() -> Result<Postgres> {
    let bin = tools::postgres_bin().context("no PostgreSQL")?;
    let owner = if shell::is_root() { Some(Account::named("postgres")?) } else { None };
    let folder = folder(owner)?;
    let caretaker = Command::new("sh")
        .args(["-c", CARETAKER, "sh"])
        .arg(&folder)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let password = secret()?;
    let password_file = folder.join("password");
    fs::write(&password_file, &password)?;
    if let Some(owner) = owner {
        chown(&password_file, Some(owner.user), Some(owner.group))?;
    }
    let program = |name: &str| -> Result<Command> {
        let log = File::options().create(true).append(true).open(folder.join("log"))?;
        let mut command = Command::new(bin.join(name));
        command.current_dir(&folder).process_group(0).env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if let Some(owner) = owner {
            command.uid(owner.user).gid(owner.group);
        }
        Ok(command)
    };

    let mut initdb = program("initdb")?;
    initdb.args([
        "--pgdata=data",
        "--username=doorward",
        "--pwfile=password",
        "--auth=scram-sha-256",
        "--no-sync",
    ]);
    initdb.args(["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]);
    if !shell::succeeds(&mut initdb)? {
        bail!("initdb failed:\n{}", log(&folder));
    }
    // Taken and given back: nothing else on the machine is likely to be given it again within the second.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut postgres = program("postgres")?;
    postgres.args(["-D", "data"]);
    for setting in [
        &*format!("port={port}"),
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=300",
        "fsync=off",
        "full_page_writes=off",
    ] {
        postgres.args(["-c", setting]);
    }
    let server = postgres.spawn()?;
    let url = format!("postgres://doorward:{password}@127.0.0.1:{port}/postgres");
    let mut postgres = Postgres { url, server, caretaker };
    postgres.wait_until_ready(&folder)?;
    Ok(postgres)
}

impl Postgres {
    /// Of a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&mut self, folder: &Path) -> Result<()> {
        let start = Instant::now();
        loop {
            // The last line of the file is the server's state.
            let state = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
            if state.lines().last().is_some_and(|line| line.trim_end() == "ready") {
                return Ok(());
            }
            if self.server.try_wait()?.is_some() || start.elapsed() > START_LIMIT {
                bail!("PostgreSQL did not start:\n{}", log(folder));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.caretaker.stdin.take());
        // Both are ending; there is nobody to tell where they are not.
        let _ = self.server.wait();
        let _ = self.caretaker.wait();
    }
}

/// PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Account {
    fn named(name: &str) -> Result<Self> {
        let accounts = fs::read_to_string("/etc/passwd")?;
        let mut fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let [_, _, user, group, ..] = fields.find(|fields| fields[0] == name).unwrap_or_default()[..] else {
            bail!("no account `{name}` on this machine");
        };
        Ok(Self { user: user.parse()?, group: group.parse()? })
    }
}

fn folder(owner: Option<Account>) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("doorward-test-{}", &secret()?[..12]));
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    if let Some(owner) = owner {
        chown(&folder, Some(owner.user), Some(owner.group))?;
    }
    Ok(folder)
}

fn secret() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
