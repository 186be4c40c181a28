//! The rows of the table, each with its limit.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Effort;
use crate::cores::Cores;
use crate::load::{Connection, drive, to_f64};
use crate::process::Process;
use crate::product::{Check, ForwardAuth, Product, Refresh, Session, SignIn};
use crate::report::{Row, median};
use crate::verify;

pub const NAMES: [&str; 7] = ["check", "gateway", "refresh", "sign-in", "alike", "verify", "idle"];

const NO_PAUSE: Duration = Duration::ZERO;
const MIB: f64 = 1024.0 * 1024.0;

/// Measures the chosen rows on one server, and removes the folder where all went well.
pub async fn measure(chosen: &[&str], effort: &Effort, cores: Cores, folder: &Path) -> Result<Vec<Row>> {
    let product = Product::start(folder, cores).await?;
    let mut sessions = vec![product.sign_up().await?];
    while sessions.len() < effort.connections {
        sessions.push(product.sign_in().await?);
    }
    let mut bench = Bench { effort, cores, folder, product, sessions };
    let mut rows = Vec::new();
    for row in chosen {
        eprintln!("measuring {row}");
        match *row {
            "check" => rows.push(bench.check().await?),
            "gateway" => rows.push(bench.gateway().await?),
            "refresh" => rows.push(bench.refresh().await?),
            "sign-in" => rows.extend(bench.sign_in().await?),
            "alike" => rows.push(bench.alike().await?),
            "verify" => rows.extend(verify::measure(effort).await?),
            _ => {
                let (after, found) = bench.idle().await?;
                rows.extend(found);
                bench = after;
            }
        }
    }
    bench.product.process.stop()?;
    fs::remove_dir_all(folder)?;
    Ok(rows)
}

struct Bench<'a> {
    effort: &'a Effort,
    cores: Cores,
    folder: &'a Path,
    product: Product,
    sessions: Vec<Session>,
}

