//! How long a recovery waits, what ends it, and what is written down of it.

use std::time::Duration;

use doorward_test_support::TestApp;
use serde_json::json;

use super::recovery::{DAY, HOUR, ask, complete, first_step, mails, start, token};

#[tokio::test]
async fn each_of_its_mails_says_that_it_was_not_me() {
    for stage in ["lost your second factor", "will be removed soon", "get back into"] {
        let (app, ada) = start().await;
        app.advance(8 * DAY);
        ask(&app, &ada.email).await;
        let mut told = mails(&app, &ada.email, stage).await;
        for _ in 0..2 {
            if told.is_empty() {
                app.advance(12 * HOUR);
                told = mails(&app, &ada.email, stage).await;
            }
        }

        let body = json!({"token": token(&told[0], "/not-me")});
        app.browser().post("/v1/not-me", &body).await.expect_status(204);

        ada.browser.refresh().await.expect_problem(401, "session_revoked");
        assert_eq!(app.count("SELECT COUNT(*) FROM recoveries WHERE used_at IS NULL").await, 0, "{stage}");
        assert_eq!(app.count("SELECT COUNT(*) FROM totp WHERE confirmed").await, 1, "{stage}");
        assert!(app.mail_to(&ada.email).await.text.contains("/reset-password"));
    }
}

#[tokio::test]
async fn every_step_is_written_down_with_who_cancelled() {
    let (app, ada) = start().await;
    ask(&app, &ada.email).await;
    ada.browser.post_empty("/v1/recovery/cancel").await.expect_status(204);
    ask(&app, &ada.email).await;
    app.advance(DAY);
    let ready = mails(&app, &ada.email, "get back into").await.remove(0);
    complete(&app, &token(&ready, "/recovery/complete")).await.expect_status(204);

    let steps = app
        .app
        .context()
        .db
        .read(async |tx| {
            let sql = "SELECT type FROM audit_events WHERE type LIKE 'recovery.%' ORDER BY id";
            let rows = tx.query_all(sql, &[]).await?;
            rows.iter().map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()
        })
        .await
        .unwrap();

    let wanted = ["asked", "cancelled", "asked", "ready", "completed"].map(|step| format!("recovery.{step}"));
    assert_eq!(steps, wanted);
    let by_session =
        "SELECT COUNT(*) FROM audit_events WHERE type = 'recovery.cancelled' AND detail LIKE '%session%'";
    assert_eq!(app.count(by_session).await, 1);
}

#[tokio::test]
async fn the_wait_is_as_long_as_the_setting_says_and_seven_days_at_least_for_a_mailbox() {
    for (setting, by_password, by_mail) in [(36 * HOUR, 36 * HOUR, 7 * DAY), (10 * DAY, 10 * DAY, 10 * DAY)] {
        let app = TestApp::with(|config| {
            config.rate_limit.enabled = false;
            config.recovery.wait = setting;
        })
        .await;
        let (ada, email) = app.member("ada").await;
        app.add_totp(&ada).await;
        assert_eq!(ask(&app, &email).await, by_password);
        ada.post_empty("/v1/recovery/cancel").await.expect_status(204);

        let browser = app.browser();
        browser.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
        let body = json!({"email": email, "code": app.mail_to(&email).await.code()});
        let answer = browser.post("/v1/sign-in/email/verify", &body).await.expect_status(200).value();
        let asked = browser.post("/v1/recovery", &json!({"mfa_token": answer["mfa_token"]})).await;
        asked.expect_status(202);

        let row = "SELECT (ready_at - asked_at) / 1000000 FROM recoveries WHERE used_at IS NULL";
        assert_eq!(app.count(row).await, i64::try_from(by_mail.as_secs()).unwrap());
    }
}

#[tokio::test]
async fn each_factor_that_is_proved_ends_it_and_less_does_not() {
    for method in ["totp", "backup_code", "sms", "passkey"] {
        let app = TestApp::with(|config| {
            config.rate_limit.enabled = false;
            config.sms = Some(doorward_core::config::Sms {
                countries: vec!["+43".to_owned()],
                hourly_per_country: 100,
            });
        })
        .await;
        let (ada, email) = app.member("ada").await;
        let (phone, codes) = app.add_totp(&ada).await;
        let number = "+436641234567";
        ada.post("/v1/me/phone", &json!({"phone_number": number})).await.expect_status(202);
        let code = doorward_test_support::sms_code(&app.sms_to(number).await[0]);
        ada.post("/v1/me/phone/verify", &json!({"code": code})).await.expect_status(200);
        let mut passkey = super::passkeys::add(&app, &ada).await;
        let trusting = app.browser();
        let mfa_token = first_step(&app, &email).await;
        let body = json!({"mfa_token": mfa_token, "method": "totp", "code": phone.next_code(&app), "trust_device": true});
        trusting.post("/v1/sign-in/mfa", &body).await.expect_status(200);
        trusting.post_empty("/v1/sign-out").await.expect_status(204);
        ask(&app, &email).await;
        app.advance(Duration::from_secs(60));

        assert_eq!(trusting.sign_in(&email).await.value()["status"], "signed_in");
        let browser = app.browser();
        let mfa_token = first_step(&app, &email).await;
        let live = "SELECT COUNT(*) FROM recoveries WHERE used_at IS NULL";
        assert_eq!(
            app.count(live).await,
            1,
            "a device that is trusted and the first step prove none of them"
        );
        let mut body = json!({"mfa_token": mfa_token, "method": method});
        match method {
            "totp" => body["code"] = json!(phone.next_code(&app)),
            "backup_code" => body["code"] = json!(codes[0]),
            _ => {
                let started = browser.post("/v1/sign-in/mfa/start", &body).await;
                if method == "sms" {
                    body["code"] = json!(doorward_test_support::sms_code(&app.sms_to(number).await[0]));
                } else {
                    let started = started.expect_status(200).value();
                    let how = doorward_test_support::How::on(&app.url);
                    body["passkey_token"] = started["passkey_token"].clone();
                    body["credential"] = passkey.get(&started["options"], &how);
                }
            }
        }

        browser.post("/v1/sign-in/mfa", &body).await.expect_status(200);

        assert_eq!(app.count(live).await, 0, "{method}");
    }
}

#[tokio::test]
async fn whoever_asks_again_and_again_is_told_when_it_is_ready() {
    let app = TestApp::with(|config| config.rate_limit.enabled = true).await;
    let (browser, email) = app.member("ada").await;
    app.add_totp(&browser).await;
    let token = first_step(&app, &email).await;
    for _ in 0..8 {
        app.browser().post("/v1/recovery", &json!({"mfa_token": token})).await.expect_status(202);
    }
}
