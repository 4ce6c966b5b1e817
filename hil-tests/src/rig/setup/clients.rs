//! Clients that did not come from us, for the independent checks.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::super::project;

/// Clients from `PyPI` that did not come from us, with the versions that were tried.
pub(super) const PYPI: &[&str] = &["pyfingerprint==1.5", "python-escpos==3.1"];

/// Folder in which independent checkers are built, under the target directory.
const INDEPENDENT: &str = "independent";

/// Program that reads a ticket's bytes with a decoder that did not come from us.
pub fn escpos_decoder() -> PathBuf {
    project::target_dir().join(INDEPENDENT).join("debug/escpos-check")
}

pub(super) fn build_escpos_decoder() -> anyhow::Result<()> {
    eprintln!("building the independent ESC/POS decoder …");
    let status = project::cargo_command()
        // It declares Rust 1.97 and builds with what this workspace asks for.
        .args([
            "build",
            "--quiet",
            "--locked",
            "--ignore-rust-version",
            "--manifest-path",
        ])
        .arg(project::root().join("hil-tests/independent/escpos/Cargo.toml"))
        .arg("--target-dir")
        .arg(project::target_dir().join(INDEPENDENT))
        .status()
        .context("starting cargo to build the ESC/POS decoder")?;
    anyhow::ensure!(
        status.success(),
        "the independent ESC/POS decoder did not compile ({status})"
    );
    Ok(())
}

/// Python of the virtual environment that holds the independent clients.
pub fn venv_python() -> PathBuf {
    project::state_dir().join("venv/bin/python")
}

pub(super) fn python_has_venv() -> bool {
    // `ensurepip` is what Debian splits off into python3-venv: `venv` alone imports but makes environments without pip.
    Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// File that records which clients were installed, so that looking needs no Python.
fn python_stamp() -> PathBuf {
    project::state_dir().join("venv/loket-clients.txt")
}

pub(super) fn python_clients_are_there() -> bool {
    std::fs::read_to_string(python_stamp()).is_ok_and(|text| text == PYPI.join("\n"))
}

pub(super) fn install_python_clients() -> anyhow::Result<()> {
    let venv = project::state_dir().join("venv");
    eprintln!("python3 -m venv .rig/venv; pip install {} …", PYPI.join(" "));
    let status = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&venv)
        .status()
        .context("python3 -m venv")?;
    if !status.success() {
        bail!("python3 could not make a virtual environment; is python3-venv installed?");
    }
    let status = Command::new(venv_python())
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(PYPI)
        .status()
        .context("pip install")?;
    if !status.success() {
        bail!("pip could not install {}. Is PyPI within reach?", PYPI.join(", "));
    }
    std::fs::write(python_stamp(), PYPI.join("\n")).context("recording the installed clients")
}
