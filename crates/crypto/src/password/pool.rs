//! A few threads, a bounded queue, and a block of memory for each thread that it keeps while there is work.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::argon2::Memory;
use super::{HashError, PoolConfig, system};

#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    _closer: Arc<Closer>,
}

impl Pool {
    pub(super) fn start(config: &PoolConfig) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { queue: VecDeque::new(), threads: 0, closed: false }),
            changed: Condvar::new(),
            capacity: config.queue.max(1),
            average_micros: AtomicU64::new(first_guess(config)),
        });
        for number in 0..config.threads.max(1) {
            let worker = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("hash-{number}"));
            match thread.spawn(move || worker.work()) {
                Ok(_) => shared.lock().threads += 1,
                Err(error) => tracing::error!(%error, "a password hashing thread could not be started"),
            }
        }
        Self { _closer: Arc::new(Closer(Arc::clone(&shared))), shared }
    }

    /// Has a thread do the work. If the caller goes away before its turn comes, it is not done.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (answer, answered) = oneshot::channel();
        self.shared.push(Box::new(Job { work, answer }))?;
        answered.await.map_err(|_| HashError::Failed)
    }

    pub(super) fn queue_len(&self) -> usize {
        self.shared.lock().queue.len()
    }
}

/// How long a thread keeps its memory without work.
const IDLE: Duration = Duration::from_secs(3);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
    /// How long a job takes, of late.
    average_micros: AtomicU64,
}

struct State {
    queue: VecDeque<Box<dyn Work>>,
    threads: usize,
    closed: bool,
}

