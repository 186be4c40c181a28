use super::*;

#[tokio::test]
async fn a_wrong_code_is_told_where_the_right_one_is() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    for (method, code, where_it_is) in
        [("totp", "000000", "your app shows"), ("backup_code", "aaaaa-aaaaa", "Try another")]
    {
        let refused = second_step(&browser, &token, method, code).await;
        let detail = refused.expect_problem(400, "invalid_or_expired_code").value()["detail"].to_string();
        assert!(detail.contains(where_it_is), "{detail}");
    }
}

#[tokio::test]
async fn each_of_ten_codes_works_once_however_it_is_typed() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    assert_eq!(ada.codes.len(), 10);
    let browser = app.browser();
    for (at, code) in ada.codes.iter().enumerate() {
        let typed = match at % 3 {
            0 => code.clone(),
            1 => code.replace('-', " ").to_lowercase(),
            _ => code.replace('-', "").replace('0', "o").replace('1', "L"),
        };
        let token = first_step(&browser, &ada.email).await;
        second_step(&browser, &token, "backup_code", &typed).await.expect_status(200);
        let told = app.mails_to(&ada.email).await;
        assert_eq!(told.iter().filter(|mail| mail.subject.contains("A backup code")).count(), at + 1);
        let left = browser.get("/v1/me/backup-codes").await.value();
        assert_eq!(left["remaining"], 9 - at);
        let token = first_step(&browser, &ada.email).await;
        let again = second_step(&browser, &token, "backup_code", code).await;
        let spent = if at == 9 { (422, "validation_failed") } else { (400, "invalid_or_expired_code") };
        again.expect_problem(spent.0, spent.1);
    }
    let answer = browser.sign_in(&ada.email).await.value();
    assert_eq!(answer["methods"], json!(["totp"]), "none is left");
}

#[tokio::test]
async fn of_fifty_uses_of_one_code_at_once_one_gets_in() {
    let app = without_limits().await;
    let ada = ada(&app).await;
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(first_step(&app.browser(), &ada.email).await);
    }

    let replies = doorward_test_support::all_at_once(tokens, |token| {
        let (browser, code) = (app.browser(), ada.codes[0].clone());
        async move { second_step(&browser, &token, "backup_code", &code).await.status }
    })
    .await;

    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM backup_codes WHERE used_at IS NULL").await, 9);
}

#[tokio::test]
async fn a_new_set_ends_the_one_before() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;

    let new = ada.browser.post_empty("/v1/me/backup-codes").await.expect_status(200).value();

    let new: Vec<String> = serde_json::from_value(new["codes"].clone()).unwrap();
    assert!(new.len() == 10 && new.iter().all(|code| !ada.codes.contains(code)));
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;
    second_step(&browser, &token, "backup_code", &ada.codes[0])
        .await
        .expect_problem(400, "invalid_or_expired_code");
    second_step(&browser, &token, "backup_code", &new[0]).await.expect_status(200);
    assert!(app.mails_to(&ada.email).await.iter().any(|mail| mail.subject.contains("New backup codes")));
}

#[tokio::test]
async fn somebody_elses_codes_open_nothing() {
    let app = TestApp::start().await;
    let (ada, eve) = (ada(&app).await, super::ada(&app).await);
    let browser = app.browser();
    let token = first_step(&browser, &ada.email).await;

    second_step(&browser, &token, "backup_code", &eve.codes[0])
        .await
        .expect_problem(400, "invalid_or_expired_code");

    let token = first_step(&browser, &eve.email).await;
    second_step(&browser, &token, "backup_code", &eve.codes[0]).await.expect_status(200);
}
