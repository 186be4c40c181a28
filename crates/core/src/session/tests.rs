use std::time::Duration;

use super::refresh::{Worth, worth};
use super::store::Row;
use crate::config;
use crate::context::{Id, Time};
use crate::error::Code;

const MINUTE: Duration = Duration::from_secs(60);

fn settings() -> config::Session {
    config::Session {
        access_token_ttl: 10 * MINUTE,
        refresh_grace: Duration::from_secs(10),
        refresh_retry: 10 * MINUTE,
        idle_timeout: 7 * 24 * 60 * MINUTE,
        remember_idle_timeout: 30 * 24 * 60 * MINUTE,
        absolute_timeout: 90 * 24 * 60 * MINUTE,
        cookie_domain: None,
    }
}

fn at(seconds: i64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

/// A session in its fifth generation; the fourth was rotated at 1000 s, the third at 995 s.
fn row() -> Row {
    Row::sample(Id::from_uuid(uuid::Uuid::max()), 5, vec![at(995), at(1000)], at(100_000))
}

#[test]
fn the_current_token_rotates() {
    assert_eq!(worth(&settings(), &row(), 5, at(2000)), Worth::Rotate);
}

#[test]
fn tokens_rotated_within_the_grace_period_get_the_current_one() {
    assert_eq!(worth(&settings(), &row(), 4, at(1010)), Worth::Grace);
    assert_eq!(worth(&settings(), &row(), 3, at(1005)), Worth::Grace);
}

#[test]
fn only_the_one_just_before_may_be_a_lost_answer() {
    assert_eq!(worth(&settings(), &row(), 4, at(1011)), Worth::Retry);
    assert_eq!(worth(&settings(), &row(), 4, at(1600)), Worth::Retry);
    assert_eq!(worth(&settings(), &row(), 4, at(1601)), Worth::Reused);
    assert_eq!(worth(&settings(), &row(), 3, at(1011)), Worth::Reused);
}

#[test]
fn the_fourth_lost_answer_in_a_day_is_reuse() {
    let mut row = row();
    row.retries = vec![at(980), at(985), at(990)];
    assert_eq!(worth(&settings(), &row, 4, at(1100)), Worth::Reused);
    row.retries = vec![at(985), at(990)];
    assert_eq!(worth(&settings(), &row, 4, at(1100)), Worth::Retry);
}

#[test]
fn a_generation_that_is_not_remembered_is_reuse() {
    assert_eq!(worth(&settings(), &row(), 2, at(1001)), Worth::Reused);
    assert_eq!(worth(&settings(), &row(), 0, at(1001)), Worth::Reused);
}

#[test]
fn a_generation_of_the_future_raises_no_alarm() {
    assert_eq!(worth(&settings(), &row(), 6, at(1001)), Worth::Ahead);
}

#[test]
fn an_ended_session_stays_ended_whatever_the_token() {
    let mut row = row();
    assert_eq!(worth(&settings(), &row, 5, at(100_000)), Worth::Expired);
    row.revoked_at = Some(at(1500));
    assert_eq!(worth(&settings(), &row, 5, at(2000)), Worth::Revoked(Code::SessionRevoked));
    row.revoked_reason = Some("reused".to_owned());
    assert_eq!(worth(&settings(), &row, 4, at(2000)), Worth::Revoked(Code::TokenReused));
}
