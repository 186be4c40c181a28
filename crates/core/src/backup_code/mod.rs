//! Backup codes (look-up secrets, NIST SP 800-63B-4, section 3.1.2): ten, shown once, each used once. They are kept as MACs
//! under a key of the account's own, so that nobody guesses fifty bits over a stolen database.

mod store;

use doorward_crypto::backup_code::SetKey;
use doorward_crypto::rng::random;
use doorward_db::Tx;
use secrecy::SecretString;
use uuid::Uuid;

use crate::context::{Context, Time, UserId};
use crate::error::{Error, Result};
use crate::seals::SealedColumn;

/// What is sealed here, for the rotation of the master key.
pub const SEALED: SealedColumn = store::SEALED;

/// Codes of a set.
pub const COUNT: usize = 10;

/// What its owner may know of a set.
#[derive(Debug, Clone, Copy)]
pub struct BackupCodes {
    pub remaining: usize,
    pub created_at: Time,
}

/// Makes a new set. The codes of the one before end.
pub(crate) async fn make(tx: &mut Tx<'_>, context: &Context, user: UserId) -> Result<Vec<SecretString>> {
    let key = SetKey::generate(&*context.rng);
    store::delete(tx, user).await?;
    let sealed = context.sealer.seal(&seal_context(user), key.as_bytes());
    store::insert_set(tx, user, &sealed, context.now()).await?;
    let mut codes = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let (code, mac) = key.make(&*context.rng);
        store::insert(tx, Uuid::from_bytes(random(&*context.rng)), user, &mac).await?;
        codes.push(code);
    }
    Ok(codes)
}

/// Whether a code is one of the account's that was not used before. It is used up by this: of many at once one wins.
/// Answers how many are left.
pub(crate) async fn take(
    tx: &mut Tx<'_>,
    context: &Context,
    user: UserId,
    code: &str,
) -> Result<Option<usize>> {
    let Some(set) = store::find(tx, user).await? else { return Ok(None) };
    let key = context
        .sealer
        .open(&seal_context(user), &set.sealed_key)
        .ok()
        .and_then(|key| SetKey::from_bytes(&key))
        .ok_or_else(|| {
            Error::internal("the key of backup codes does not open: is this the right master key?")
        })?;
    let unused = store::unused(tx, user).await?;
    let mut found = None;
    for (id, mac) in &unused {
        if key.is_code_of(code, mac) {
            found = Some(*id);
        }
    }
    let Some(id) = found else { return Ok(None) };
    Ok(store::consume(tx, id, context.now()).await?.then(|| unused.len() - 1))
}

pub(crate) async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Option<BackupCodes>> {
    let Some(set) = store::find(tx, user).await? else { return Ok(None) };
    let remaining = store::unused(tx, user).await?.len();
    Ok(Some(BackupCodes { remaining, created_at: set.created_at }))
}

pub(crate) async fn remove(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    store::delete(tx, user).await
}

fn seal_context(user: UserId) -> Vec<u8> {
    [b"backup codes ", user.as_uuid().as_bytes().as_slice()].concat()
}
