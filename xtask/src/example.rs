//! `cargo xtask example nextjs`: Doorward and the example app together, until one of them ends.

use std::net::TcpListener;
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{npm, shell};

const DOORWARD: u16 = 4400;
const APP: u16 = 3000;

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

    let mut running = [Running::start("Doorward", &mut doorward)?, Running::start("the app", &mut app)?];
    println!("\nThe app:  http://localhost:{APP}");
    println!("Mails:    http://localhost:{DOORWARD}/dev/mailbox");
    println!("Both end with Ctrl-C.\n");
    loop {
        for one in &mut running {
            if let Some(status) = one.child.try_wait()? {
                println!("{} has ended ({status})", one.name);
                return Ok(ExitCode::SUCCESS);
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Ends with us: an interrupt from the terminal reaches it by itself, and whatever else ends us takes it along.
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
        // By its id: it is a child of ours. Where it has ended already there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
