//! How many requests of a kind may be under way at once. Beyond that the answer is 503 at once, so that what is slow piles
//! up nowhere and takes nothing from the rest. Reading is not counted, and so the session check never waits.

use std::time::Duration;

use doorward_core::error::{Code, Error};
use http::Method;
use tokio::sync::{Semaphore, SemaphorePermit};

const WRITING: usize = 1024;
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub struct Load {
    hashing_paths: &'static [&'static str],
    hashing: Semaphore,
    writing: Semaphore,
}

impl Load {
    /// For routes at these paths, whose posts hash a password, and a hasher that takes so many at once. Twice as many may
    /// be on their way to it or from it.
    pub fn new(hashing_paths: &'static [&'static str], hasher_takes: usize) -> Self {
        Self::with(hashing_paths, hasher_takes.saturating_mul(2), WRITING)
    }

    pub(super) fn with(hashing_paths: &'static [&'static str], hashing: usize, writing: usize) -> Self {
        let places = |count: usize| Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS));
        Self { hashing_paths, hashing: places(hashing), writing: places(writing) }
    }

    /// A place for a request on this route, until it is dropped. Its body has arrived: a slow client holds none.
    ///
    /// # Errors
    /// `overloaded`, where none is free.
    pub fn enter(&self, method: &Method, path: &str) -> Result<Option<SemaphorePermit<'_>>, Error> {
        if method.is_safe() {
            return Ok(None);
        }
        let (places, work) = if self.hashing_paths.contains(&path) {
            (&self.hashing, "hash")
        } else {
            (&self.writing, "write")
        };
        places.try_acquire().map(Some).map_err(|_| {
            metrics::counter!("http_overloaded_total", "work" => work).increment(1);
            overloaded()
        })
    }
}

/// The answer to whom there is no place for now.
pub fn overloaded() -> Error {
    Error::new(Code::Overloaded).with_retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use doorward_core::error::Code;
    use http::Method;

    use super::Load;

    #[test]
    fn each_kind_of_work_has_places_of_its_own_and_reading_needs_none() {
        let load = Load::with(&["/v1/sign-in"], 1, 2);
        let enter = |method: Method, path| load.enter(&method, path);
        let hashing = enter(Method::POST, "/v1/sign-in").unwrap();
        let refused = enter(Method::POST, "/v1/sign-in").unwrap_err();
        assert_eq!((refused.code(), refused.retry_after().unwrap().as_secs()), (Code::Overloaded, 1));
        let _writing =
            [enter(Method::POST, "/v1/token/refresh").unwrap(), enter(Method::PATCH, "/v1/me").unwrap()];
        enter(Method::DELETE, "/v1/me").unwrap_err();
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(enter(method, "/v1/session").unwrap().is_none());
        }
        drop(hashing);
        enter(Method::POST, "/v1/sign-in").unwrap();
    }
}
