//! Passwords that have leaked elsewhere, asked of a list by the first five digits of their SHA-1 alone (the range API of Have
//! I Been Pwned): the list never learns which password was meant, nor, padded, whether it has it.

use std::pin::Pin;

use doorward_crypto::opaque::sha1_hex;

/// The hashes of a range: lines of `SUFFIX:COUNT`, those with a count of zero being padding.
pub trait Ranges: Send + Sync + 'static {
    /// # Errors
    /// Why no answer came.
    fn range<'a>(
        &'a self,
        prefix: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>>;
}

/// Whether the list has a password.
///
/// # Errors
/// Why the list could not be asked.
pub(crate) async fn is_breached(ranges: &dyn Ranges, password: &str) -> Result<bool, String> {
    let hash = sha1_hex(password);
    let (prefix, suffix) = hash.split_at(5);
    let range = ranges.range(prefix).await?;
    Ok(range.lines().any(|line| {
        line.trim().split_once(':').is_some_and(|(found, count)| {
            found.eq_ignore_ascii_case(suffix) && count.trim().parse().is_ok_and(|count: u64| count > 0)
        })
    }))
}
