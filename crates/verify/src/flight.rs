//! One run of a piece of work for all who want it at the same time.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The outcome of work that is under way or done: `None` until it is there.
pub(crate) type Landing<T> = watch::Receiver<Option<T>>;

/// Starts the work as a task of its own, so that it goes on when whoever began it has gone away.
pub(crate) fn launch<T: Send + Sync + 'static>(work: impl Future<Output = T> + Send + 'static) -> Landing<T> {
    let (sender, landing) = watch::channel(None);
    tokio::spawn(async move {
        let outcome = work.await;
        sender.send_replace(Some(outcome));
    });
    landing
}

/// Waits for the outcome: `None` where the task was dropped with its runtime, or panicked.
pub(crate) async fn landed<T: Clone>(mut landing: Landing<T>) -> Option<T> {
    landing.wait_for(Option::is_some).await.ok()?.clone()
}

pub(crate) fn is_under_way<T>(landing: &Landing<T>) -> bool {
    landing.borrow().is_none() && landing.has_changed().is_ok()
}

/// Work of which one run at a time is enough.
pub(crate) struct Flight<T>(Mutex<Option<Landing<T>>>);

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// The run that is under way; else a new one, where `start` wants one.
    pub(crate) fn join(&self, start: impl FnOnce() -> Option<Landing<T>>) -> Option<Landing<T>> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(landing) = current.as_ref().filter(|landing| is_under_way(landing)) {
            return Some(landing.clone());
        }
        *current = start();
        current.clone()
    }
}
