//! A compiler for the boards' processors: `thumbv7m-none-eabi`, the LM3S6965's Cortex-M3, and `thumbv6m-none-eabi`, the RP2040's
//! Cortex-M0+.
//!
//! Most machines get it with `rustup target add`. Where that cannot be had (no rustup, or no way to its server), Debian's
//! `rustc-web` with the sources in `rust-web-src` builds `core` itself. The targets are not listed in a
//! `rust-toolchain.toml`, because then every Cargo call fails on a machine that cannot fetch them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::project;

/// Target triple of the LM3S6965's Cortex-M3.
pub const TARGET: &str = "thumbv7m-none-eabi";
/// Target triple of the RP2040's Cortex-M0+.
pub const PICO_TARGET: &str = "thumbv6m-none-eabi";
/// All of them.
pub const TARGETS: [&str; 2] = [TARGET, PICO_TARGET];

/// Debian's compiler, installed beside rustup's.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Debian packages of the fall-back: the compiler, and the sources of `core` for `-Zbuild-std`.
pub const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// How the firmware can be compiled on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compiler {
    /// The compiler in use has `core` for the targets.
    Installed,
    /// Debian's compiler, which builds `core` from source.
    DebianBuildStd(PathBuf),
}

impl Compiler {
    /// Finds a compiler, or says that there is none yet.
    ///
    /// `LOKET_FIRMWARE_RUSTC=debian` skips rustup's, so that the fall-back can be tried where both are there.
    pub fn find() -> Option<Self> {
        let skip_rustup = std::env::var("LOKET_FIRMWARE_RUSTC").is_ok_and(|value| value == "debian");
        if !skip_rustup && targets_are_installed() {
            return Some(Self::Installed);
        }
        debian_is_installed().then(|| Self::DebianBuildStd(PathBuf::from(DEBIAN_RUSTC)))
    }

    /// Adds to a `cargo build` what this compiler and its linker need.
    pub fn apply(&self, command: &mut Command) {
        // By its path: where Cargo installs programs need not be on the caller's.
        if let Some(linker) = flip_link() {
            for target in TARGETS {
                let target = target.to_uppercase().replace('-', "_");
                command.env(format!("CARGO_TARGET_{target}_LINKER"), &linker);
            }
        }
        if let Self::DebianBuildStd(rustc) = self {
            // RUSTC_BOOTSTRAP: `-Zbuild-std` is for nightly compilers only; Debian's is a stable one.
            command
                .env("RUSTC", rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .arg("-Zbuild-std=core");
            // flip-link and Debian's compiler call `rust-lld`, which only rustup's compiler knows where to find.
            let own = std::env::var_os("PATH").unwrap_or_default();
            let folders = rustup_lld_folder().into_iter().chain(std::env::split_paths(&own));
            if let Ok(path) = std::env::join_paths(folders) {
                command.env("PATH", path);
            }
        }
    }

    /// Folder name under the target directory: each compiler has its own, or each would rebuild the other's work.
    pub fn folder(&self) -> &'static str {
        match self {
            Self::Installed => "firmware",
            Self::DebianBuildStd(_) => "firmware-debian",
        }
    }
}

/// Whether rustup is there to be asked for the target.
pub fn has_rustup() -> bool {
    runs("rustup", &["--version"])
}

/// Asks rustup for the targets. `true` if they are there afterwards.
pub fn add_targets() -> bool {
    TARGETS
        .iter()
        .all(|target| runs("rustup", &["target", "add", target]))
        && targets_are_installed()
}

fn targets_are_installed() -> bool {
    sysroot().is_some_and(|root| {
        let there = |target: &&str| root.join("lib/rustlib").join(target).join("lib").is_dir();
        TARGETS.iter().all(there)
    })
}

fn debian_is_installed() -> bool {
    Path::new(DEBIAN_RUSTC).exists()
        && Command::new(DEBIAN_RUSTC)
            .args(["--print", "sysroot"])
            .output()
            .ok()
            .map(|out| PathBuf::from(String::from_utf8_lossy(&out.stdout).trim()))
            .is_some_and(|root| root.join("lib/rustlib/src/rust/library/core/Cargo.toml").exists())
}

/// Folder of the compiler in use.
pub(super) fn sysroot() -> Option<PathBuf> {
    let output = Command::new("rustc")
        .current_dir(project::root())
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Folder of rustup's own copy of LLD. Debian's compiler looks for `rust-lld` beside itself and does not ship it.
fn rustup_lld_folder() -> Option<PathBuf> {
    let host = sysroot()?.join("lib/rustlib");
    std::fs::read_dir(host)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("bin"))
        .find(|folder| folder.join("rust-lld").exists())
}

/// The firmware's linker: on the path, or where `cargo install` puts programs.
pub fn flip_link() -> Option<PathBuf> {
    const NAME: &str = "flip-link";
    let own = std::env::var_os("PATH").unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")))
        .map(|home| home.join("bin"));
    std::env::split_paths(&own)
        .chain(cargo)
        .map(|folder| folder.join(NAME))
        .find(|program| program.is_file())
}

/// Whether a program can be run, and says that all is well.
pub(super) fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
