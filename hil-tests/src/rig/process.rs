//! Child processes that never outlive the tool.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a process may take to end when it is asked to.
const POLITENESS: Duration = Duration::from_millis(500);

/// A running child process. Dropping it ends the process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: &'static str,
}

impl Process {
    /// A command whose process is killed by the kernel if this tool dies, even if it is killed itself.
    pub fn command(program: impl AsRef<OsStr>) -> Command {
        // setpriv sets the parent-death signal for us; doing it here would need unsafe code between fork and exec.
        if Path::new("/usr/bin/setpriv").exists() {
            let mut command = Command::new("/usr/bin/setpriv");
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            return command;
        }
        Command::new(program)
    }

    /// Starts a command made by [`Process::command`].
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn spawn(name: &'static str, command: &mut Command) -> std::io::Result<Self> {
        log::debug!("starting {name}: {command:?}");
        Ok(Self {
            child: command.spawn()?,
            name,
        })
    }

    /// The process's standard streams and number.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Exit status, if the process has ended.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for the process's end, at most so long.
    pub fn wait_for_end(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            if Instant::now() >= end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the process at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        log::debug!("{} ended", self.name);
    }
}

impl Drop for Process {
    /// Asks the process to end, so that it can put its sockets away, and ends it if it does not.
    fn drop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        let asked =
            i32::try_from(self.child.id()).is_ok_and(|id| kill(Pid::from_raw(id), Signal::SIGTERM).is_ok());
        if !asked || self.wait_for_end(POLITENESS).is_none() {
            self.kill();
        }
    }
}
