//! Randomness as an argument.

/// A source of unpredictable bytes.
pub trait Rng: Send + Sync + 'static {
    /// Overwrites every byte.
    fn fill(&self, bytes: &mut [u8]);
}

/// The cryptographic generator that aws-lc seeds from the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("aws-lc aborts the process when it has no entropy");
    }
}

/// `N` random bytes.
pub fn random<const N: usize>(rng: &dyn Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(random::<32>(&SystemRng), random::<32>(&SystemRng));
    }
}
