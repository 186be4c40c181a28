//! Tasks that run beside the checks, for as long as there is a verifier.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

/// A task that is started when it is first needed, again where its runtime has gone, and ends with this.
#[derive(Default)]
pub(crate) struct Background {
    runs: Arc<AtomicBool>,
    task: Mutex<Option<AbortHandle>>,
}

impl Background {
    /// Must be called in a runtime.
    pub(crate) fn ensure<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce() -> F) {
        if self.runs.load(Ordering::Relaxed) {
            return;
        }
        let mut own = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if self.runs.swap(true, Ordering::SeqCst) {
            return;
        }
        let (stopped, task) = (Stopped(Arc::clone(&self.runs)), task());
        let spawned = tokio::spawn(async move {
            let _stopped = stopped;
            task.await;
        });
        *own = Some(spawned.abort_handle());
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

/// Dropped with the task, however it ends.
struct Stopped(Arc<AtomicBool>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
