//! A board on a desk: the third board of the firmware, after the LM3S6965 and the RP2040.
//!
//! The applications run unchanged, in simulated time: serial lines carry bytes at their speed, the screen can be looked at,
//! keys are pressed by a test, and power can fail between any two things that the board does ([`Power`]). Nothing in here
//! looks at a clock or draws a number: the same calls give the same run.
//!
//! ```
//! let card = desk_board::Card::default();
//! let mut desk = desk_board::kiosk(card);
//! desk.switch_on(0, 1);
//! while let Some(at) = desk.next().filter(|at| *at < 2_000_000) {
//!     let said = desk.advance(at);
//!     // What was said to the host and to the printer would be carried there.
//! #   drop(said);
//! }
//! assert!(desk.pictures() > 0);
//! ```

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

pub use board::Kit;
pub use card::{Card, CardStore};
pub use contact::Button;
pub use desk::{Desk, Key, Said};
pub use panel::Panel;
pub use power::Power;
pub use uart::{Reader, Speed, Writer};

use std::rc::Rc;

use desk::DeviceLine;
use kiosk_fw::journal::NoStore;
use uart::Buffers;

/// A kiosk without power, with `card` in its slot.
pub fn kiosk(card: Card) -> Desk<CardStore> {
    let printer = DeviceLine {
        baud: 9_600,
        buffers: Buffers {
            receive: 64,
            send: 1_024,
        },
    };
    Desk::new(
        printer,
        move |power| CardStore::new(card.clone(), Rc::clone(power)),
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
        |_| NoStore,
        |kit| Box::pin(async { Box::pin(kiosk_fw::capture::app::run(kit)).await }),
    )
}