impl Bench<'_> {
    async fn check(&self) -> Result<Row> {
        let recorded = self.folder.join("answer");
        fs::write(&recorded, self.product.record_check(&self.sessions[0]).await?)?;
        let mut limit =
            Process::start(self.limit(&["handler", path(&recorded)?]).stdout(Stdio::piped()), self.cores)?;
        let mut address = String::new();
        BufReader::new(limit.child.stdout.take().context("no output")?).read_line(&mut address)?;
        let limit_address = address.trim().parse()?;

        let clients = || self.sessions.iter().map(Check::new).collect::<Vec<_>>();
        let (mut measured, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..self.effort.rounds {
            let round = self.effort.round;
            let product = &self.product;
            let (_, own) = drive(&product.process, product.address, clients(), round, NO_PAUSE).await?;
            let (_, other) = drive(&limit, limit_address, clients(), round, NO_PAUSE).await?;
            measured.push(own.cpu_micros());
            bare.push(other.cpu_micros());
        }
        Ok(Row {
            work: "session check by cookie",
            unit: "µs CPU",
            measured: median(measured),
            limit: median(bare),
            goal: Some(0.8),
        })
    }

    /// Against the session check of the same server.
    async fn gateway(&self) -> Result<Row> {
        let product = &self.product;
        let (mut measured, mut checks) = (Vec::new(), Vec::new());
        for _ in 0..self.effort.rounds {
            let round = self.effort.round;
            let asking =
                self.sessions.iter().map(|session| ForwardAuth::new(session, product.address)).collect();
            let (_, asked) = drive(&product.process, product.address, asking, round, NO_PAUSE).await?;
            let checking = self.sessions.iter().map(Check::new).collect();
            let (_, checked) = drive(&product.process, product.address, checking, round, NO_PAUSE).await?;
            measured.push(asked.cpu_micros());
            checks.push(checked.cpu_micros());
        }
        Ok(Row {
            work: "forward-auth, against the session check",
            unit: "µs CPU",
            measured: median(measured),
            limit: median(checks),
            goal: Some(0.8),
        })
    }

    async fn refresh(&mut self) -> Result<Row> {
        let copy = self.folder.join("copy.db");
        let tasks = self.effort.connections.to_string();
        let seconds = self.effort.round.as_secs_f64().to_string();
        let mut clients: Vec<_> = self.sessions.iter().cloned().map(Refresh::new).collect();
        let (mut measured, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..self.effort.rounds {
            let round;
            let product = &self.product;
            (clients, round) =
                drive(&product.process, product.address, clients, self.effort.round, NO_PAUSE).await?;
            measured.push(round.cpu_micros());
            // Taken after a round, so that the rows are as long as the product has made them.
            if !copy.exists() {
                rusqlite::Connection::open(product.database())?.execute("VACUUM INTO ?1", [path(&copy)?])?;
            }
            bare.push(self.run_limit(&["refresh", path(&copy)?, &seconds, &tasks])?);
        }
        self.sessions = clients.into_iter().map(Refresh::into_session).collect();
        Ok(Row {
            work: "refresh with rotation, durable",
            unit: "µs CPU",
            measured: median(measured),
            limit: median(bare),
            goal: Some(0.6),
        })
    }

    async fn sign_in(&self) -> Result<[Row; 3]> {
        // Enough to keep the hashing busy, and never so many that the queue refuses.
        let storm = || (0..4).map(|_| SignIn).collect::<Vec<_>>();
        let checks = || self.sessions.iter().take(8).map(Check::new).collect::<Vec<_>>();
        let (product, span) = (&self.product, self.effort.round * 2);
        let pause = Duration::from_millis(10);
        let hashes = if self.effort.quick { "1" } else { "15" };
        let (mut cpu, mut wall, mut hash, mut calm, mut stormy) = (vec![], vec![], vec![], vec![], vec![]);
        for _ in 0..self.effort.rounds.div_ceil(2) {
            let (_, alone) = drive(&product.process, product.address, storm(), span, NO_PAUSE).await?;
            cpu.push(alone.cpu_micros() / 1e3);
            wall.push(alone.wall_micros() / 1e3);
            hash.push(self.run_limit(&["hash", hashes])? / 1e3);
            let (_, mut idle) = drive(&product.process, product.address, checks(), span, pause).await?;
            calm.push(idle.p99_micros());
            let background = drive(&product.process, product.address, storm(), span, NO_PAUSE);
            let foreground = drive(&product.process, product.address, checks(), span, pause);
            let (background, foreground) = tokio::join!(background, foreground);
            background?;
            stormy.push(foreground?.1.p99_micros());
        }
        let hash = median(hash);
        Ok([
            Row {
                work: "password sign-in",
                unit: "ms CPU",
                measured: median(cpu),
                limit: hash,
                goal: Some(0.95),
            },
            Row {
                work: "password sign-in, one after the other",
                unit: "ms",
                measured: median(wall),
                limit: hash,
                goal: None,
            },
            Row {
                work: "p99 of session checks while others sign in",
                unit: "µs",
                measured: median(stormy),
                limit: 3.0 * median(calm),
                goal: Some(1.0),
            },
        ])
    }

    /// Wrong passwords for accounts that exist and for names that nobody has, in turn. Each name is tried once, so that
    /// nothing is delayed.
    async fn alike(&self) -> Result<Row> {
        let pairs = if self.effort.quick { 3 } else { 200 };
        for number in 0..pairs {
            self.product.sign_up_as(&format!("known{number}@example.org")).await?;
        }
        let mut connection = Connection::open(self.product.address).await?;
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for number in 0..pairs {
            let (there, nobody) =
                (format!("known{number}@example.org"), format!("nobody{number}@example.org"));
            // The first of a pair is now the one and now the other.
            if number % 2 == 0 {
                known.push(self.product.wrong_password(&mut connection, &there).await?);
                unknown.push(self.product.wrong_password(&mut connection, &nobody).await?);
            } else {
                unknown.push(self.product.wrong_password(&mut connection, &nobody).await?);
                known.push(self.product.wrong_password(&mut connection, &there).await?);
            }
        }
        let (known, unknown) = (median(known), median(unknown));
        Ok(Row {
            work: "wrong password, known against unknown name",
            unit: "ms CPU",
            measured: known.max(unknown),
            limit: known.min(unknown),
            goal: Some(0.95),
        })
    }

    async fn idle(self) -> Result<(Self, [Row; 3])> {
        let settle = Duration::from_secs(if self.effort.quick { 1 } else { 10 });
        let (_, _) = drive(
            &self.product.process,
            self.product.address,
            vec![SignIn, SignIn],
            self.effort.round,
            NO_PAUSE,
        )
        .await?;
        tokio::time::sleep(settle).await;
        let worked = self.product.process.resident()?;
        let mut product = self.product;
        let mut starts = Vec::new();
        for _ in 0..self.effort.rounds {
            let time;
            (product, time) = product.restart(&self.sessions[0]).await?;
            starts.push(time.as_secs_f64() * 1e3);
        }
        tokio::time::sleep(settle / 5).await;
        let fresh = product.process.resident()?;
        let memory = |work, bytes: u64| -> Result<Row> {
            let measured = to_f64(usize::try_from(bytes)?) / MIB;
            Ok(Row { work, unit: "MiB", measured, limit: 20.0, goal: Some(1.0) })
        };
        let rows = [
            memory("memory, idle after a start", fresh)?,
            memory("memory, idle again after work", worked)?,
            Row {
                work: "start to first answer, existing database",
                unit: "ms",
                measured: median(starts),
                limit: 100.0,
                goal: Some(1.0),
            },
        ];
        Ok((Self { product, ..self }, rows))
    }

    /// Runs a limit that prints how much it did and in how much CPU time; gives microseconds for one.
    fn run_limit(&self, args: &[&str]) -> Result<f64> {
        let child = self.cores.spawn_on_server(self.limit(args).stdout(Stdio::piped()))?;
        let output = child.wait_with_output()?;
        let text = String::from_utf8(output.stdout)?;
        let Some((count, nanos)) = text.trim().split_once(' ').filter(|_| output.status.success()) else {
            bail!("the limit {} failed", args[0]);
        };
        Ok(nanos.parse::<f64>()? / 1e3 / count.parse::<f64>()?)
    }

    fn limit(&self, args: &[&str]) -> Command {
        let mut command = Command::new("/proc/self/exe");
        command.arg("limit").args(args).current_dir(self.folder);
        command
    }
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is not UTF-8")
}
