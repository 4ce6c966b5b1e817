//! What a board remembers of its end.

use kiosk_fw::board::LastEnd;
use kiosk_fw::link_port::FIRMWARE;
use protocol::message::ResetCause;

/// The end of a start that ran for `uptime_us`.
pub(crate) fn of(cause: ResetCause, uptime_us: u64, late_tasks: u16) -> LastEnd {
    LastEnd {
        cause,
        firmware: FIRMWARE,
        uptime_ms: uptime_us / 1_000,
        tasks: late_tasks,
        // A desk has no processor to ask.
        pc: 0,
        lr: 0,
        fault_status: 0,
        address: 0,
        words: heapless::String::new(),
    }
}
