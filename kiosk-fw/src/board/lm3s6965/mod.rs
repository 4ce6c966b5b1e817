//! The Luminary/TI LM3S6965 evaluation board (EKK-LM3S6965, revision A with the SSD0323 OLED), real or QEMU's `lm3s6965evb`.
//!
//! | part | pins |
//! |---|---|
//! | UART0, counter's computer, 921,600 baud | PA0 in, PA1 out |
//! | UART1, fingerprint sensor, 57,600 baud | PD2 in, PD3 out |
//! | UART2, ticket printer, 9,600 baud | PG0 in, PG1 out |
//! | SSI0 | PA2 clock, PA4 in, PA5 out |
//! | OLED on it | PA3 select, PC7 data/command, PC6 panel supply |
//! | SD card on it | PD0 select |
//! | buttons | PE0 up, PE1 down, PE2 left, PE3 right, PF1 select |
//!
//! defmt's log leaves over the link when that has nothing else to do, and through semihosting, which stops the core while the
//! debugger (or QEMU) writes: log at human scale.

mod clock;
mod ending;
mod executor;
mod gpio;
mod kept;
mod logger;
#[cfg(feature = "measure")]
pub mod measure;
mod registers;
mod ssi;
mod stack;
mod time;
mod uart;
#[cfg(feature = "on-target")]
pub mod under_test;
mod vectors;
mod watchdog;

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;
use embassy_executor::Spawner;
use embedded_hal::digital::PinState;
use protocol::message::ResetCause;
use static_cell::ConstStaticCell;

use super::{Board, Buttons, LastEnd, LineErrors, Parts, Vitals};
use crate::drivers::sd::SdCard;
use crate::drivers::ssd0323::{Frame, Ssd0323};
use crate::health::kept::{Kept, Start};
use crate::health::{Pulse, self_test};
use crate::journal::NoStore;
use crate::journal::sectors::SectorStore;
use crate::link_port::{FIRMWARE, now};

pub use gpio::{Button, Output};
pub use ssi::{CardOnBus, CardSlot, OledDevice};
pub use uart::{Receiver, Sender, Speed};

/// Speed of the link to the counter's computer.
const HOST_BAUD: u32 = 921_600;
/// The speed that the sensor family starts with (R307 manual: N = 6, 57,600 bits a second).
const SENSOR_BAUD: u32 = 57_600;
/// The speed that small 58 mm printers leave the factory with.
const PRINTER_BAUD: u32 = 9_600;

/// The board as a kiosk: the device is the ticket printer on UART2.
pub struct Kiosk(Started);
/// The board as a capture board: the device is the fingerprint sensor on UART1.
pub struct Capture(Started);

static PULSE: Pulse = Pulse::new();

/// What the start has found.
#[derive(Clone, Copy)]
struct Birth {
    start: Start,
    self_test: u16,
}

static BIRTH: Mutex<Cell<Birth>> = Mutex::new(Cell::new(Birth {
    start: Start {
        number: 0,
        cause: ResetCause::Unknown,
    },
    self_test: 0,
}));

/// Proof that clock, timers and guard are running.
struct Started(());

/// Starts the board and the executor, and gives the board to the first task. Call it from `main`, once.
///
/// # Panics
///
/// If called twice.
pub fn run(first_task: impl FnOnce(Spawner)) -> ! {
    static STARTED: AtomicBool = AtomicBool::new(false);
    assert!(
        !STARTED.swap(true, Ordering::Relaxed),
        "the board is started once"
    );
    let cause = clock::reset_cause();
    let mut self_test = 0;
    if !stack::test_and_paint() {
        self_test |= self_test::MEMORY;
    }
    stack::guard();
    if !clock::start() {
        self_test |= self_test::CLOCK;
    }
    time::start();
    let start = kept::with(|kept| kept.start(FIRMWARE, cause));
    critical_section::with(|section| BIRTH.borrow(section).set(Birth { start, self_test }));
    // Tests on the board give no signs of life.
    if cfg!(not(feature = "on-target")) {
        watchdog::start();
    }
    executor::run(first_task)
}

/// The kiosk's side of the board. To be called in the first task.
pub fn kiosk() -> Kiosk {
    Kiosk(Started(()))
}

/// The capture side of the board. To be called in the first task.
pub fn capture() -> Capture {
    Capture(Started(()))
}

/// Does what the core refuses: for tests of what a fault leaves behind.
#[cfg(feature = "endings")]
pub fn fault() {
    ending::undefined();
}

/// Clock, in and out of SSI0 on port A.
const SSI_PINS: u32 = 0b11_0100;

/// The journal on the SD card.
pub type CardStore = SectorStore<SdCard<CardSlot>>;

/// The OLED with everything it needs.
pub type Oled = Ssd0323<OledDevice>;

impl Board for Kiosk {
    const NAME: &'static str = "LM3S6965";
    type HostReader = Receiver<2048, 1024>;
    type HostWriter = Sender<2048, 1024>;
    type DeviceReader = Receiver<64, 1024>;
    type DeviceWriter = Sender<64, 1024>;
    type DeviceSpeed = Speed<64, 1024>;
    type Store = CardStore;
    type Panel = Oled;
    type Button = Button;

