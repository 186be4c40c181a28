//! Every first factor that there is, by each of its doors, before an account with a second one and before an account that
//! needs one. `Method::ALL` is made with the enum, and the `match`es here don't compile where a way in is missing.

use doorward_core::config::VerifyEmail;
use doorward_core::sign_in::Method;
use doorward_test_support::{How, SoftPasskey, code_in, unique};

use super::super::passkeys::add_with;
use super::*;

/// What whoever comes this way meets: where the account has a second factor, and where it needs one and has none.
const fn meets(way: Method) -> [&'static str; 2] {
    match way {
        Method::Password | Method::EmailLink | Method::EmailCode => ["mfa_required", "enrolment_required"],
        // The account has a second factor: this passkey, with what verifies its owner.
        Method::Passkey | Method::SyncedPasskey => ["mfa_required", "mfa_required"],
        // Two factors in one.
        Method::VerifiedPasskey | Method::VerifiedSyncedPasskey => ["signed_in", "signed_in"],
        // The account is made by it.
        Method::ConfirmedSignUp | Method::FirstAdmin => ["signed_in", "enrolment_required"],
    }
}

/// How the authenticator of this way answers, where it is a passkey.
fn authenticator(app: &TestApp, way: Method) -> Option<How> {
    let (user_verified, backup_eligible) = match way {
        Method::Passkey => (false, false),
        Method::SyncedPasskey => (false, true),
        Method::VerifiedPasskey => (true, false),
        Method::VerifiedSyncedPasskey => (true, true),
        Method::Password
        | Method::EmailLink
        | Method::EmailCode
        | Method::ConfirmedSignUp
        | Method::FirstAdmin => return None,
    };
    Some(How { user_verified, backup_eligible, backed_up: backup_eligible, ..How::on(&app.url) })
}

/// Somebody who can come this way, and what they come with.
struct Owner {
    browser: Browser,
    email: String,
    username: String,
    passkey: Option<(SoftPasskey, How)>,
}

async fn owner(app: &TestApp, way: Method) -> Owner {
    let (browser, email) = app.member("ada").await;
    let username = unique("ada");
    browser.patch("/v1/me", &json!({"preferred_username": username})).await.expect_status(200);
    let passkey = match authenticator(app, way) {
        Some(how) => Some((add_with(&browser, &how).await, how)),
        None => None,
    };
    Owner { browser, email, username, passkey }
}

/// Comes this way by each of its doors: who came, and what they were answered.
async fn come(app: &TestApp, way: Method, owner: &mut Owner) -> Vec<(Browser, Reply)> {
    match way {
        Method::Password => by_password(app, owner).await,
        Method::EmailLink => by_link(app, &owner.email).await,
        Method::EmailCode => by_code(app, &owner.email).await,
        Method::Passkey | Method::SyncedPasskey | Method::VerifiedPasskey | Method::VerifiedSyncedPasskey => {
            by_passkey(app, owner).await
        }
        Method::ConfirmedSignUp => by_sign_up(app).await,
        Method::FirstAdmin => as_first_admin(app).await,
    }
}

async fn by_password(app: &TestApp, owner: &Owner) -> Vec<(Browser, Reply)> {
    let mut came = Vec::new();
    for identifier in [&owner.email, &owner.username, &owner.email.to_uppercase()] {
        for delivery in ["cookie", "body"] {
            let mut body = password(identifier);
            body["delivery"] = json!(delivery);
            let browser = app.browser();
            let reply = browser.post("/v1/sign-in", &body).await;
            came.push((browser, reply));
        }
        let browser = app.browser();
        let form = [("identifier", identifier.as_str()), ("password", PASSWORD)];
        let reply = browser.submit("/sign-in", &form).await;
        came.push((browser, reply));
    }
    came
}

async fn by_link(app: &TestApp, email: &str) -> Vec<(Browser, Reply)> {
    let api = app.browser();
    api.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
    let token = app.mail_to(email).await.token();
    let answered = api.post("/v1/sign-in/email/verify", &json!({"token": token})).await;
    let page = app.browser();
    page.submit("/sign-in/email/start", &[("identifier", email)]).await.expect_status(303);
    let token = app.mail_to(email).await.token();
    let shown = page.submit("/sign-in/link", &[("token", &token)]).await;
    vec![(api, answered), (page, shown)]
}

