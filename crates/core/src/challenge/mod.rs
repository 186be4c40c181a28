//! Proof of work: a puzzle that costs a person a second of their machine's time and a guesser each guess the same. It is
//! made and checked here alone, with no third party, and tells nothing about any account.
//!
//! A challenge is a keyed MAC over its own number, difficulty and time, so none is kept until it is solved. The solution is
//! the challenge, a dot, and a nonce such that SHA-256 of it all begins with as many zero bits as the difficulty says.

mod store;

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_crypto::rng::random;
use uuid::Uuid;

use crate::context::{Caller, Context, Time};
use crate::error::{Code, Error, Result};
use crate::rate_limit::{self, Class};

/// Bits that must be zero: some 260 thousand hashes, about a second in a browser.
const DIFFICULTY: u32 = 18;
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long whoever can't solve one waits instead.
pub const WAIT: Duration = Duration::from_secs(60);
const LONGEST_NONCE: usize = 32;
const LABEL: &str = "challenge";

/// A puzzle.
pub struct Challenge {
    pub challenge: String,
    /// How many leading bits of the hash must be zero.
    pub difficulty: u32,
    pub expires_at: Time,
}

/// A challenge that was solved, or waited with, just now: nothing else makes one.
pub struct Solved(());

/// Makes a puzzle.
pub fn issue(context: &Context) -> Challenge {
    let id = Uuid::from_bytes(random(&*context.rng));
    let expires_at = context.now() + LIFE;
    let body = format!("{}.{}.{DIFFICULTY}", id.simple(), expires_at.seconds());
    let mac = BASE64_URL_SAFE_NO_PAD.encode(context.sealer.mac(LABEL, &[body.as_bytes()]));
    Challenge { challenge: format!("{body}.{mac}"), difficulty: DIFFICULTY, expires_at }
}

/// A puzzle that somebody waits with whose browser solves none, as long as the wait is not over: to go on waiting with.
pub fn waited_with(context: &Context, challenge: &str) -> Option<Challenge> {
    let (_, expires_at, difficulty) = read(context, challenge)?;
    let waits = context.now() < waited_until(expires_at);
    waits.then(|| Challenge { challenge: challenge.to_owned(), difficulty, expires_at })
}

fn waited_until(expires_at: Time) -> Time {
    expires_at - LIFE + WAIT
}

/// Lets in who can't solve a puzzle and has waited with it: one from each network a minute, so that a flood is no quicker by it.
///
/// # Errors
/// `challenge_required` where it is none of ours, has run out, was used before, or is too young; `rate_limited`.
pub async fn redeem_by_waiting(context: &Context, caller: &Caller, challenge: &str) -> Result<Solved> {
    let refused = || Error::new(Code::ChallengeRequired);
    let (id, expires_at, _) = read(context, challenge).ok_or_else(refused)?;
    let now = context.now();
    if now >= expires_at || now < waited_until(expires_at) {
        return Err(refused());
    }
    let network = caller.ip.map_or_else(String::new, |ip| rate_limit::network(ip).to_string());
    context.limit(Class::SignUp, caller, &format!("waited {network}")).await?;
    use_up(context, id, expires_at).await
}

/// Uses a solution up. `None` where none was given.
///
/// # Errors
/// `challenge_required` where it is wrong, has run out or was used before.
pub async fn redeem(context: &Context, response: Option<&str>) -> Result<Option<Solved>> {
    let Some(response) = response.filter(|response| !response.is_empty()) else { return Ok(None) };
    let refused = || Error::new(Code::ChallengeRequired);
    let (id, expires_at) = check(context, response).ok_or_else(refused)?;
    use_up(context, id, expires_at).await.map(Some)
}

async fn use_up(context: &Context, id: Uuid, expires_at: Time) -> Result<Solved> {
    let won = context
        .db
        .write(async |tx| {
            store::insert(tx, id, expires_at).await?;
            Ok::<_, Error>(tx.consume_once(&store::SOLVED, id, context.now().micros()).await?.is_some())
        })
        .await?;
    if won { Ok(Solved(())) } else { Err(Error::new(Code::ChallengeRequired)) }
}

/// Deletes at most `limit` challenges that have run out. Answers how many.
pub async fn clean_up(tx: &mut doorward_db::Tx<'_>, context: &Context, limit: i64) -> Result<u64> {
    store::delete_expired(tx, context.now(), limit).await
}

fn check(context: &Context, response: &str) -> Option<(Uuid, Time)> {
    let (challenge, nonce) = response.rsplit_once('.')?;
    if nonce.is_empty() || nonce.len() > LONGEST_NONCE {
        return None;
    }
    let (id, expires_at, difficulty) = read(context, challenge)?;
    let is_solved = leading_zeros(&doorward_crypto::opaque::token_hash(response)) >= difficulty;
    (is_solved && context.now() < expires_at).then_some((id, expires_at))
}

/// What a puzzle of ours says: its number, when it runs out, and how hard it is.
fn read(context: &Context, challenge: &str) -> Option<(Uuid, Time, u32)> {
    let (body, mac) = challenge.rsplit_once('.')?;
    let mac = BASE64_URL_SAFE_NO_PAD.decode(mac).ok()?;
    if !context.sealer.verify_mac(LABEL, &[body.as_bytes()], &mac) {
        return None;
    }
    let mut parts = body.split('.');
    let (id, expires_at, difficulty) = (parts.next()?, parts.next()?, parts.next()?);
    let expires_at = Time::from_micros(expires_at.parse::<i64>().ok()?.checked_mul(1_000_000)?);
    Some((Uuid::try_parse(id).ok()?, expires_at, difficulty.parse().ok()?))
}

fn leading_zeros(hash: &[u8; 32]) -> u32 {
    let (high, _) = hash.split_at(8);
    u64::from_be_bytes(high.try_into().unwrap_or([u8::MAX; 8])).leading_zeros()
}
