use proptest::prelude::*;

use super::argon2::Memory;
use super::*;
use crate::rng::SystemRng;

const PASSWORD: &str = "correct horse";
const TINY: Params = Params { memory_kib: 32, passes: 2, lanes: 2 };

fn hasher(params: Params) -> PasswordHasher {
    PasswordHasher::start(PoolConfig { params, threads: 2, queue: 64 }, Arc::new(SystemRng))
}

/// Whether the stored hash is of this password, and whether it wants an upgrade.
fn verify(password: &str, stored: &str, configured: Params) -> Option<(bool, bool)> {
    let stored = Stored::parse(stored, configured)?;
    let matches = stored.matches(password.as_bytes(), &mut Memory::default()).unwrap();
    Some((matches, !stored.is_current(configured)))
}

fn is_of(password: &str, stored: &str) -> bool {
    verify(password, stored, TINY).is_some_and(|(matches, _)| matches)
}

#[tokio::test]
async fn a_password_matches_its_hash_and_no_other() {
    let hasher = hasher(TINY);
    let hash = hasher.hash(&PASSWORD.into()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=32,t=2,p=2$"), "{hash}");
    assert_ne!(hash, hasher.hash(&PASSWORD.into()).await.unwrap());
    assert_eq!(hasher.verify(&PASSWORD.into(), Some(&hash)).await, Ok(Verdict::Match { upgrade: false }));
    for wrong in ["correct hors", "Correct horse", "correct horse ", ""] {
        assert_eq!(hasher.verify(&wrong.into(), Some(&hash)).await, Ok(Verdict::Mismatch));
    }
}

#[tokio::test]
async fn no_hash_and_one_that_is_not_understood_match_nothing() {
    let hasher = hasher(TINY);
    for password in ["", PASSWORD] {
        for stored in [None, Some(""), Some("!"), Some(PASSWORD), Some("$argon2id$v=19$m=32,t=2,p=2$$")] {
            assert_eq!(hasher.verify(&password.into(), stored).await, Ok(Verdict::Mismatch));
        }
    }
}

#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one() {
    let hasher = hasher(Params { memory_kib: 16_384, passes: 2, lanes: 1 });
    let hash = hasher.hash(&PASSWORD.into()).await.unwrap();
    let mut fastest = [Duration::MAX; 3];
    for _ in 0..10 {
        for (fastest, stored) in fastest.iter_mut().zip([Some(hash.as_str()), None, Some("malformed")]) {
            let begun = std::time::Instant::now();
            assert_eq!(hasher.verify(&"wrong".into(), stored).await, Ok(Verdict::Mismatch));
            *fastest = begun.elapsed().min(*fastest);
        }
    }
    let [known, unknown, malformed] = fastest;
    for other in [unknown, malformed] {
        assert!(other < known * 2 && known < other * 2, "{known:?} against {other:?}");
    }
}

#[test]
fn argon2id_is_that_of_rfc_9106() {
    // Section 5.3, in memory that another computation has left its traces in.
    let builder = ::argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(::argon2::AssociatedData::new(&[4; 12]).unwrap())
        .output_len(32)
        .build()
        .unwrap();
    let (algorithm, version) = (::argon2::Algorithm::Argon2id, ::argon2::Version::V0x13);
    let argon2 = ::argon2::Argon2::new_with_secret(&[3; 8], algorithm, version, builder).unwrap();
    let mut memory = vec![::argon2::Block::new(); 32];
    let mut tag = [0; 32];
    for password in [[7; 32], [1; 32]] {
        argon2.hash_password_into_with_memory(&password, &[2; 16], &mut tag, &mut memory).unwrap();
    }
    assert_eq!(tag[..8], [0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c]);
    assert_eq!(tag[24..], [0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59]);
}

#[test]
fn argon2_hashes_of_other_implementations_verify() {
    let openssl =
        "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$V38f836aPlLJfTn46DiRwbc7Dof/4EKc7o7eL7AF/kQ";
    assert_eq!(verify(PASSWORD, openssl, Params::default()), Some((true, false)));
    assert_eq!(verify(PASSWORD, openssl, TINY), Some((true, true)));
    assert_eq!(verify("incorrect horse", openssl, Params::default()), Some((false, false)));
    // The reference implementation's own tests.
    for stored in [
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ] {
        assert_eq!(verify("password", stored, TINY), Some((true, true)), "{stored}");
        assert!(!is_of("passwore", stored));
    }
}

