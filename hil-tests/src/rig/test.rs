//! `cargo rig test`: set-up, both firmwares, the operator's program, then every test, on the board and on this machine.

use anyhow::{Context, bail};

use super::setup::{self, Purpose};
use super::{build, on_target, project};

/// Tells tests that the programs are built and the machine is set up.
pub const PREPARED: &str = "LOKET_RIG_PREPARED";

/// Runs every test, or those whose names contain `filter`.
///
/// # Errors
/// If the set-up, a build or a test fails.
pub fn run(yes: bool, filter: Option<&str>) -> anyhow::Result<()> {
    setup::run(Purpose::Test, yes)?;
    eprintln!("Building the firmwares and the operator's program …");
    build::programs()?;
    let on_board = build::on_target()?;
    eprintln!("Testing …");
    on_target::run_built(&on_board, filter, false)?;
    let mut command = project::cargo_command();
    command.args(["test", "--workspace"]).env(PREPARED, "1");
    if let Some(filter) = filter {
        command.args(["--", filter]);
    }
    let status = command.status().context("starting cargo test")?;
    if !status.success() {
        bail!("some tests failed; what they said is above");
    }
    Ok(())
}
