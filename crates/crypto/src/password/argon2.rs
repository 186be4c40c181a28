//! Argon2 (RFC 9106) in memory that is used again, and its PHC strings.

use argon2::{Algorithm, Argon2, Block, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::system::Pages;
use super::{HashError, Params};

pub(super) const SALT: usize = 16;
pub(super) const OUTPUT: usize = 32;

/// A new hash of the given cost, as a PHC string.
pub(super) fn hash(
    params: Params,
    password: &[u8],
    salt: &[u8; SALT],
    memory: &mut Memory,
) -> Result<String, HashError> {
    let mut output = Zeroizing::new([0; OUTPUT]);
    compute(Algorithm::Argon2id, Version::V0x13, params, password, salt, &mut *output, memory)?;
    let Params { memory_kib, passes, lanes } = params;
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output.as_slice()));
    Ok(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}"))
}

pub(super) fn compute(
    algorithm: Algorithm,
    version: Version,
    params: Params,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Memory,
) -> Result<(), HashError> {
    let params = argon2::Params::new(params.memory_kib, params.passes, params.lanes, Some(output.len()))
        .map_err(|_| HashError::Failed)?;
    let blocks = memory.take(params.block_count())?;
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password, salt, output, blocks)
        .map_err(|_| HashError::Failed)
}

/// A thread's working memory. Asking the system for it anew takes a fifth of a hash's time.
#[derive(Default)]
pub(super) struct Memory(Option<Pages>);

impl Memory {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// That many blocks, whatever is in them: Argon2 writes every one before it reads it. The memory is never more than twice
    /// what was last asked for, so that one costly hash does not leave its size behind.
    fn take(&mut self, count: usize) -> Result<&mut [Block], HashError> {
        if let Some(pages) = &mut self.0
            && !(count..=count.saturating_mul(2)).contains(&pages.blocks().len())
        {
            // Given back before the new is taken.
            self.0 = None;
        }
        if self.0.is_none() {
            self.0 = Pages::new(count);
        }
        self.0.as_mut().and_then(|pages| pages.blocks().get_mut(..count)).ok_or(HashError::Failed)
    }
}
