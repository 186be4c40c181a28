//! One core for the server, another for the load.

use std::process::{Child, Command};

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

#[derive(Debug, Clone, Copy)]
pub struct Cores {
    server: usize,
    load: usize,
}

impl Cores {
    /// The first and the last core that this process may use.
    pub fn split() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut cores = (0..CpuSet::count()).filter(|&core| allowed.is_set(core).unwrap_or(false));
        let server = cores.next().context("no core to run on")?;
        Ok(Self { server, load: cores.next_back().unwrap_or(server) })
    }

    pub fn shared(self) -> bool {
        self.server == self.load
    }

    pub fn pin_to_load(self) -> Result<()> {
        pin(self.load)
    }

    /// Starts a process whose threads all stay on the server's core: it inherits where its parent's thread runs.
    pub fn spawn_on_server(self, command: &mut Command) -> Result<Child> {
        pin(self.server)?;
        let child = command.spawn();
        pin(self.load)?;
        child.with_context(|| format!("cannot start {}", command.get_program().display()))
    }
}

fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}
