//! The Raspberry Pi Pico (RP2040), with `embassy-rp`.
//!
//! How it is wired, and what its lines may carry, is in `WIRING.md` beside this file. In short:
//!
//! | part | pins |
//! |---|---|
//! | UART0, counter's computer, 921,600 baud | GP0 out, GP1 in |
//! | UART1, ticket printer (9,600 baud) or fingerprint sensor (57,600 baud) | GP4 out, GP5 in |
//! | I2C1, OLED (SSD1306 or SH1106), 400 kHz | GP6 SDA, GP7 SCL |
//! | buttons | GP10 up, GP11 down, GP12 left, GP13 right, GP14 select |
//!
//! defmt's log leaves through RTT.

mod ending;
mod executor;
mod flash;
pub mod flash_map;
mod stack;
mod uart;

use core::cell::{Cell, RefCell};

use critical_section::Mutex;

use embassy_executor::Spawner;
use embassy_rp::clocks::RoscRng;
use embassy_rp::gpio::{Input, Pull};
use embassy_rp::i2c::{self, Async, I2c};
use embassy_rp::peripherals::{FLASH, I2C1, UART0, UART1, WATCHDOG};
use embassy_rp::uart::BufferedInterruptHandler;
use embassy_rp::{Peripherals, bind_interrupts};
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use protocol::message::ResetCause;
use static_cell::ConstStaticCell;

use super::{Board, Buttons, LastEnd, Parts, Vitals};
use crate::drivers::mono_oled::MonoOled;
use crate::health::kept::{Kept, Start};
use crate::health::{Pulse, self_test};
use crate::journal::flash::FlashStore;
use crate::link_port::{FIRMWARE, now};
use crate::update::{Slot, Trial};

pub use uart::{Receiver, Sender, Speed};

use defmt_rtt as _;

/// Speed of the link to the counter's computer.
const HOST_BAUD: u32 = 921_600;
/// The speed that the sensor family starts with (R307 manual: N = 6, 57,600 bits a second).
const SENSOR_BAUD: u32 = 57_600;
/// The speed that small 58 mm printers leave the factory with.
const PRINTER_BAUD: u32 = 9_600;
/// The fastest that both controllers of the OLED are sure to understand (SSD1306 data sheet, table 13-6: 2.5 µs a clock).
const OLED_HZ: u32 = 400_000;

bind_interrupts!(struct Irqs {
    UART0_IRQ => BufferedInterruptHandler<UART0>;
    UART1_IRQ => BufferedInterruptHandler<UART1>;
    I2C1_IRQ => i2c::InterruptHandler<I2C1>;
});

/// Whole frames of the host's window in, two frames out.
static HOST_RECEIVED: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
static HOST_TO_SEND: ConstStaticCell<[u8; 2048]> = ConstStaticCell::new([0; 2048]);
/// Several data packets of a sensor (139 bytes) in, a whole ticket out.
static DEVICE_RECEIVED: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);
static DEVICE_TO_SEND: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);

/// The chip's parts, between start and the first task.
static PARTS: CriticalSectionMutex<RefCell<Option<Peripherals>>> =
    CriticalSectionMutex::new(RefCell::new(None));

/// Signs of life of the application's loops.
static PULSE: Pulse = Pulse::new();

/// What the start found, for as long as the firmware runs.
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

/// The board as a kiosk: the device is the ticket printer on UART1.
pub struct Kiosk(Peripherals);
/// The board as a capture board: the device is the fingerprint sensor on UART1.
pub struct Capture(Peripherals);

/// Starts the board and the executor, and gives the board to the first task. Call it from `main`, once.
///
/// # Panics
///
/// If called twice.
pub fn run(first_task: impl FnOnce(Spawner)) -> ! {
    let holds = stack::test_and_paint();
    let parts = embassy_rp::init(embassy_rp::config::Config::default());
    // SAFETY: nobody else takes these two: `take_apart` leaves them alone, and `init` above gives the parts out once.
    let (watchdog, chip) = unsafe { (WATCHDOG::steal(), FLASH::steal()) };
    let reason = ending::start(watchdog);
    let mut start = ending::kept(|kept| kept.start(FIRMWARE, reason));
    match flash::start(chip) {
        Trial::OnTrial => start.cause = ResetCause::Updated,
        Trial::RolledBack => start.cause = ResetCause::RolledBack,
        Trial::Settled => (),
    }
    let self_test = if holds { 0 } else { self_test::MEMORY };
    critical_section::with(|section| BIRTH.borrow(section).set(Birth { start, self_test }));
    PARTS.lock(|place| place.replace(Some(parts)));
    executor::run(first_task)
}

