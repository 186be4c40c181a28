//! The file of an embedded database, moved away or replaced while the server runs.

use doorward_test_support::TestApp;

#[tokio::test]
async fn nothing_is_acknowledged_that_goes_into_a_file_nobody_will_find_again() {
    let app = TestApp::start().await;
    let Some(file) = app.database_file() else { return };
    let (ada, email) = app.member("ada").await;
    let aside = file.with_extension("aside");
    std::fs::rename(&file, &aside).unwrap();
    app.browser().sign_up("lost@example.com").await.expect_problem(503, "unavailable");
    ada.refresh().await.expect_problem(503, "unavailable");
    app.browser().get("/readyz").await.expect_status(503);

    // Another one in its place is not the one.
    std::fs::copy(&aside, &file).unwrap();
    app.browser().sign_in(&email).await.expect_problem(503, "unavailable");

    std::fs::rename(&aside, &file).unwrap();
    ada.refresh().await.expect_status(200);
    app.browser().sign_in(&email).await.expect_status(200);
    app.browser().get("/readyz").await.expect_status(200);
}
