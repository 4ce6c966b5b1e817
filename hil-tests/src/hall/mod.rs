//! The hall of an office in simulated time: the kiosk's application on a desk ([`desk_board`]), an emulated ticket printer on
//! its line, the counter's real link, queue and store on the other, and residents.
//!
//! Anything can lose its power between any two things that it does. Afterwards [`books`] are kept of every press, number and
//! piece of paper. The same seed gives the same day.

pub mod books;
mod cable;
mod counter;
pub mod cuts;
pub mod day;
pub mod ledger;
mod paper;
pub mod resident;
mod screen;

pub use cable::Cable;
pub use counter::{Counter, office};
pub use paper::{Piece, Tray};
pub use screen::{Reader, Shows};

use std::collections::BTreeMap;
use std::time::Duration;

use desk_board::{Card, CardStore, Desk, Key, Witness};
use host_driver::store::StoreError;
use protocol_sim::Faults;

use kiosk_fw::kiosk::record::{news, restore};
use ledger::Ledger;

use crate::device::serial::SerialDevice;
use crate::device::ticket_printer::{EscPosCore, Knobs, Roll};

/// In microseconds.
pub const SECOND: u64 = 1_000_000;

/// Which kind of ticket printer stands in the hall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrinterKind {
    /// One that counts its cuts and says when it has carried out what it was sent.
    Full,
    /// A cheap one, which only answers status requests.
    Plain,
}

impl PrinterKind {
    /// How it stands when all is well. Both print 100 mm a second, which is slow enough for power to go in the middle of a ticket.
    pub fn well(self) -> Knobs {
        Knobs {
            speed: Some(100),
            plain: self == Self::Plain,
            ..Knobs::default()
        }
    }
}

/// Something that somebody does, or that befalls the hall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Happening {
    /// A contact closes or opens.
    Key(Key, bool),
    /// The kiosk loses its power before the given number of further steps.
    KioskFails(u64),
    /// The kiosk has power.
    KioskOn,
    /// The computer loses its power after the given number of further requests.
    CounterFails(u32),
    /// The computer is switched off.
    CounterOff,
    /// The computer has power.
    CounterOn,
    /// The printer loses its power, and with it what it has not printed.
    PrinterOff,
    /// The printer stands as given.
    Printer(Knobs),
    /// The cable to the computer is pulled, or put back.
    Cable(bool),
    /// What the cable does to bytes.
    Noise(Faults),
    /// The memory card is pulled out, or put back.
    Card(bool),
    /// An operator calls whoever is next.
    Call,
}

/// The hall.
#[derive(Debug)]
pub struct Hall {
    /// The kiosk's board.
    pub kiosk: Desk<CardStore>,
    /// Its ticket printer.
    pub printer: EscPosCore<Tray>,
    /// The counter's computer.
    pub counter: Counter,
    /// The line between kiosk and computer.
    pub cable: Cable,
    /// The kiosk's memory card.
    pub card: Card,
    /// What was promised to be kept on it.
    pub witness: Witness,
    ledger: Ledger,
    reader: Reader,
    now: u64,
    printer_kind: PrinterKind,
    /// What is to come, in order.
    agenda: BTreeMap<(u64, u64), Happening>,
    entries: u64,
    /// How often the kiosk was started; each start has another boot id.
    starts: u32,
    seed: u64,
}

