//! The seam: [`Board`] as a desk has it.

use std::panic::resume_unwind;
use std::rc::Rc;

use kiosk_fw::board::{Board, Buttons, LastEnd, Parts, Vitals};
use kiosk_fw::drivers::ssd0323::Frame;
use kiosk_fw::health::Pulse;
use kiosk_fw::journal::Store;
use kiosk_fw::update::Slot;
use protocol::message::ResetCause;

use crate::bay::Bay;
use crate::contact::{Button, Contact};
use crate::panel::{Panel, Shown};
use crate::power::Power;
use crate::present::{self, Restart};
use crate::uart::{Reader, Speed, Uart, Writer};

/// The parts of a board at one start of it.
pub struct Kit<S> {
    pub(crate) host: Rc<Uart>,
    pub(crate) device: Rc<Uart>,
    pub(crate) contacts: [Rc<Contact>; 5],
    pub(crate) shown: Rc<Shown>,
    pub(crate) power: Rc<Power>,
    pub(crate) store: S,
    pub(crate) boot_id: u32,
}

impl<S: Store> Board for Kit<S> {
    const NAME: &'static str = "desk";
    type HostReader = Reader;
    type HostWriter = Writer;
    type DeviceReader = Reader;
    type DeviceWriter = Writer;
    type DeviceSpeed = Speed;
    type Store = S;
    type Panel = Panel;
    type Button = Button;

    fn parts(self) -> Parts<Self> {
        let [up, down, left, right, select] = self.contacts.map(Button);
        Parts {
            host_reader: Reader(Rc::clone(&self.host)),
            host_writer: Writer(self.host),
            device_reader: Reader(Rc::clone(&self.device)),
            device_writer: Writer(Rc::clone(&self.device)),
            device_speed: Speed(self.device),
            store: self.store,
            panel: Panel {
                drawn: Frame::new(),
                shown: self.shown,
                power: self.power,
            },
            buttons: Buttons {
                up,
                down,
                left,
                right,
                select,
            },
            boot_id: self.boot_id,
        }
    }

    fn vitals() -> Vitals {
        present::ask(present::Present::vitals)
    }

    fn last_end() -> Option<LastEnd> {
        present::ask(|board| board.last_end.borrow().clone())
    }

    fn forget_last_end() {
        present::ask(|board| drop(board.last_end.take()));
    }

    fn pulse() -> &'static Pulse {
        present::ask(|board| board.pulse)
    }

    fn feed_watchdog() {
        present::ask(|board| board.fed.set(true));
    }

    fn slot() -> Option<&'static mut dyn Slot> {
        present::ask(|board| board.bay.as_ref().map(Bay::slot))
    }

    fn restart(why: ResetCause) -> ! {
        resume_unwind(Box::new(Restart(why)))
    }
}
