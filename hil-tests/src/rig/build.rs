//! Builds the firmwares and the operator's program.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail};

use super::project;
use super::toolchain::{Compiler, PICO_TARGET, TARGET, TARGETS};

/// The programs under test.
#[derive(Clone, Debug)]
pub struct Programs {
    /// ELF of the queue-number kiosk.
    pub kiosk: PathBuf,
    /// ELF of the fingerprint capture board.
    pub capture: PathBuf,
    /// The operator's program.
    pub loket: PathBuf,
}

impl Programs {
    /// Where the programs are once they are built. Builds nothing.
    pub fn built() -> Self {
        let compiler = Compiler::find().unwrap_or(Compiler::Installed);
        let (kiosk, capture) = elfs(&compiler);
        Self {
            kiosk,
            capture,
            loket: loket_file(),
        }
    }
}

/// Cargo profile of the firmware that ships.
const FIRMWARE_PROFILE: &str = "firmware";

/// Builds all three.
///
/// # Errors
/// If one does not compile; the compiler's output is on standard error.
pub fn programs() -> anyhow::Result<Programs> {
    let (kiosk, capture) = firmware()?;
    Ok(Programs {
        kiosk,
        capture,
        loket: loket()?,
    })
}

/// Builds both firmwares for the LM3S6965 board: kiosk, capture.
///
/// # Errors
/// If there is no compiler for the board, or the firmware does not compile.
pub fn firmware() -> anyhow::Result<(PathBuf, PathBuf)> {
    let compiler = compiler()?;
    firmware_build(
        &compiler,
        TARGET,
        &["--bins", "--features", "lm3s6965"],
        "the firmwares",
    )?;
    Ok(elfs(&compiler))
}

/// Programs of the Raspberry Pi Pico.
#[derive(Clone, Debug)]
pub struct Pico {
    /// ELF of the bootloader.
    pub bootloader: PathBuf,
    /// ELF of the queue-number kiosk.
    pub kiosk: PathBuf,
    /// ELF of the fingerprint capture board.
    pub capture: PathBuf,
}

/// Builds what runs on the Raspberry Pi Pico.
///
/// # Errors
/// If there is no compiler for it, or it does not compile.
pub fn pico() -> anyhow::Result<Pico> {
    let compiler = compiler()?;
    let what = ["--bins", "--features", "rp2040"];
    firmware_build(&compiler, PICO_TARGET, &what, "the Pico's firmwares")?;
    let what = ["--bin", "bootloader", "--features", "bootloader"];
    firmware_build(&compiler, PICO_TARGET, &what, "the Pico's bootloader")?;
    let folder = firmware_folder(&compiler, PICO_TARGET);
    Ok(Pico {
        bootloader: folder.join("bootloader"),
        kiosk: folder.join("kiosk"),
        capture: folder.join("capture"),
    })
}

/// Programs that measure the link on the board.
#[derive(Clone, Debug)]
pub struct Measuring {
    /// Runs the link and counts.
    pub bench: PathBuf,
    /// Uses all of the link.
    pub with_link: PathBuf,
    /// Is the same without it.
    pub without_link: PathBuf,
}

/// Builds the programs that measure the link on the LM3S6965 board.
///
/// # Errors
/// If there is no compiler for the board, or they do not compile.
pub fn measuring() -> anyhow::Result<Measuring> {
    let compiler = compiler()?;
    let names = ["link-bench", "link-size", "link-size-bare"];
    // Each by its name: with `--bins` the firmwares would be built with the feature, too, in place of those that ship.
    let mut what = vec!["--features", "measure"];
    what.extend(names.iter().flat_map(|name| ["--bin", name]));
    firmware_build(&compiler, TARGET, &what, "the programs that measure")?;
    let folder = firmware_folder(&compiler, TARGET);
    let [bench, with_link, without_link] = names.map(|name| folder.join(name));
    Ok(Measuring {
        bench,
        with_link,
        without_link,
    })
}

/// Builds the program with the tests that run on the LM3S6965 board.
///
/// # Errors
/// If there is no compiler for the board, or it does not compile.
pub fn on_target() -> anyhow::Result<PathBuf> {
    let compiler = compiler()?;
    let what = ["--features", "on-target", "--bin", "on-target"];
    firmware_build(&compiler, TARGET, &what, "the tests that run on the board")?;
    Ok(firmware_folder(&compiler, TARGET).join("on-target"))
}

/// Builds the program that ends in every way, for the LM3S6965 board.
///
/// # Errors
/// If there is no compiler for the board, or it does not compile.
pub fn endings() -> anyhow::Result<PathBuf> {
    let compiler = compiler()?;
    firmware_build(
        &compiler,
        TARGET,
        &["--features", "endings", "--bin", "endings"],
        "the program that ends",
    )?;
    Ok(firmware_folder(&compiler, TARGET).join("endings"))
}

/// Builds the program that shows every screen on the LM3S6965's panel.
///
/// # Errors
/// If there is no compiler for the board, or it does not compile.
pub fn gallery() -> anyhow::Result<PathBuf> {
    let compiler = compiler()?;
    firmware_build(
        &compiler,
        TARGET,
        &["--features", "gallery", "--bin", "gallery"],
        "the program that shows every screen",
    )?;
    Ok(firmware_folder(&compiler, TARGET).join("gallery"))
}

fn compiler() -> anyhow::Result<Compiler> {
    Compiler::find().with_context(|| {
        format!(
            "there is no compiler for {}. `cargo rig setup` installs one.",
            TARGETS.join(" and ")
        )
    })
}

fn firmware_build(compiler: &Compiler, target: &str, what: &[&str], words: &str) -> anyhow::Result<()> {
    let mut command = project::cargo_command();
    command
        .args(["build", "--quiet", "--package", "kiosk-fw"])
        .args(what);
    command
        .args(["--target", target, "--profile", FIRMWARE_PROFILE])
        .arg("--target-dir")
        .arg(project::target_dir().join(compiler.folder()));
    compiler.apply(&mut command);
    // What the board tells as its build. Without git (an archive of the sources) it is 0: "not known".
    if std::env::var_os("LOKET_BUILD").is_none() {
        command.env(
            "LOKET_BUILD",
            project::revision().unwrap_or_else(|| "0".to_owned()),
        );
    }
    run(command, words)
}

fn firmware_folder(compiler: &Compiler, target: &str) -> PathBuf {
    project::target_dir()
        .join(compiler.folder())
        .join(target)
        .join(FIRMWARE_PROFILE)
}

fn elfs(compiler: &Compiler) -> (PathBuf, PathBuf) {
    let folder = firmware_folder(compiler, TARGET);
    (folder.join("kiosk"), folder.join("capture"))
}

fn loket_file() -> PathBuf {
    project::target_dir().join("debug/loket")
}

/// Builds the operator's program.
///
/// # Errors
/// If it does not compile.
pub fn loket() -> anyhow::Result<PathBuf> {
    let mut command = project::cargo_command();
    command.args(["build", "--quiet", "--package", "host-driver", "--bin", "loket"]);
    run(command, "the operator's program")?;
    Ok(loket_file())
}

fn run(mut command: std::process::Command, what: &str) -> anyhow::Result<()> {
    // The demo's standard output is for its result; Cargo's words go where progress goes.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("starting cargo to build {what}"))?;
    if !status.success() {
        bail!("{what} did not compile ({status}); the compiler's words are above");
    }
    Ok(())
}
