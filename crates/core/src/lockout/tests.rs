use std::time::Duration;

use super::{LOCKED_FOR, Target};
use crate::context::Id;

fn waits(target: &Target) -> Vec<u64> {
    (1..=12).map(|failures| target.wait(failures).as_secs()).collect()
}

#[test]
fn the_first_failures_are_free_then_delays_grow_and_then_it_locks() {
    let target = Target::Account(Id::from_uuid(uuid::Uuid::nil()));
    let lock = LOCKED_FOR.as_secs();
    assert_eq!(waits(&target), [0, 0, 0, 0, 2, 4, 8, 16, 32, lock, lock, lock]);
    assert_eq!(waits(&Target::Unknown(String::new())), waits(&target));
}

#[test]
fn a_known_device_is_never_locked() {
    let (user, device) = (Id::from_uuid(uuid::Uuid::nil()), Id::from_uuid(uuid::Uuid::nil()));
    let target = Target::Device(user, device);
    assert_eq!(waits(&target), [0, 0, 0, 0, 2, 4, 8, 16, 32, 32, 32, 32]);
    assert_eq!(target.wait(i64::MAX), Duration::from_secs(32));
}
