//! (To be written.)

use super::Options;
use crate::rig::bench::Report;

pub(super) fn measure(_options: &Options, _report: &mut Report) -> anyhow::Result<()> {
    anyhow::bail!("`faults` is not written yet")
}