    fn parts(self) -> Parts<Self> {
        let (host_reader, host_writer, _) = host_uart(&self.0);
        gpio::G.alternate(0b11);
        let (device_reader, device_writer, device_speed) = uart::UART2.start(PRINTER_BAUD);
        let boot_id = boot_id();
        Parts {
            host_reader,
            host_writer,
            device_reader,
            device_writer,
            device_speed,
            store: SectorStore::new(SdCard::new(card_slot()), boot_id),
            panel: oled(),
            buttons: buttons(),
            boot_id,
        }
    }

    fn vitals() -> Vitals {
        vitals(uart::UART2.errors())
    }

    fn last_end() -> Option<LastEnd> {
        kept::with(|kept| kept.last_end())
    }

    fn forget_last_end() {
        kept::with(Kept::forget_last_end);
    }

    fn pulse() -> &'static Pulse {
        &PULSE
    }

    fn feed_watchdog() {
        feed_watchdog();
    }

    fn restart(why: ResetCause) -> ! {
        ending::restart(why)
    }
}

impl Board for Capture {
    const NAME: &'static str = "LM3S6965";
    type HostReader = Receiver<2048, 1024>;
    type HostWriter = Sender<2048, 1024>;
    type DeviceReader = Receiver<1024, 64>;
    type DeviceWriter = Sender<1024, 64>;
    type DeviceSpeed = Speed<1024, 64>;
    type Store = NoStore;
    type Panel = Oled;
    type Button = Button;

    fn parts(self) -> Parts<Self> {
        let (host_reader, host_writer, _) = host_uart(&self.0);
        gpio::D.alternate(0b1100);
        let (device_reader, device_writer, device_speed) = uart::UART1.start(SENSOR_BAUD);
        Parts {
            host_reader,
            host_writer,
            device_reader,
            device_writer,
            device_speed,
            store: NoStore,
            panel: oled(),
            buttons: buttons(),
            boot_id: boot_id(),
        }
    }

    fn vitals() -> Vitals {
        vitals(uart::UART1.errors())
    }

    fn last_end() -> Option<LastEnd> {
        kept::with(|kept| kept.last_end())
    }

    fn forget_last_end() {
        kept::with(Kept::forget_last_end);
    }

    fn pulse() -> &'static Pulse {
        &PULSE
    }

    fn feed_watchdog() {
        feed_watchdog();
    }

    fn restart(why: ResetCause) -> ! {
        ending::restart(why)
    }
}

fn host_uart(_started: &Started) -> (Receiver<2048, 1024>, Sender<2048, 1024>, Speed<2048, 1024>) {
    gpio::A.alternate(0b11);
    uart::UART0.start(HOST_BAUD)
}

fn vitals(device: LineErrors) -> Vitals {
    let Birth { start, self_test } = critical_section::with(|section| BIRTH.borrow(section).get());
    let load = executor::load();
    Vitals {
        host: uart::UART0.errors(),
        device,
        stack_free: stack::free(),
        longest_block_us: load.longest_us(),
        busy_permille: load.busy_permille(now()),
        starts: start.number,
        self_test,
        cause: start.cause,
        log_lost: crate::log::lost(),
    }
}

fn feed_watchdog() {
    watchdog::feed();
    kept::with(|kept| kept.still_alive((now() / 1_000_000) as u32));
}

/// What the OLED shows.
static FRAME: ConstStaticCell<Frame> = ConstStaticCell::new(Frame::new());

fn oled() -> Oled {
    // The card is not selected, whether or not anybody uses it.
    gpio::D.output(0, PinState::High);
    let select = gpio::A.output(3, PinState::High);
    // PC6 switches the panel's 15 V supply on.
    gpio::C.output(6, PinState::High);
    let data_command = gpio::C.output(7, PinState::Low);
    gpio::A.alternate(SSI_PINS);
    Ssd0323::new(OledDevice::new(select, data_command), FRAME.take())
}

fn card_slot() -> CardSlot {
    let select = gpio::D.output(0, PinState::High);
    gpio::A.alternate(SSI_PINS);
    CardSlot::new(select, gpio::C.output(7, PinState::Low))
}

fn buttons() -> Buttons<Button> {
    Buttons {
        up: gpio::button_e(0),
        down: gpio::button_e(1),
        left: gpio::button_e(2),
        right: gpio::button_e(3),
        select: gpio::button_f(1),
    }
}

/// A number for this start.
///
/// The chip has no source of chance, and in an emulator even jitter repeats. The debugger's computer has one; without it, its
/// clock (seconds, and hundredths since its start) still tells two starts apart.
fn boot_id() -> u32 {
    use semihosting::experimental::{random, time::SystemTime};
    let mut bytes = [0; 4];
    if random::fill_bytes(&mut bytes).is_ok() {
        return u32::from_le_bytes(bytes);
    }
    let seconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as u32);
    let hundredths = semihosting::sys::arm_compat::sys_clock().unwrap_or(0) as u32;
    // Knuth's multiplicative hash spreads the seconds over all bits before the two are mixed.
    seconds.wrapping_mul(2_654_435_761) ^ hundredths
}

defmt::timestamp!("{=u64:us}", embassy_time::Instant::now().as_micros());
