//! A Redis (or Valkey) of our own for one test run: in a temporary folder, on a free port, gone afterwards.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::tools;

const START_LIMIT: Duration = Duration::from_secs(20);

/// Outlives us if it must: waits until our end of the pipe closes, however we end, then stops the server by its process
/// id and removes the folder.
const CARETAKER: &str = r#"
folder=$1
shift
"$@" >"$folder/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill "$pid"
wait "$pid"
rm -rf "$folder"
"#;

/// Runs until dropped.
pub struct Redis {
    url: String,
    caretaker: Child,
}

/// Starts it, with a password and without a file.
pub fn start() -> Result<Redis> {
    let program = tools::redis().context("no Redis")?;
    let secret = secret()?;
    let folder = std::env::temp_dir().join(format!("doorward-test-{}", &secret[..12]));
    fs::create_dir(&folder)?;
    // Taken and given back: nothing else on the machine is likely to be given it again within the second.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    // A file, because others on the machine can read what a process was called with.
    let settings = folder.join("settings");
    fs::write(
        &settings,
        format!("port {port}\nbind 127.0.0.1\nrequirepass {secret}\nsave \"\"\nappendonly no\n"),
    )?;
    let caretaker = Command::new("sh")
        .args(["-c", CARETAKER, "sh"])
        .args([&folder, &program, &settings])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let redis = Redis { url: format!("redis://:{secret}@127.0.0.1:{port}"), caretaker };
    wait_until_ready(port, &secret, &folder)?;
    Ok(redis)
}

impl Redis {
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.caretaker.stdin.take());
        // It is ending; there is nobody to tell where it is not.
        let _ = self.caretaker.wait();
    }
}

fn wait_until_ready(port: u16, secret: &str, folder: &Path) -> Result<()> {
    let start = Instant::now();
    while !answers(port, secret).unwrap_or(false) {
        if start.elapsed() > START_LIMIT {
            bail!("Redis did not start:\n{}", fs::read_to_string(folder.join("log")).unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn answers(port: u16, secret: &str) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(START_LIMIT))?;
    stream.write_all(format!("AUTH {secret}\r\nPING\r\nQUIT\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.contains("+PONG"))
}

fn secret() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}
