//! The places for connections: so many in all, and so many of them for one address, that nobody can take them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_core::rate_limit::network;

/// Addresses that may have all places: our own proxies, behind which everybody is.
pub type MayHaveAll = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

pub struct Places {
    taken: Mutex<Taken>,
    all: usize,
    per_address: usize,
    may_have_all: MayHaveAll,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

impl Places {
    pub fn new(all: usize, per_address: usize, may_have_all: MayHaveAll) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), all, per_address, may_have_all })
    }

    /// A place for a connection from this address, until it is dropped.
    pub fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let network = network(peer);
        let mut taken = self.lock();
        let from_there = taken.by_network.get(&network).copied().unwrap_or_default();
        let is_full = from_there >= self.per_address && !(self.may_have_all)(peer.to_canonical());
        if taken.all >= self.all || is_full {
            return None;
        }
        taken.all += 1;
        taken.by_network.insert(network, from_there + 1);
        drop(taken);
        Some(Place { places: Arc::clone(self), network })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Place {
    places: Arc<Places>,
    network: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        match taken.by_network.get_mut(&self.network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.by_network.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::Places;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_does_not_take_all_and_places_come_back() {
        let places = Places::new(5, 2, Arc::new(|peer| peer == ip("10.0.0.1")));
        let first = places.take(ip("192.0.2.1")).unwrap();
        let _second = places.take(ip("::ffff:192.0.2.1")).unwrap();
        assert!(places.take(ip("192.0.2.1")).is_none());
        drop(first);
        let _again = places.take(ip("192.0.2.1")).unwrap();
        let proxied: Vec<_> = (0..3).map(|_| places.take(ip("10.0.0.1")).unwrap()).collect();
        assert!(places.take(ip("10.0.0.1")).is_none() && places.take(ip("192.0.2.2")).is_none(), "full");
        drop(proxied);
        let _other = places.take(ip("192.0.2.2")).unwrap();
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_nobody_is_remembered_for_long() {
        let places = Places::new(100, 2, Arc::new(|_| false));
        let taken = [places.take(ip("2001:db8::1")), places.take(ip("2001:db8::2"))];
        assert!(taken.iter().all(Option::is_some) && places.take(ip("2001:db8::3")).is_none());
        assert!(places.take(ip("2001:db8:0:1::1")).is_some());
        drop(taken);
        assert!(places.lock().by_network.is_empty() && places.lock().all == 0);
    }
}