/// Lives as long as somebody can ask for work.
struct Closer(Arc<Shared>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn push(&self, job: Box<dyn Work>) -> Result<(), HashError> {
        let mut state = self.lock();
        if state.threads == 0 {
            return Err(HashError::Failed);
        }
        if state.queue.len() >= self.capacity {
            // Whoever gave up must not keep others out.
            state.queue.retain(|job| !job.is_abandoned());
        }
        if state.queue.len() >= self.capacity {
            return Err(HashError::Overloaded { retry_after: self.retry_after(&state) });
        }
        state.queue.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    fn work(&self) {
        system::lower_priority();
        let mut memory = Memory::default();
        while let Some(job) = self.next(&mut memory) {
            if job.is_abandoned() {
                continue;
            }
            let begun = Instant::now();
            // A panic must not cost the thread; the caller sees its answer dropped.
            if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
                tracing::error!("hashing a password panicked");
                memory = Memory::default();
            }
            self.record(begun.elapsed());
        }
    }

    /// The next job; `None` when the pool is closed. Waiting for it, gives the memory back.
    fn next(&self, memory: &mut Memory) -> Option<Box<dyn Work>> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            if memory.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = self.changed.wait_timeout(state, IDLE);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = guard;
            if timeout.timed_out() && state.queue.is_empty() {
                drop(state);
                *memory = Memory::default();
                state = self.lock();
            }
        }
    }

    /// A moving average over some eight jobs. Two threads that write at once lose one sample, which does not matter.
    fn record(&self, taken: Duration) {
        let taken = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX / 8);
        let average = self.average_micros.load(Ordering::Relaxed);
        self.average_micros.store(average - average / 8 + taken / 8, Ordering::Relaxed);
    }

    /// The time to work off what waits and runs, in whole seconds from 1 to 60.
    fn retry_after(&self, state: &State) -> Duration {
        let jobs = (state.queue.len() + state.threads) as u64;
        let micros = self.average_micros.load(Ordering::Relaxed).saturating_mul(jobs) / state.threads as u64;
        Duration::from_secs(micros.div_ceil(1_000_000).clamp(1, 60))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until the first hash was timed: about 0.6 ms for each MiB and pass.
fn first_guess(config: &PoolConfig) -> u64 {
    u64::from(config.params.memory_kib) * u64::from(config.params.passes) * 6 / 10
}

trait Work: Send {
    fn is_abandoned(&self) -> bool;
    fn run(self: Box<Self>, memory: &mut Memory);
}

struct Job<T, F> {
    work: F,
    answer: oneshot::Sender<T>,
}

impl<T: Send, F: FnOnce(&mut Memory) -> T + Send> Work for Job<T, F> {
    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(self: Box<Self>, memory: &mut Memory) {
        // The caller may have gone away meanwhile.
        let _ = self.answer.send((self.work)(memory));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::password::Params;

    fn pool(queue: usize) -> Pool {
        Pool::start(&PoolConfig { params: Params::insecure_for_tests(), threads: 1, queue })
    }

    /// Keeps the pool's only thread busy until the sender that comes back is dropped.
    async fn block(pool: &Pool) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), HashError>>) {
        let (release, released) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let pool = pool.clone();
        let task = tokio::spawn(async move {
            let work = move |_: &mut Memory| {
                begun.send(()).unwrap();
                let _ = released.recv();
            };
            pool.run(work).await
        });
        has_begun.await.unwrap();
        (release, task)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_takes_work_again_when_it_has_room() {
        let pool = pool(2);
        let (release, blocked) = block(&pool).await;
        let mut first = Box::pin(pool.run(|_| 1));
        let mut second = Box::pin(pool.run(|_| 2));
        assert!(poll_once(&mut first).await.is_none() && poll_once(&mut second).await.is_none());
        assert_eq!(pool.queue_len(), 2);
        let begun = Instant::now();
        let refused = pool.run(|_| 3).await;
        assert!(begun.elapsed() < Duration::from_millis(100));
        let Err(HashError::Overloaded { retry_after }) = refused else { panic!("{refused:?}") };
        assert!((Duration::from_secs(1)..=Duration::from_mins(1)).contains(&retry_after));
        drop(release);
        assert_eq!((first.await, second.await), (Ok(1), Ok(2)));
        assert_eq!(blocked.await.unwrap(), Ok(()));
        assert_eq!(pool.run(|_| 4).await, Ok(4));
        assert_eq!(pool.queue_len(), 0);
    }

    #[tokio::test]
    async fn work_whose_caller_went_away_is_not_done_and_keeps_nobody_out() {
        let pool = pool(1);
        let (release, _blocked) = block(&pool).await;
        let (done, was_done) = mpsc::channel();
        let mut abandoned = Box::pin(pool.run(move |_| done.send(()).unwrap()));
        assert!(poll_once(&mut abandoned).await.is_none());
        drop(abandoned);
        let mut next = Box::pin(pool.run(|_| 1));
        assert!(poll_once(&mut next).await.is_none());
        drop(release);
        assert_eq!(next.await, Ok(1));
        assert!(was_done.recv().is_err(), "its work was dropped undone");
    }

    #[tokio::test]
    async fn a_panic_fails_its_caller_and_spares_the_thread() {
        let pool = pool(1);
        assert_eq!(
            pool.run(|_| std::panic::resume_unwind(Box::new("boom"))).await,
            Err::<(), _>(HashError::Failed)
        );
        assert_eq!(pool.run(|_| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn the_threads_end_with_the_last_clone() {
        let pool = pool(1);
        let shared = Arc::downgrade(&pool.shared);
        let clone = pool.clone();
        drop(pool);
        assert_eq!(clone.run(|_| 1).await, Ok(1));
        drop(clone);
        let begun = Instant::now();
        while shared.strong_count() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "a thread is still there");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_wait_grows_with_what_waits_and_how_long_each_takes() {
        let pool = pool(1);
        let state = |waiting: usize| {
            let mut queue: VecDeque<Box<dyn Work>> = VecDeque::new();
            queue.resize_with(waiting, || {
                Box::new(Job { work: |_: &mut Memory| (), answer: oneshot::channel().0 })
            });
            State { queue, threads: 2, closed: false }
        };
        for _ in 0..200 {
            pool.shared.record(Duration::from_secs(1));
        }
        assert_eq!(pool.shared.retry_after(&state(0)), Duration::from_secs(1));
        assert_eq!(pool.shared.retry_after(&state(18)), Duration::from_secs(10));
        assert_eq!(pool.shared.retry_after(&state(1000)), Duration::from_mins(1));
    }

    async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
