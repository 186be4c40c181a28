//! The counts of this process. Bounded: a shard that is full forgets first those that hold nobody back any more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Count, Key};

pub(super) const SHARDS: usize = 16;
pub(super) const KEYS_PER_SHARD: usize = 8192;

type Shard = HashMap<Key, i64>;

pub(super) struct Local {
    shards: Vec<Mutex<Shard>>,
}

impl Default for Local {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Local {
    /// As [`super::SharedCounts::count`].
    pub(super) fn count(&self, now: i64, counts: &[Count]) -> Vec<i64> {
        let mut shards = self.lock(counts);
        let mut room = true;
        let taken = counts.iter().map(|count| {
            let remembered = shards.get(&shard_of(count.key)).and_then(|shard| shard.get(&count.key));
            let taken = count.taken(remembered.copied(), now);
            room &= count.has_room(taken, now);
            taken
        });
        let taken: Vec<i64> = taken.collect();
        if room {
            keep(&mut shards, now, counts, &taken);
        }
        taken
    }

    /// Remembers what was counted elsewhere.
    pub(super) fn note(&self, now: i64, counts: &[Count], taken: &[i64]) {
        if counts.iter().zip(taken).all(|(count, taken)| count.has_room(*taken, now)) {
            keep(&mut self.lock(counts), now, counts, taken);
        }
    }

    /// The shards of these counts, taken in one order by everybody.
    fn lock(&self, counts: &[Count]) -> BTreeMap<usize, MutexGuard<'_, Shard>> {
        let mut numbers: Vec<usize> = counts.iter().map(|count| shard_of(count.key)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let lock = |number: usize| self.shards[number].lock().unwrap_or_else(PoisonError::into_inner);
        numbers.into_iter().map(|number| (number, lock(number))).collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }
}

fn keep(shards: &mut BTreeMap<usize, MutexGuard<'_, Shard>>, now: i64, counts: &[Count], taken: &[i64]) {
    for (count, taken) in counts.iter().zip(taken) {
        let Some(shard) = shards.get_mut(&shard_of(count.key)) else { continue };
        if shard.len() >= KEYS_PER_SHARD && !shard.contains_key(&count.key) {
            make_room(shard, now);
        }
        shard.insert(count.key, taken + count.every);
    }
}

fn make_room(shard: &mut Shard, now: i64) {
    shard.retain(|_, until| *until > now);
    if shard.len() >= KEYS_PER_SHARD {
        // All still count: those that would be free soonest lose the least by being forgotten.
        let mut moments: Vec<i64> = shard.values().copied().collect();
        let (_, middle, _) = moments.select_nth_unstable(KEYS_PER_SHARD / 2);
        let middle = *middle;
        shard.retain(|_, until| *until > middle);
    }
}

/// A key is a MAC, so any of its bytes spreads evenly.
fn shard_of(key: Key) -> usize {
    usize::from(key.bytes()[0]) % SHARDS
}
