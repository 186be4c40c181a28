//! `cargo xtask example nextjs`: Doorward and the example app together, until one of them ends, or we are told to.

use std::net::TcpListener;
use std::process::{Child, Command, ExitCode};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

use crate::{npm, shell};

const DOORWARD: u16 = 4400;
const APP: u16 = 3000;

/// How often it is looked whether one has ended.
const LOOK: Duration = Duration::from_millis(200);
/// How long one may take to end by itself when it is told to.
const PATIENCE: Duration = Duration::from_secs(10);

pub fn run(args: &[String]) -> Result<ExitCode> {
    match args {
        [name] if name == "nextjs" => nextjs(),
        [] => bail!("which one? There is `cargo xtask example nextjs`"),
        [name, ..] => bail!("no example `{name}`; there is nextjs"),
    }
}

fn nextjs() -> Result<ExitCode> {
    for (port, whose) in [(DOORWARD, "Doorward"), (APP, "the app")] {
        if TcpListener::bind(("127.0.0.1", port)).is_err() {
            bail!("port {port}, which {whose} needs, is taken: end what listens there, and run this again");
        }
    }
    if shell::which(&["npm"]).is_none() {
        bail!("npm is missing: install Node.js 20 or later");
    }
    if !shell::succeeds(&mut shell::cargo(&["build", "--package", "doorward"]))? {
        bail!("Doorward was not built");
    }
    npm::example()?;

    let data = shell::target_dir().join("example/nextjs");
    std::fs::create_dir_all(&data)?;
    // Both know it: people reach Doorward through the app.
    let public_url = ("DOORWARD_PUBLIC_URL", format!("http://localhost:{APP}"));
    let mut doorward = Command::new(shell::target_dir().join("debug/doorward"));
    shell::without_settings(&mut doorward);
    doorward.current_dir(&data).envs([public_url.clone()]);
    let mut app = Command::new("node");
    shell::without_settings(&mut app);
    app.envs([public_url]);
    app.current_dir(shell::root().join("examples/nextjs"));
    app.args(["node_modules/next/dist/bin/next", "dev", "--port", &APP.to_string()]);

    let running = vec![Running::start("Doorward", &mut doorward)?, Running::start("the app", &mut app)?];
    // After them, or they would inherit that these signals wait.
    let told = told_to_end()?;
    println!("\nThe app:  http://localhost:{APP}");
    println!("Mails:    http://localhost:{DOORWARD}/dev/mailbox");
    println!("Both end with Ctrl-C.\n");
    until_one_ends(running, &told)
}

/// Hears the signals that would end us at once, and leave what we started behind.
fn told_to_end() -> Result<Receiver<Signal>> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals.thread_block().context("cannot hold signals back")?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            let _ = tell.send(signal);
        }
    });
    Ok(told)
}

/// Waits until one has ended or a signal has come, and ends the others. Fails as the one did, or as shells say it of a signal.
fn until_one_ends(mut running: Vec<Running>, told: &Receiver<Signal>) -> Result<ExitCode> {
    loop {
        for one in &mut running {
            if let Some(status) = one.child.try_wait()? {
                println!("{} has ended ({status})", one.name);
                return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
        }
        match told.recv_timeout(LOOK) {
            Ok(signal) => {
                return Ok(u8::try_from(128 + signal as i32).map_or(ExitCode::FAILURE, ExitCode::from));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => bail!("signals are heard no more"),
        }
    }
}

/// Ends with us.
struct Running {
    name: &'static str,
    child: Child,
}

impl Running {
    fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // By its id: it is a child of ours. Politely first, so that it can end what it has started itself. Where it has ended
        // already there is nothing to do.
        if let (Ok(None), Ok(id)) = (self.child.try_wait(), i32::try_from(self.child.id())) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let until = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            thread::sleep(LOOK / 10);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: &str = "trap 'echo ended > ended; exit 0' TERM; echo > ready; while :; do sleep 0.02; done";

    /// One that waits until it is told to end, and writes that down, beside one that runs `script`.
    fn beside(folder: &std::path::Path, script: &str) -> Vec<Running> {
        let mut waits = Command::new("sh");
        let waits = Running::start("one", waits.args(["-c", WAITS]).current_dir(folder)).unwrap();
        while !folder.join("ready").exists() {
            thread::sleep(LOOK / 10);
        }
        vec![waits, Running::start("other", Command::new("sh").args(["-c", script])).unwrap()]
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("doorward-xtask-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn where_one_fails_so_does_the_whole_and_the_other_is_ended() {
        let (_tell, told) = mpsc::channel();
        for (script, expected) in [("exit 3", ExitCode::FAILURE), ("exit 0", ExitCode::SUCCESS)] {
            let folder = folder(&script.replace(' ', "-"));
            let code = until_one_ends(beside(&folder, script), &told).unwrap();
            assert_eq!(code, expected, "{script}");
            assert!(folder.join("ended").exists(), "it was asked to end, and could");
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn a_signal_ends_all_of_them() {
        let (tell, told) = mpsc::channel();
        let folder = folder("signal");
        tell.send(Signal::SIGTERM).unwrap();
        let code = until_one_ends(beside(&folder, "exec sleep 60"), &told).unwrap();
        assert_eq!(code, ExitCode::from(143));
        assert!(folder.join("ended").exists());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
