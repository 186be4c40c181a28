use doorward_test_support::TestApp;
use serde_json::json;

#[tokio::test]
async fn the_page_says_in_words_what_happened_and_leads_to_what_is_older() {
    let app = TestApp::start().await;
    let (ada, email) = app.member("ada").await;
    let wrong = json!({"identifier": email, "password": "not the right password"});
    app.browser().post("/v1/sign-in", &wrong).await.expect_status(401);
    let first = ada.get("/account/activity").await.expect_status(200).text.clone();
    for words in ["Sign-in", "Failed", "This session", "Account created", "127.0.0.1", "just now"] {
        assert!(first.contains(words), "{words}: {first}");
    }
    assert!(first.contains("href=\"/account/activity\" aria-current=\"page\""), "it is among the places");
    assert!(!first.contains("Older"), "there is nothing older");

    for number in 0..30 {
        ada.patch("/v1/me", &json!({"given_name": format!("Ada {number}")})).await.expect_status(200);
    }
    let page = ada.get("/account/activity").await.text;
    assert!(!page.contains("Account created"));
    let older = page.split("href=\"").find(|part| part.starts_with("/account/activity?before=")).unwrap();
    let older = ada.get(older.split('"').next().unwrap()).await.expect_status(200).text.clone();
    assert!(older.contains("Account created") && older.contains(">Newest</a>"), "{older}");
    ada.get("/account/activity?before=nonsense").await.expect_status(404);
    ada.get("/account/activity?before=event_00000000000000000000000000000000").await.expect_status(200);
    app.browser()
        .get("/account/activity")
        .await
        .expect_redirect("/sign-in?redirect_to=%2Faccount%2Factivity");
}
