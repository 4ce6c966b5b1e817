//! What befalls the hall.

use crate::drivers::escpos::{Status, Trouble};
use crate::kiosk::model::Key;

/// One thing that happens to it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Incident {
    Press(Key),
    Cut(bool),
    Host(bool),
    /// The host takes its time.
    Stuck(u64),
    Paper(Result<Status, Trouble>),
    Card {
        broken: bool,
    },
    /// The kiosk is without power for so long.
    Dark(u64),
    Lend,
}
