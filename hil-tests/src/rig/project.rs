//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// Root of the checkout that this tool was built from.
///
/// `cargo rig` is always run through Cargo, from somewhere inside the checkout, so the manifest's place at
/// compile time is the right one.
pub fn root() -> &'static Path {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    room.parent().unwrap_or(room)
}

/// Folder for what the tool keeps between runs: virtual environment of Python, runs of the demo.
pub fn state_dir() -> PathBuf {
    root().join(".rig")
}

/// Folder in which Cargo builds, as the environment or the default has it.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The first eight hexadecimal digits of the source revision, as git knows it.
pub fn revision() -> Option<String> {
    let output = std::process::Command::new("git")
        .arg("-C")
        .arg(root())
        .args(["rev-parse", "--short=8", "HEAD"])
        .stderr(std::process::Stdio::null())
        .output()
        .ok()?;
    let digits = String::from_utf8(output.stdout).ok()?;
    // More digits are given when eight are not unique.
    let first = digits.trim().get(..8)?.to_owned();
    (output.status.success() && u32::from_str_radix(&first, 16).is_ok()).then_some(first)
}

/// The Cargo that runs us, or the first on the path.
pub fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// A [`std::process::Command`] for Cargo in the checkout, without the variables that `cargo run` sets for its
/// child (a nested Cargo would take them for the caller's wishes and build everything anew).
pub fn cargo_command() -> std::process::Command {
    let mut command = std::process::Command::new(cargo());
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        let set_by_cargo = name_text.starts_with("CARGO_PKG_")
            || name_text.starts_with("CARGO_BIN_")
            || name_text.starts_with("CARGO_MANIFEST_")
            || matches!(
                name_text.as_ref(),
                "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR" | "LD_LIBRARY_PATH"
            );
        if set_by_cargo {
            command.env_remove(&name);
        }
    }
    command
}