#[test]
fn an_upgrade_is_due_whenever_kind_or_cost_differ() {
    let hash = argon2::hash(TINY, PASSWORD.as_bytes(), &[1; argon2::SALT], &mut Memory::default()).unwrap();
    assert_eq!(verify(PASSWORD, &hash, TINY), Some((true, false)));
    let Params { memory_kib, passes, lanes } = TINY;
    for configured in [
        Params { memory_kib: memory_kib * 2, ..TINY },
        Params { memory_kib: memory_kib / 2, ..TINY },
        Params { passes: passes + 1, ..TINY },
        Params { lanes: lanes - 1, ..TINY },
    ] {
        assert_eq!(verify(PASSWORD, &hash, configured), Some((true, true)));
    }
}

#[test]
fn bcrypt_hashes_verify() {
    for version in ["2a", "2b", "2y"] {
        let stored = format!("${version}$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2");
        assert_eq!(verify(PASSWORD, &stored, TINY), Some((true, true)));
        assert!(!is_of("correct horsf", &stored));
    }
    assert!(is_of("", "$2b$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m"));
    // OpenBSD's own examples.
    assert!(is_of("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    assert!(is_of("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"));
    // A salt made by hand, with bits set that are no part of it.
    assert!(is_of(PASSWORD, "$2y$05$abcdefghijklmnopqrstuvHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"));
}

#[test]
fn bcrypt_looks_at_72_bytes() {
    let stored = "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
    let password = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    assert_eq!(password.len(), 72);
    assert!(is_of(password, stored) && is_of(&format!("{password} and more"), stored));
    assert!(!is_of(&password[..71], stored));
}

#[test]
fn scrypt_and_pbkdf2_hashes_verify() {
    for stored in [
        "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$nfkj3u1fRTHCea+fVr03sWV770kp5wLOLoEakziKhqE",
        "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
        "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
        "$pbkdf2-sha512$i=1000,l=64$AAECAwQFBgcICQoLDA0ODw$Xpx07WjVx4vCIvrmBRj8uOoVVtGqJqtUv2J5bhizSQs7osCteF7W4A61dZDqSIqQjO+dxO6p5FT/Uy7QRBXSXA",
        // As passlib and as Django write it.
        "$pbkdf2-sha256$1000$./v7./v7./v7./v7./v7.w$6K/S943NADeFiTn06SjokqKekWwRk0.FHe719IKmFUY",
        "pbkdf2_sha256$1000$NaClOfDjango12$j3YUCx8iXZK1bmfKd+gTP604Upk1kMH20vH7al9zqGQ=",
    ] {
        assert_eq!(verify(PASSWORD, stored, TINY), Some((true, true)), "{stored}");
        assert!(!is_of("correct horsf", stored) && !is_of("", stored), "{stored}");
    }
}

#[test]
fn a_hash_that_would_cost_too_much_is_not_computed() {
    let salt_and_hash = "AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ";
    for costs in [
        "$argon2id$v=19$m=4294967295,t=1,p=1",
        "$argon2id$v=19$m=262145,t=1,p=1",
        "$argon2id$v=19$m=65536,t=4294967295,p=1",
        "$argon2id$v=19$m=65536,t=1,p=4294967295",
        "$scrypt$ln=18,r=8,p=1",
        "$scrypt$ln=63,r=8,p=1",
        "$scrypt$ln=10,r=4294967295,p=4294967295",
        "$scrypt$ln=10,r=8,p=1000000",
        "$pbkdf2-sha256$i=4294967295",
        "pbkdf2_sha256$5000001",
    ] {
        assert!(Stored::parse(&format!("{costs}${salt_and_hash}"), TINY).is_none(), "{costs}");
    }
    assert!(Stored::parse("$2b$31$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", TINY).is_none());
    // But what the operator asks for is never too much.
    let dear = Params { memory_kib: 1 << 20, passes: 4, lanes: 4 };
    assert!(Stored::parse(&format!("$argon2id$v=19$m=1048576,t=4,p=4${salt_and_hash}"), dear).is_some());
}

#[test]
fn a_malformed_hash_is_not_understood() {
    let hash = "AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ";
    for stored in [
        format!("$argon2id$v=19$m=32,t=2,p=0${hash}"),
        format!("$argon2id$v=19$m=0,t=0,p=0${hash}"),
        format!("$argon2id$v=19$m=32,t=0,p=1${hash}"),
        format!("$argon2id$v=19$t=2,m=32,p=1${hash}"),
        format!("$argon2id$v=19$m=+32,t=2,p=1${hash}"),
        format!("$argon2id$v=19$m=32,t=2,p=1,x=1${hash}"),
        format!("$argon2id$v=18$m=32,t=2,p=1${hash}"),
        format!("$argon2x$v=19$m=32,t=2,p=1${hash}"),
        format!("$argon2id$v=19$m=32,t=2,p=1${hash}$"),
        format!("$argon2id$v=19$m=32,t=2,p=1${hash}="),
        "$argon2id$v=19$m=32,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$".to_owned(),
        "$argon2id$v=19$m=32,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAAA".to_owned(),
        "$argon2id$v=19$m=32,t=2,p=1$AAAA$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ".to_owned(),
        format!("$scrypt$ln=0,r=8,p=1${hash}"),
        format!("$scrypt$ln=10,r=0,p=1${hash}"),
        format!("$scrypt$ln=10,r=8,p=0${hash}"),
        format!("$pbkdf2-sha256$i=0${hash}"),
        format!("$pbkdf2-sha256$i=1000,l=31${hash}"),
        format!("$pbkdf2-md5$i=1000${hash}"),
        "pbkdf2_sha256$1000$salt$".to_owned(),
        "$2x$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2".to_owned(),
        "$2b$5$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2".to_owned(),
        "$2b$03$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2".to_owned(),
        "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lO".to_owned(),
        "$2b$05$abcdefghijklmnopqrstué".to_owned(),
        "x".repeat(10_000),
    ] {
        assert!(Stored::parse(&stored, TINY).is_none(), "{stored}");
    }
}

#[test]
fn the_floor_holds() {
    assert_eq!(Params::new(65_536, 3, 4), Ok(Params::default()));
    assert!(Params::new(19_456, 2, 1).is_ok());
    for (memory, passes, lanes) in
        [(19_455, 2, 1), (19_456, 1, 1), (19_456, 2, 0), (19_456, 2, 2433), (0, 0, 0)]
    {
        assert_eq!(Params::new(memory, passes, lanes), Err(BelowFloor));
    }
}

#[test]
fn the_pool_fits_the_machine() {
    let config = PoolConfig::for_machine(Params::default());
    assert!(config.threads >= 1 && config.threads <= machine::cores() && config.queue >= config.threads);
    let huge = Params { memory_kib: u32::MAX, ..Params::default() };
    assert!(PoolConfig::for_machine(huge).threads >= 1);
}

#[tokio::test]
async fn a_cost_that_cannot_be_computed_fails_instead_of_panicking() {
    let config = PoolConfig { params: Params { lanes: 0, ..TINY }, threads: 1, queue: 1 };
    let hasher = PasswordHasher::start(config, Arc::new(SystemRng));
    for _ in 0..2 {
        assert_eq!(hasher.hash(&PASSWORD.into()).await, Err(HashError::Failed));
    }
}

proptest! {
    #[test]
    fn parsing_anything_never_panics(text in ".{0,80}", fields in "(\\$[a-z0-9=,./+-]{0,24}){0,6}") {
        Stored::parse(&text, TINY);
        Stored::parse(&fields, TINY);
        for head in ["$argon2id", "$2b", "$scrypt", "$pbkdf2-sha256", "pbkdf2_sha256"] {
            Stored::parse(&format!("{head}{fields}"), TINY);
        }
    }

    #[test]
    fn a_hash_changed_in_its_last_part_never_matches(at in 0_usize..43, letter in "[A-Za-z0-9+/]") {
        let hash = argon2::hash(TINY, PASSWORD.as_bytes(), &[1; argon2::SALT], &mut Memory::default()).unwrap();
        let at = hash.len() - 43 + at;
        prop_assume!(!hash[at..].starts_with(&letter));
        let changed = format!("{}{letter}{}", &hash[..at], &hash[at + 1..]);
        prop_assert!(!is_of(PASSWORD, &changed));
    }
}