/// The kiosk's side of the board. To be called in the first task.
///
/// # Panics
///
/// If the board was given out before, or not started.
pub fn kiosk() -> Kiosk {
    Kiosk(parts())
}

/// The capture side of the board. To be called in the first task.
///
/// # Panics
///
/// If the board was given out before, or not started.
pub fn capture() -> Capture {
    Capture(parts())
}

fn parts() -> Peripherals {
    match PARTS.lock(RefCell::take) {
        Some(parts) => parts,
        None => panic!("the board is given out once"),
    }
}

/// The OLED with everything it needs.
pub type Oled = MonoOled<I2c<'static, I2C1, Async>>;

/// The journal in the Pico's own flash.
pub type Journal = FlashStore<flash::Records>;

/// What an application takes apart, the same for both.
fn take_apart<B>(parts: Peripherals, device_baud: u32) -> Parts<B>
where
    B: Board<
            HostReader = Receiver,
            HostWriter = Sender,
            DeviceReader = Receiver,
            DeviceWriter = Sender,
            DeviceSpeed = Speed,
            Store = Journal,
            Panel = Oled,
            Button = Input<'static>,
        >,
{
    let (host_reader, host_writer) = uart::start(
        parts.UART0,
        parts.PIN_0,
        parts.PIN_1,
        Irqs,
        (HOST_TO_SEND.take(), HOST_RECEIVED.take()),
        HOST_BAUD,
        &uart::HOST,
    );
    let (device_reader, device_writer) = uart::start(
        parts.UART1,
        parts.PIN_4,
        parts.PIN_5,
        Irqs,
        (DEVICE_TO_SEND.take(), DEVICE_RECEIVED.take()),
        device_baud,
        &uart::DEVICE,
    );
    let mut config = i2c::Config::default();
    config.frequency = OLED_HZ;
    Parts {
        host_reader,
        host_writer,
        device_reader,
        device_writer,
        device_speed: Speed(()),
        store: match flash::journal() {
            Some(journal) => journal,
            None => panic!("the journal is given out once"),
        },
        panel: MonoOled::new(I2c::new_async(parts.I2C1, parts.PIN_7, parts.PIN_6, Irqs, config)),
        buttons: Buttons {
            up: Input::new(parts.PIN_10, Pull::Up),
            down: Input::new(parts.PIN_11, Pull::Up),
            left: Input::new(parts.PIN_12, Pull::Up),
            right: Input::new(parts.PIN_13, Pull::Up),
            select: Input::new(parts.PIN_14, Pull::Up),
        },
        // The ring oscillator's phase is chance enough to tell starts apart (data sheet, 2.17.5).
        boot_id: RoscRng.next_u32(),
    }
}

fn vitals() -> Vitals {
    let Birth { start, self_test } = critical_section::with(|section| BIRTH.borrow(section).get());
    let load = executor::load();
    Vitals {
        host: uart::HOST.errors(),
        device: uart::DEVICE.errors(),
        stack_free: stack::free(),
        longest_block_us: load.longest_us(),
        busy_permille: load.busy_permille(now()),
        starts: start.number,
        self_test,
        cause: start.cause,
        log_lost: crate::log::lost(),
    }
}

/// The end of the firmware before. That it was not kept is more than what ended it.
fn last_end() -> Option<LastEnd> {
    let start = critical_section::with(|section| BIRTH.borrow(section).get().start);
    let mut end = ending::kept(|kept| kept.last_end())?;
    if start.cause == ResetCause::RolledBack {
        end.cause = ResetCause::RolledBack;
    }
    Some(end)
}

macro_rules! board {
    ($application:ty, $device_baud:expr) => {
        impl Board for $application {
            const NAME: &'static str = "RP2040";
            type HostReader = Receiver;
            type HostWriter = Sender;
            type DeviceReader = Receiver;
            type DeviceWriter = Sender;
            type DeviceSpeed = Speed;
            type Store = Journal;
            type Panel = Oled;
            type Button = Input<'static>;

            fn parts(self) -> Parts<Self> {
                take_apart(self.0, $device_baud)
            }

            fn vitals() -> Vitals {
                vitals()
            }

            fn last_end() -> Option<LastEnd> {
                last_end()
            }

            fn forget_last_end() {
                ending::kept(Kept::forget_last_end);
            }

            fn pulse() -> &'static Pulse {
                &PULSE
            }

            fn feed_watchdog() {
                ending::feed_watchdog();
            }

            fn slot() -> Option<&'static mut dyn Slot> {
                flash::slot()
            }

            fn restart(why: ResetCause) -> ! {
                ending::restart(why)
            }
        }
    };
}

board!(Kiosk, PRINTER_BAUD);
board!(Capture, SENSOR_BAUD);

defmt::timestamp!("{=u64:us}", embassy_time::Instant::now().as_micros());