async fn by_code(app: &TestApp, email: &str) -> Vec<(Browser, Reply)> {
    let api = app.browser();
    api.post("/v1/sign-in/email", &json!({"email": email})).await.expect_status(202);
    let code = app.mail_to(email).await.code();
    let answered = api.post("/v1/sign-in/email/verify", &json!({"email": email, "code": code})).await;
    let mut came = vec![(api, answered)];
    for opened_elsewhere in [false, true] {
        let page = app.browser();
        page.submit("/sign-in/email/start", &[("identifier", email)]).await.expect_status(303);
        let mail = app.mail_to(email).await;
        let code = if opened_elsewhere {
            let form = [("token", mail.token()), ("show_code", "1".to_owned())];
            let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
            let shown = app.browser().submit("/sign-in/link", &form).await.expect_status(200).text.clone();
            code_in(&shown.replace(['<', '>'], "\n"))
        } else {
            mail.code()
        };
        let reply = page.submit("/sign-in/email", &[("email", email), ("code", &code)]).await;
        came.push((page, reply));
    }
    came
}

async fn by_passkey(app: &TestApp, owner: &mut Owner) -> Vec<(Browser, Reply)> {
    let (passkey, how) = owner.passkey.as_mut().unwrap();
    let (api, page) = (app.browser(), app.browser());
    let started = api.post_empty("/v1/sign-in/passkey/start").await.expect_status(200).value();
    let credential = passkey.get(&started["options"], how);
    let body = json!({"passkey_token": started["passkey_token"], "credential": credential});
    let answered = api.post("/v1/sign-in/passkey/finish", &body).await;
    let started = page.post_empty("/v1/sign-in/passkey/start").await.expect_status(200).value();
    let credential = passkey.get(&started["options"], how).to_string();
    let token = started["passkey_token"].as_str().unwrap();
    let fields = [("passkey_token", token), ("credential", &credential)];
    let shown = page.submit("/sign-in/passkey", &fields).await;
    vec![(api, answered), (page, shown)]
}

async fn by_sign_up(app: &TestApp) -> Vec<(Browser, Reply)> {
    let mut came = Vec::new();
    for door in ["code", "link", "link elsewhere", "page", "page elsewhere"] {
        let (browser, email) = (app.browser(), format!("{}@example.com", unique("new")));
        browser.sign_up(&email).await.expect_status(202);
        let mail = app.mail_to(&email).await;
        let elsewhere = app.browser();
        let (code, token) = (mail.code(), mail.token());
        came.push(match door {
            "code" => {
                let body = json!({"email": email, "code": code});
                let reply = browser.post("/v1/email/verify", &body).await;
                (browser, reply)
            }
            "link" => {
                let reply = browser.post("/v1/email/verify", &json!({"token": token})).await;
                (browser, reply)
            }
            "link elsewhere" => {
                let body = json!({"token": token, "password": PASSWORD});
                let reply = elsewhere.post("/v1/email/verify", &body).await;
                (elsewhere, reply)
            }
            "page" => {
                let reply = browser.submit("/verify-email", &[("email", &email), ("code", &code)]).await;
                (browser, reply)
            }
            _ => {
                let form = [("token", token.as_str()), ("password", "another fine sentence")];
                let reply = elsewhere.submit("/verify-email", &form).await;
                (elsewhere, reply)
            }
        });
    }
    came
}

async fn as_first_admin(app: &TestApp) -> Vec<(Browser, Reply)> {
    let link = doorward_core::operator::first_admin_link(app.app.context(), &app.url).await.unwrap().unwrap();
    let (browser, token) = (app.browser(), link.split("token=").nth(1).unwrap());
    let form = [("token", token), ("email", "admin@example.com"), ("password", PASSWORD)];
    let reply = browser.submit("/first-admin", &form).await;
    vec![(browser, reply)]
}

/// What somebody met: the API's word for it, or the page that they were led to.
fn met(reply: &Reply) -> String {
    if reply.status == 200 {
        return reply.value()["status"].as_str().unwrap_or_default().to_owned();
    }
    let location = reply.expect_status(303).header("location");
    match location.split('?').next().unwrap() {
        "/sign-in/mfa" => "mfa_required",
        "/sign-in/set-up" => "enrolment_required",
        "/account" => "signed_in",
        other => panic!("led to {other}"),
    }
    .to_owned()
}

