//! A board on a desk: the third board of the firmware, after the LM3S6965 and the RP2040.
//!
//! The applications run unchanged, in simulated time: serial lines carry bytes at their speed, the screen can be looked at,
//! keys are pressed by a test, and power can fail between any two things that the board does ([`Power`]). Nothing in here
//! looks at a clock or draws a number: the same calls give the same run.
//!
//! ```
//! let card = desk_board::Card::default();
//! let mut desk = desk_board::kiosk(card, desk_board::Witness::default());
//! desk.switch_on(0, 1);
//! while let Some(at) = desk.next().filter(|at| *at < 2_000_000) {
//!     let said = desk.advance(at);
//!     // What was said to the host and to the printer would be carried there.
//! #   drop(said);
//! }
//! assert!(desk.pictures() > 0);
//! ```

mod bay;
mod board;
mod card;
mod contact;
mod desk;
mod lane;
mod last_end;
mod panel;
mod power;
mod present;
mod uart;
mod watched;

pub use bay::Bay;
pub use board::Kit;
pub use card::{Card, Flaw, Slot};
pub use contact::Button;
pub use desk::{Desk, Key, Said};
pub use panel::Panel;
pub use power::Power;
pub use uart::{Reader, Speed, Writer};
pub use watched::{Watched, Witness};

use std::rc::Rc;

use desk::DeviceLine;
use kiosk_fw::journal::NoStore;
use kiosk_fw::journal::sectors::SectorStore;
use uart::Buffers;

/// Where the kiosk keeps its records: the firmware's own journal, on the card in the board's slot.
pub type CardStore = Watched<SectorStore<Slot>>;

/// A kiosk without power, with `card` in its slot. `witness` sees what is promised to be kept on it.
pub fn kiosk(card: Card, witness: Witness) -> Desk<CardStore> {
    let printer = DeviceLine {
        baud: 9_600,
        buffers: Buffers {
            receive: 64,
            send: 1_024,
        },
    };
    let slot = card.clone();
    Desk::new(
        printer,
        Some(card),
        move |power, boot_id| {
            let slot = Slot::new(slot.clone(), Rc::clone(power));
            Watched::new(SectorStore::new(slot, boot_id), witness.clone())
        },
        |kit| Box::pin(async { Box::pin(kiosk_fw::kiosk::app::run(kit)).await }),
    )
}

/// A capture board without power.
pub fn capture() -> Desk<NoStore> {
    let sensor = DeviceLine {
        baud: 57_600,
        buffers: Buffers {
            receive: 1_024,
            send: 64,
        },
    };
    Desk::new(
        sensor,
        None,
        |_, _| NoStore,
        |kit| Box::pin(async { Box::pin(kiosk_fw::capture::app::run(kit)).await }),
    )
}
