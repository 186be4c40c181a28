//! Mails handed to a mail server that speaks SMTP as much as is needed here.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward_core::mail::{OutgoingMail, Transport as _};
use doorward_core::outbox::SendError;
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::{FolderTransport, MailServer, SmtpTransport};

fn mail() -> OutgoingMail {
    OutgoingMail {
        id: "mail_1".to_owned(),
        from: "Doorward <noreply@example.com>".to_owned(),
        to: "Ada.L@example.org".to_owned(),
        subject: "Verify your address".to_owned(),
        text: "Your code is\n\n123456\n".to_owned(),
        html: "<p>123456</p>".to_owned(),
    }
}

/// A mail server that answers RCPT with `rcpt` and keeps what it was told. `None`: it goes silent there.
async fn server(rcpt: Option<&'static str>) -> (SmtpTransport, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let heard = Arc::new(Mutex::new(String::new()));
    let keeps = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = converse(stream, rcpt, &keeps).await;
        }
    });
    let patience = Duration::from_millis(500);
    (SmtpTransport::with_patience(&SecretString::from(url), patience).unwrap(), heard)
}

async fn converse(stream: TcpStream, rcpt: Option<&str>, heard: &Mutex<String>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await?;
    let mut in_data = false;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        heard.lock().unwrap().push_str(&line);
        let verb = line.split_whitespace().next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "." if in_data => {
                in_data = false;
                "250 kept"
            }
            _ if in_data => continue,
            "EHLO" => "250 test",
            "RCPT" => match rcpt {
                Some(answer) => answer,
                None => std::future::pending().await,
            },
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

#[test]
fn without_a_port_it_is_that_of_the_way() {
    for (url, host, port) in [
        ("smtps://u:p@mail.example.com", "mail.example.com", 465),
        ("smtp://u:p@mail.example.com", "mail.example.com", 587),
        ("smtp://mail.example.com?tls=none", "mail.example.com", 25),
        ("smtp://localhost", "localhost", 25),
        ("smtp://127.0.0.1", "127.0.0.1", 25),
        ("smtp://[::1]", "::1", 25),
        ("smtp://localhost:1025", "localhost", 1025),
        ("smtps://mail.example.com:2465", "mail.example.com", 2465),
    ] {
        let server = MailServer::named_by(&Url::parse(url).unwrap()).unwrap();
        assert_eq!((server.host.as_str(), server.port), (host, port), "{url}");
    }
}

#[tokio::test]
async fn a_mail_arrives_as_text_and_html_with_its_id() {
    let (transport, heard) = server(Some("250 ok")).await;

    transport.send(mail()).await.unwrap();

    let heard = heard.lock().unwrap().clone();
    for expected in [
        "MAIL FROM:<noreply@example.com>",
        "RCPT TO:<Ada.L@example.org>",
        "Message-ID: <mail_1@example.com>",
        "Auto-Submitted: auto-generated",
        "Content-Type: multipart/alternative",
        "123456",
    ] {
        assert!(heard.contains(expected), "{expected} is not in {heard}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart_by_whether_trying_again_helps() {
    let (transport, _) = server(Some("450 later")).await;
    assert!(matches!(transport.send(mail()).await, Err(SendError::Temporary(_))));
    let (transport, _) = server(Some("550 no such person")).await;
    assert!(matches!(transport.send(mail()).await, Err(SendError::Permanent(_))));
    let (transport, _) = server(Some("530 sign in first")).await;
    assert!(matches!(transport.send(mail()).await, Err(SendError::Temporary(_))));
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_holds_nobody_up() {
    let (transport, _) = server(None).await;
    let silent = tokio::time::timeout(Duration::from_secs(5), transport.send(mail())).await.unwrap();
    assert!(matches!(silent, Err(SendError::Temporary(_))), "{silent:?}");
    let away = SmtpTransport::new(&SecretString::from("smtp://127.0.0.1:1")).unwrap();
    assert!(matches!(away.send(mail()).await, Err(SendError::Temporary(_))));
}

#[tokio::test]
async fn an_address_cannot_carry_a_header_along() {
    let (transport, heard) = server(Some("250 ok")).await;
    let evil = OutgoingMail { to: "ada@example.org\r\nBcc: eve@example.org".to_owned(), ..mail() };
    assert!(matches!(transport.send(evil).await, Err(SendError::Permanent(_))));
    assert!(!heard.lock().unwrap().contains("eve@example.org"));
}

#[tokio::test]
async fn a_folder_keeps_every_mail_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    FolderTransport::new(folder.path().join("mail")).send(mail()).await.unwrap();
    let text = std::fs::read_to_string(folder.path().join("mail/mail_1.eml")).unwrap();
    assert!(text.contains("To: Ada.L@example.org") && text.contains("123456"));
}