impl Hall {
    /// A hall in which everything has just been switched on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(seed: u64) -> Result<Self, StoreError> {
        Self::with(seed, Card::default(), PrinterKind::Full)
    }

    /// The same with a card of one's own in the kiosk, and a printer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn with(seed: u64, card: Card, printer_kind: PrinterKind) -> Result<Self, StoreError> {
        let counter = Counter::new()?;
        let witness = Witness::default();
        let mut hall = Self {
            kiosk: desk_board::kiosk(card.clone(), witness.clone()),
            printer: EscPosCore::new(Roll::Mm58, Tray::default()),
            reader: Reader::new(&counter.services()),
            counter,
            cable: Cable::new(seed),
            card,
            witness,
            ledger: Ledger::default(),
            now: 0,
            printer_kind,
            agenda: BTreeMap::new(),
            entries: 0,
            starts: 0,
            seed,
        };
        hall.happen(Happening::Printer(printer_kind.well()))?;
        hall.happen(Happening::CounterOn)?;
        hall.happen(Happening::KioskOn)?;
        Ok(hall)
    }

    /// Microseconds since the hall was opened.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Has something happen at `at`, or at once if that has passed.
    pub fn plan(&mut self, at: u64, happening: Happening) {
        self.entries += 1;
        self.agenda.insert((at.max(self.now), self.entries), happening);
    }

    /// How the printer stands when all is well.
    pub fn well(&self) -> Knobs {
        self.printer_kind.well()
    }

    /// What the screen shows.
    pub fn screen(&mut self) -> Shows {
        let kiosk = &self.kiosk;
        self.reader.read(kiosk.pictures(), || kiosk.frame())
    }

    /// Lets time pass until `until`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_until(&mut self, until: u64) -> Result<(), StoreError> {
        while self.now < until {
            self.step(until)?;
        }
        Ok(())
    }

    /// Goes to the next moment at which something happens, but not past `until`.
    ///
    /// # Errors
    /// [`StoreError`].
    ///
    /// # Panics
    /// If the kiosk's application panics or spins.
    pub fn step(&mut self, until: u64) -> Result<(), StoreError> {
        loop {
            let bytes = self.counter.poll_transmit(self.now);
            if bytes.is_empty() {
                break;
            }
            let bytes = self.cable.to_kiosk(&bytes);
            self.kiosk.host_says(&bytes);
        }
        let printer = self.printer.next_event().map(|at| at.as_micros() as u64);
        let next = [
            self.kiosk.next(),
            self.counter.next(),
            self.agenda.keys().next().map(|(at, _)| *at),
            printer,
            Some(until),
        ];
        let next = next.into_iter().flatten().min().unwrap_or(until);
        self.now = self.now.max(next);

        let was_on = self.kiosk.is_on();
        let said = self.kiosk.advance(self.now);
        for record in self.witness.take() {
            let restored = restore(&record).map(|it| (it.sequence, it.flight));
            log::debug!("{} writes {restored:?} {:?}", self.now, news(&record));
            self.ledger.take(&record);
        }
        let heard = self.cable.to_computer(&said.host);
        self.counter.handle_bytes(self.now, &heard)?;
        self.counter.advance(self.now)?;
        self.print(&said.device);
        if was_on && !self.kiosk.is_on() {
            log::debug!("{} the kiosk has lost its power", self.now);
        }
        while let Some(entry) = self
            .agenda
            .first_entry()
            .filter(|entry| entry.key().0 <= self.now)
        {
            let happening = entry.remove();
            log::debug!("{} {happening:?}", self.now);
            self.happen(happening)?;
        }
        Ok(())
    }

    fn print(&mut self, bytes: &[u8]) {
        let now = Duration::from_micros(self.now);
        if !bytes.is_empty() {
            self.printer.handle_bytes(now, bytes);
        }
        let mut out = [0; 64];
        loop {
            let length = self.printer.poll_transmit(now, &mut out);
            if length == 0 {
                break;
            }
            self.kiosk.device_says(&out[..length]);
        }
    }

    fn happen(&mut self, happening: Happening) -> Result<(), StoreError> {
        match happening {
            Happening::Key(key, closed) => self.kiosk.set_key(key, closed),
            Happening::KioskFails(steps) => self.kiosk.power().fail_after(steps),
            Happening::KioskOn => {
                self.starts += 1;
                let boot_id = (self.seed as u32).wrapping_mul(0x9E37_79B9) ^ self.starts;
                self.kiosk.switch_on(self.now, boot_id);
            }
            Happening::CounterFails(requests) => self.counter.fail_after(requests),
            Happening::CounterOff => self.counter.switch_off(),
            Happening::CounterOn => self.counter.switch_on(),
            Happening::PrinterOff => {
                let knobs = self.printer.knobs();
                self.set_printer(Knobs {
                    unplugged: true,
                    ..knobs
                });
            }
            Happening::Printer(knobs) => self.set_printer(knobs),
            Happening::Cable(cut) => self.cable.cut = cut,
            Happening::Noise(faults) => self.cable.set_faults(faults),
            Happening::Card(missing) => self.card.set_missing(missing),
            Happening::Call => self.counter.call_next(self.now)?,
        }
        Ok(())
    }

    fn set_printer(&mut self, knobs: Knobs) {
        // Without power the paper stays as it is; whoever looks finds what was printed so far.
        if knobs.unplugged
            && let Some(piece) = self.printer.tear_off()
        {
            use crate::device::ticket_printer::Paper as _;
            self.printer.paper.receipt(piece);
        }
        self.printer.set_knobs(knobs);
    }

    /// Puts all right that was wrong: power, cable, card, paper. Nobody presses.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mend(&mut self) -> Result<(), StoreError> {
        self.agenda.clear();
        self.kiosk.power().hold();
        self.counter.hold();
        for key in [Key::Up, Key::Down, Key::Left, Key::Right, Key::Select] {
            self.kiosk.set_key(key, false);
        }
        self.happen(Happening::Cable(false))?;
        self.happen(Happening::Noise(Faults::default()))?;
        self.happen(Happening::Card(false))?;
        self.happen(Happening::Printer(self.well()))?;
        if !self.counter.is_on() {
            self.happen(Happening::CounterOn)?;
        }
        if !self.kiosk.is_on() {
            self.happen(Happening::KioskOn)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
