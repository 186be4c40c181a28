//! The program itself: started, asked, stopped, killed.

mod audit;
mod commands;
mod crash;
mod doctor;
mod keys;
mod logs;
mod start;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use doorward_db::test_database::TestDatabase;
use doorward_test_support::{Browser, PASSWORD, code_in};
use serde_json::json;

/// A server as a process of its own, on a database and in a folder of its own.
struct Server {
    url: String,
    folder: tempfile::TempDir,
    database: TestDatabase,
    extra: Vec<(&'static str, String)>,
    child: Option<Child>,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
}

impl Server {
    async fn start(extra: &[(&'static str, &str)]) -> Self {
        let extra = extra.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self {
            url: format!("http://localhost:{port}"),
            folder: tempfile::tempdir().unwrap(),
            database: TestDatabase::fresh().await,
            extra,
            child: None,
            stdout: Arc::default(),
            stderr: Arc::default(),
        };
        server.run().await;
        server
    }

    /// Starts it, also again, and waits until it answers.
    async fn run(&mut self) {
        let mut child =
            self.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        collect(child.stdout.take().unwrap(), &self.stdout);
        collect(child.stderr.take().unwrap(), &self.stderr);
        self.child = Some(child);
        self.answers().await;
    }

    async fn answers(&self) {
        let began = Instant::now();
        let address = self.url.replace("http://localhost", "127.0.0.1");
        while tokio::net::TcpStream::connect(&address).await.is_err()
            || self.browser().get("/readyz").await.status != 200
        {
            assert!(began.elapsed() < Duration::from_secs(20), "{}", self.stderr.lock().unwrap());
            tokio::task::yield_now().await;
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.folder.path())
            .env("DOORWARD_LISTEN", self.url.replace("http://localhost", "127.0.0.1"))
            .env("DOORWARD_PUBLIC_URL", &self.url)
            .env("DOORWARD_DATA_DIR", self.folder.path().join("data"))
            .env("DOORWARD_DATABASE__URL", self.database.url())
            .env("DOORWARD_RATE_LIMIT__ENABLED", "false")
            // The floor: a test asks whether it works.
            .env("DOORWARD_PASSWORD__MEMORY_KIB", "19456")
            .env("DOORWARD_PASSWORD__PASSES", "2")
            .env("DOORWARD_PASSWORD__LANES", "1");
        for (name, value) in &self.extra {
            command.env(name, value);
        }
        command
    }

    /// Runs a command beside the server.
    fn cli(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn cli_ok(&self, args: &[&str]) -> String {
        let output = self.cli(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn create_user(&self, args: &[&str]) -> Output {
        let mut all = vec!["user", "create", "--password-stdin"];
        all.extend(args);
        let mut command = self.command(&all);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        child.wait_with_output().unwrap()
    }

    /// What it printed, once these words are there and their line has ended.
    async fn printed(&self, words: &str) -> String {
        let began = Instant::now();
        loop {
            let printed = self.stdout.lock().unwrap().clone();
            if printed.contains(words) {
                return printed;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{printed}");
            tokio::task::yield_now().await;
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    async fn code(&self, email: &str) -> String {
        let mails = self.browser().get(&format!("/dev/mailbox.json?to={email}")).await.value();
        code_in(mails["items"][0]["text"].as_str().unwrap())
    }

    async fn member(&self, email: &str) -> Browser {
        let browser = self.browser();
        browser.sign_up(email).await.expect_status(202);
        let body = json!({"email": email, "code": self.code(email).await});
        browser.post("/v1/email/verify", &body).await.expect_status(200);
        browser
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to end, and answers its exit code.
    fn terminate(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let signalled = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(signalled.success());
        child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn collect(pipe: impl std::io::Read + Send + 'static, into: &Arc<Mutex<String>>) {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe.take(64 << 20)).lines().map_while(Result::ok) {
            let mut text = into.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    });
}

fn master_key(folder: &std::path::Path) -> PathBuf {
    folder.join("data/master.key")
}

async fn within_a_second(mut done: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
}
