//! The schema's history. A migration that has landed is never edited: the runner compares checksums.

use doorward_db::Migration;

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "house",
        sql: include_str!("../../../migrations/0001_house.sql"),
        postgres: None,
    },
    Migration {
        version: 2,
        name: "devices",
        sql: include_str!("../../../migrations/0002_devices.sql"),
        postgres: None,
    },
    Migration {
        version: 3,
        name: "account_life",
        sql: include_str!("../../../migrations/0003_account_life.sql"),
        postgres: None,
    },
    Migration {
        version: 4,
        name: "guessing",
        sql: include_str!("../../../migrations/0004_guessing.sql"),
        postgres: None,
    },
    Migration {
        version: 5,
        name: "service_keys",
        sql: include_str!("../../../migrations/0005_service_keys.sql"),
        postgres: None,
    },
    Migration {
        version: 6,
        name: "keys",
        sql: include_str!("../../../migrations/0006_keys.sql"),
        postgres: None,
    },
    Migration {
        version: 7,
        name: "audit",
        sql: include_str!("../../../migrations/0007_audit.sql"),
        postgres: None,
    },
    Migration {
        version: 8,
        name: "epoch",
        sql: include_str!("../../../migrations/0008_epoch.sql"),
        postgres: None,
    },
    Migration {
        version: 9,
        name: "second_factors",
        sql: include_str!("../../../migrations/0009_second_factors.sql"),
        postgres: None,
    },
    Migration {
        version: 10,
        name: "recovery",
        sql: include_str!("../../../migrations/0010_recovery.sql"),
        postgres: None,
    },
    Migration {
        version: 11,
        name: "email_sign_in",
        sql: include_str!("../../../migrations/0011_email_sign_in.sql"),
        postgres: None,
    },
    Migration {
        version: 12,
        name: "passkeys",
        sql: include_str!("../../../migrations/0012_passkeys.sql"),
        postgres: None,
    },
    Migration {
        version: 13,
        name: "phones",
        sql: include_str!("../../../migrations/0013_phones.sql"),
        postgres: None,
    },
    Migration {
        version: 14,
        name: "whose_factors",
        sql: include_str!("../../../migrations/0014_whose_factors.sql"),
        postgres: None,
    },
    Migration {
        version: 15,
        name: "second_only",
        sql: include_str!("../../../migrations/0015_second_only.sql"),
        postgres: None,
    },
    Migration {
        version: 16,
        name: "sign_up_return",
        sql: include_str!("../../../migrations/0016_sign_up_return.sql"),
        postgres: None,
    },
];
