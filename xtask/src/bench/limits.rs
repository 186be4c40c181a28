//! What the product is held against, each in a process of its own (`bench limit …`) on the server's core.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use nix::time::ClockId;
use rusqlite::{Connection, params};

/// `handler FILE`, `refresh DATABASE SECONDS TASKS`, or `hash COUNT`.
pub fn run(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["handler", file] => handler(Path::new(file)),
        ["refresh", database, seconds, tasks] => {
            refresh(Path::new(database), seconds.parse()?, tasks.parse()?)
        }
        ["hash", count] => hash(count.parse()?),
        _ => bail!("no such limit: {args:?}"),
    }
}

/// Answers every request with the bytes of an answer that was recorded from the product, headers included.
#[tokio::main]
async fn handler(recorded: &Path) -> Result<()> {
    let recorded = std::fs::read_to_string(recorded)?;
    let (head, body) = recorded.split_once("\r\n\r\n").context("not a recorded answer")?;
    let mut lines = head.split("\r\n");
    let status: StatusCode =
        lines.next().and_then(|line| line.get(9..12)).context("no status line")?.parse()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").context("not a header")?;
        // hyper writes these itself.
        if !matches!(name, "date" | "content-length") {
            headers.append(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
        }
    }
    let body = axum::body::Bytes::copy_from_slice(body.as_bytes());
    let answer = move || {
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = status;
        *response.headers_mut() = headers.clone();
        std::future::ready(response)
    };
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/v1/session", axum::routing::get(answer))).await?;
    Ok(())
}

/// The reads and writes of one refresh on a copy of the product's own database, as many to a commit as tasks would
/// wait, each in its savepoint, and a signature for each. Prints units and nanoseconds of CPU.
fn refresh(database: &Path, seconds: f64, tasks: usize) -> Result<()> {
    let db = Connection::open(database)?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    let ids = db
        .prepare("SELECT id FROM sessions WHERE revoked_at IS NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<Vec<[u8; 16]>, _>>()?;
    let mut ids = ids.iter().cycle();
    let signer = Signer::new()?;
    let mut now = 0_i64;
    let mut units = 0_u64;
    let cpu = ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs_f64(seconds) {
        db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..tasks {
            now += 1;
            db.prepare_cached("SAVEPOINT unit")?.execute([])?;
            rotate(&db, ids.next().context("no session to refresh")?, now)?;
            db.prepare_cached("RELEASE unit")?.execute([])?;
        }
        db.prepare_cached("COMMIT")?.execute([])?;
        for _ in 0..tasks {
            signer.sign()?;
            units += 1;
        }
    }
    println!("{units} {}", Duration::from(ClockId::CLOCK_PROCESS_CPUTIME_ID.now()? - cpu).as_nanos());
    Ok(())
}

/// The session read with its user, and its guarded change.
fn rotate(db: &Connection, id: &[u8; 16], now: i64) -> Result<()> {
    let (generation, rotations, expires_at) = db
        .prepare_cached(
            "SELECT s.generation, s.rotations, s.user_id, s.sealed_secret, s.retries, s.amr, s.acr, s.auth_time, s.remember,
                    s.created_at, s.last_seen_at, s.expires_at, s.absolute_expires_at, s.revoked_at, s.revoked_reason,
                    u.email, u.email_verified
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?1",
        )?
        .query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(11)?)))?;
    let changed: i64 = db
        .prepare_cached(
            "UPDATE sessions SET generation = generation + 1, rotations = ?3, last_seen_at = ?4, expires_at = ?5
             WHERE id = ?1 AND generation = ?2 AND revoked_at IS NULL AND expires_at > ?4 RETURNING generation",
        )?
        .query_row(params![id, generation, rotations, now, expires_at + 1], |row| row.get(0))?;
    if changed != generation + 1 {
        bail!("the session was not changed");
    }
    Ok(())
}

struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    #[expect(clippy::disallowed_methods, reason = "measured is the library, not the product")]
    fn new() -> Result<Self> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
        Ok(Self { key, random })
    }

    /// Over as many bytes as an access token's header and claims have.
    fn sign(&self) -> Result<()> {
        std::hint::black_box(self.key.sign(&self.random, &[b'x'; 600])?);
        Ok(())
    }
}

/// Hashes as the default settings have it, in memory that is used again. Prints hashes and nanoseconds of CPU.
fn hash(count: u32) -> Result<()> {
    let params = Params::new(64 * 1024, 3, 4, Some(32)).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut once = || {
        argon2
            .hash_password_into_with_memory(
                b"a password of some length",
                b"sixteen bytes salt",
                &mut [0; 32],
                &mut memory,
            )
            .map_err(|error| anyhow::anyhow!("{error}"))
    };
    once()?;
    let cpu = ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?;
    for _ in 0..count {
        once()?;
    }
    println!("{count} {}", Duration::from(ClockId::CLOCK_PROCESS_CPUTIME_ID.now()? - cpu).as_nanos());
    Ok(())
}
