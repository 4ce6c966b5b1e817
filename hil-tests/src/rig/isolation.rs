//! A private place for the emulated office: its own PC/SC service and its own loopback network.
//!
//! pcscd has one fixed socket, and the virtual reader driver listens on fixed ports of every address. In mount and network namespaces
//! of our own neither can be seen from outside, nothing on the machine is disturbed, several offices run side
//! by side, and no root is needed where the kernel lets users make namespaces.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

/// Set in the environment of the process inside.
const INSIDE: &str = "LOKET_RIG_ISOLATED";

/// Prepares the inside: loopback up, and a `/run` of our own, where pcscd keeps its socket.
const PREPARE: &str =
    "ip link set lo up && mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/pcscd && exec \"$@\"";

/// How the office is kept apart from the rest of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Namespaces of our own.
    Private,
    /// The machine's own PC/SC service and network, because namespaces cannot be had.
    Shared,
}

impl Isolation {
    /// How this process runs.
    pub fn current() -> Self {
        if std::env::var_os(INSIDE).is_some() {
            Self::Private
        } else {
            Self::Shared
        }
    }
}

/// Runs this very program again, with the same arguments, in namespaces of its own.
///
/// Returns only if there is nothing to do (already inside) or namespaces cannot be had here; then the caller goes
/// on in the shared place.
///
/// # Errors
/// If the program could not be replaced.
pub fn enter() -> anyhow::Result<Isolation> {
    if Isolation::current() == Isolation::Private {
        return Ok(Isolation::Private);
    }
    let Some(flags) = working_flags() else {
        return Ok(Isolation::Shared);
    };
    let program = std::env::current_exe().context("finding this program's own file")?;
    let error = Command::new("unshare")
        .args(flags)
        .args(["--", "sh", "-c", PREPARE, "sh"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    Err(error).context("entering the private namespaces")
}

/// Runs a command in namespaces of its own and returns its exit code.
///
/// # Errors
/// If there is no such command, or namespaces cannot be had here.
pub fn run_inside(command: &[String]) -> anyhow::Result<std::process::ExitCode> {
    if enter()? == Isolation::Shared {
        anyhow::bail!(
            "this kernel lets this user make no namespaces; run the command without `cargo rig inside --`"
        );
    }
    let Some((program, arguments)) = command.split_first() else {
        anyhow::bail!("no command was given")
    };
    let status = Command::new(program)
        .args(arguments)
        .status()
        .with_context(|| format!("starting {program}"))?;
    Ok(std::process::ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
    ))
}

fn working_flags() -> Option<&'static [&'static str]> {
    // Root needs no user namespace, and hardened machines forbid them to everyone else.
    const AS_ROOT: &[&str] = &["--mount", "--net"];
    const AS_USER: &[&str] = &["--user", "--map-root-user", "--mount", "--net"];
    if !Path::new("/usr/bin/unshare").exists() {
        return None;
    }
    let candidates: &[&'static [&'static str]] = if nix::unistd::geteuid().is_root() {
        &[AS_ROOT, AS_USER]
    } else {
        &[AS_USER]
    };
    candidates.iter().copied().find(|flags| {
        Command::new("unshare")
            .args(*flags)
            .args(["--", "sh", "-c", PREPARE, "sh", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}
