//! Firmwares at work, before live peers: the counter's own program, and emulated devices on the board's lines.

pub(super) mod capture;
pub(super) mod kiosk;
mod tap;

use std::time::Duration;

use anyhow::bail;
use host_driver::board::Board;
use protocol::Message;
use protocol::message::HealthRequest;

/// What a board says of itself at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vitals {
    pub stack_free: u64,
    pub longest_block_us: u64,
    pub busy_permille: u16,
}

/// Asks a board how it is.
fn ask(board: &Board) -> anyhow::Result<Vitals> {
    match board.request(HealthRequest {}, Duration::from_secs(5))? {
        Message::Health(health) => Ok(Vitals {
            stack_free: u64::from(health.stack_free),
            longest_block_us: u64::from(health.longest_block_us),
            busy_permille: health.busy_permille,
        }),
        other => bail!("the board was asked for its health and answered {}", other.name()),
    }
}