/// Comes by all doors of a way. Whoever does not get in has no session and no token, and their sign-in waits as this way's.
async fn meet(app: &TestApp, way: Method, owner: &mut Owner, expected: &str) -> Vec<Browser> {
    let before = app.count("SELECT COUNT(*) FROM sessions").await;
    let came = come(app, way, owner).await;
    assert!(!came.is_empty(), "{way:?}");
    let opened = app.count("SELECT COUNT(*) FROM sessions").await - before;
    let mut browsers = Vec::new();
    for (at, (browser, reply)) in came.into_iter().enumerate() {
        assert_eq!(met(&reply), expected, "{way:?}, door {at}: {}", reply.text);
        if expected != "signed_in" {
            assert_eq!(opened, 0, "{way:?} opened a session");
            for token in ["access_token", "refresh_token"] {
                assert!(!reply.text.contains(token), "{way:?}, door {at}: {}", reply.text);
            }
            for cookie in ["doorward_access", "doorward_refresh"] {
                assert!(browser.cookie(cookie).is_none(), "{way:?}, door {at}: {cookie}");
            }
            browser.get("/v1/session").await.expect_problem(401, "not_authenticated");
        }
        browsers.push(browser);
    }
    if expected != "signed_in" {
        let context = app.app.context();
        let newest = "SELECT method FROM pending_sign_ins ORDER BY created_at DESC LIMIT 1";
        let row = context.db.read(async |tx| tx.query_one(newest, &[]).await).await.unwrap();
        assert_eq!(row.get::<String>(0).unwrap(), way.kept(), "another way than was meant");
    }
    browsers
}

#[tokio::test]
async fn whichever_way_somebody_comes_an_account_with_a_second_factor_asks_for_it() {
    let app = without_limits().await;
    for &way in Method::ALL {
        let mut owner = owner(&app, way).await;
        app.add_totp(&owner.browser).await;
        let accounts = app.count("SELECT COUNT(*) FROM users").await;
        let [expected, _] = meets(way);

        let came = meet(&app, way, &mut owner, expected).await;

        let made = app.count("SELECT COUNT(*) FROM users").await - accounts;
        for browser in came.iter().filter(|_| expected == "signed_in") {
            let is_new = made == i64::try_from(came.len()).unwrap();
            assert!(is_new || session(browser).await["acr"] == "aal2", "{way:?} gets in by one factor");
        }
    }
}

#[tokio::test]
async fn whichever_way_somebody_comes_an_account_that_needs_a_second_factor_sets_one_up() {
    let mut app = without_limits().await;
    let mut owners = Vec::new();
    for &way in Method::ALL {
        owners.push((way, owner(&app, way).await));
    }
    app.restart_with(|config| config.mfa.required_for = vec!["user".to_owned()]).await;
    for (way, mut owner) in owners {
        let [_, expected] = meets(way);

        let came = meet(&app, way, &mut owner, expected).await;

        for browser in came.iter().filter(|_| expected == "signed_in") {
            assert_eq!(session(browser).await["acr"], "aal2", "{way:?} gets in by one factor");
        }
    }
    // A sign-up that is not confirmed first.
    app.restart_with(|config| config.sign_up.verify_email = VerifyEmail::Later).await;
    let reply = app.browser().sign_up("later@example.com").await;
    assert_eq!(met(&reply), "enrolment_required");
    assert!(reply.set_cookies().is_empty() && !reply.text.contains("access_token"));
}

#[tokio::test]
async fn what_a_sign_in_waits_for_is_told_and_a_mail_is_never_among_it() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let by_mail = app.browser();
    by_mail.post("/v1/sign-in/email", &json!({"email": ada.email})).await.expect_status(202);
    let token = app.mail_to(&ada.email).await.token();

    for reply in [
        app.browser().sign_in(&ada.email).await,
        by_mail.post("/v1/sign-in/email/verify", &json!({"token": token})).await,
    ] {
        let answer = reply.expect_status(200).value();
        assert_eq!(answer["methods"], json!(["totp", "backup_code"]));
        assert!(answer["expires_in"].as_u64().unwrap() <= 600 && answer.get("user").is_none());
    }
}

#[tokio::test]
async fn whichever_way_a_sign_in_began_its_token_opens_nothing_else() {
    let mut app = without_limits().await;
    let (somebody, _) = app.member("eve").await;
    let mut owners = Vec::new();
    for &way in Method::ALL {
        owners.push((way, owner(&app, way).await));
    }
    for (way, owner) in &owners {
        if meets(*way)[0] == "mfa_required" {
            app.add_totp(&owner.browser).await;
        }
    }
    let mut tried = 0;
    for required in [false, true] {
        if required {
            app.restart_with(|config| config.mfa.required_for = vec!["user".to_owned()]).await;
        }
        for (way, owner) in &mut owners {
            if meets(*way)[usize::from(required)] == "signed_in" {
                continue;
            }
            let came = come(&app, *way, owner).await;
            // Each way has a door of the API; a page's keeps the token in the cookie.
            let tokens = came.iter().filter(|(_, reply)| reply.status == 200);
            for token in
                tokens.filter_map(|(_, reply)| reply.value()["mfa_token"].as_str().map(str::to_owned)).take(1)
            {
                super::gate::opens_nothing(&app, &token, &somebody).await;
                tried += 1;
            }
        }
    }
    assert!(tried >= 10, "{tried}");
}
