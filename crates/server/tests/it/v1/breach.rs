//! Passwords that have leaked elsewhere.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use doorward::breach::PwnedPasswords;
use doorward_core::breach::Ranges;
use doorward_test_support::{PASSWORD, TestApp, unique};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const LEAKED: &str = "five leaked lanterns drift";
/// Its SHA-1, by coreutils' `sha1sum`.
const LEAKED_SHA1: &str = "D54FD3F7D569D47FE537510EFFBFD77F03EB11A6";

/// A list that has one password, and writes down what it is asked.
#[derive(Default)]
struct List(Mutex<Vec<String>>);

impl Ranges for List {
    fn range<'a>(
        &'a self,
        prefix: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        self.0.lock().unwrap().push(prefix.to_owned());
        let (own, suffix) = LEAKED_SHA1.split_at(5);
        let found = if prefix == own { format!("{suffix}:42\r\n") } else { String::new() };
        // Padding: what stands there with a count of zero is not in the list.
        let padding = "0000000000000000000000000000000000A:0\r\n";
        Box::pin(async move { Ok(format!("{padding}{found}")) })
    }
}

struct Away;

impl Ranges for Away {
    fn range<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        Box::pin(async { Err("nobody answers".to_owned()) })
    }
}

#[tokio::test]
async fn a_leaked_password_is_refused_wherever_one_is_chosen() {
    let list = Arc::new(List::default());
    let ranges: Arc<dyn Ranges> = Arc::clone(&list) as _;
    let app = TestApp::made_of(|setup| setup.breached = Some(ranges)).await;
    let (ada, email) = app.member("ada").await;

    let sign_up = json!({"email": format!("{}@example.com", unique("new")), "password": LEAKED});
    app.browser().post("/v1/sign-up", &sign_up).await.expect_field("password", "password_breached");
    let change = json!({"current_password": PASSWORD, "new_password": LEAKED});
    ada.post("/v1/password/change", &change).await.expect_field("new_password", "password_breached");
    ada.post("/v1/password/forgot", &json!({"email": email})).await.expect_status(202);
    let token = app.mail_to(&email).await.token();
    let reset = json!({"token": token, "new_password": LEAKED});
    ada.post("/v1/password/reset", &reset).await.expect_field("new_password", "password_breached");
    let other = json!({"token": token, "new_password": "a wholly new long sentence"});
    ada.post("/v1/password/reset", &other).await.expect_status(204);

    let asked = list.0.lock().unwrap();
    assert!(asked.iter().all(|prefix| prefix.len() == 5), "nothing else leaves the house: {asked:?}");
    assert_eq!(asked.iter().filter(|prefix| LEAKED_SHA1.starts_with(prefix.as_str())).count(), 3);
}

#[tokio::test]
async fn where_the_list_does_not_answer_the_password_passes_and_a_figure_says_so() {
    let app = TestApp::made_of(|setup| setup.breached = Some(Arc::new(Away))).await;
    let body = json!({"email": format!("{}@example.com", unique("new")), "password": LEAKED});

    app.browser().post("/v1/sign-up", &body).await.expect_status(202);

    let figures = app.browser().get("/metrics").await.text;
    assert!(figures.contains("breached_passwords_unanswered_total"), "{figures}");
}

#[tokio::test]
async fn the_list_is_asked_for_a_padded_range_and_for_no_longer_than_two_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/mirror/", listener.local_addr().unwrap());
    let list = PwnedPasswords::new(base.parse().unwrap()).unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let read = stream.read(&mut asked).await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nABC:1";
        stream.write_all(answer.as_bytes()).await.unwrap();
        // And never again.
        let silent = listener.accept().await.unwrap();
        (String::from_utf8_lossy(&asked[..read]).to_ascii_lowercase(), silent)
    });

    assert_eq!(list.range("21BD1").await.unwrap(), "ABC:1");
    let began = std::time::Instant::now();
    let error = list.range("21BD2").await.unwrap_err();

    assert!(began.elapsed().as_millis() < 4000 && !error.contains("21BD2"), "{error}");
    let (asked, _) = server.await.unwrap();
    assert!(asked.starts_with("get /mirror/range/21bd1 ") && asked.contains("add-padding: true"), "{asked}");
}
