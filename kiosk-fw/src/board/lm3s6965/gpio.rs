//! Pins (data sheet, chapter 9 "General-purpose input/outputs").

use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::waitqueue::AtomicWaker;
use embedded_hal::digital::{ErrorType, InputPin, OutputPin, PinState};
use embedded_hal_async::digital::Wait;

use super::registers::{
    Register,
    irq::{self, Irq},
};

/// The data register; address bits 9:2 are a mask of the pins that the access touches (data sheet, 9.2.1.2).
const GPIODATA: u32 = 0x000;
const GPIODIR: u32 = 0x400;
const GPIOIS: u32 = 0x404;
const GPIOIBE: u32 = 0x408;
const GPIOIM: u32 = 0x410;
const GPIOMIS: u32 = 0x418;
const GPIOICR: u32 = 0x41C;
const GPIOAFSEL: u32 = 0x420;
const GPIOPUR: u32 = 0x510;
const GPIODEN: u32 = 0x51C;

/// A GPIO port, by its base address (data sheet, 9.4).
#[derive(Clone, Copy)]
pub(super) struct Port(u32);

pub(super) const A: Port = Port(0x4000_4000);
pub(super) const C: Port = Port(0x4000_6000);
pub(super) const D: Port = Port(0x4000_7000);
pub(super) const E: Port = Port(0x4002_4000);
pub(super) const F: Port = Port(0x4002_5000);
pub(super) const G: Port = Port(0x4002_6000);

/// Who waits for an edge on the pins of the two ports with buttons.
static WAITERS_E: [AtomicWaker; 8] = [const { AtomicWaker::new() }; 8];
static WAITERS_F: [AtomicWaker; 8] = [const { AtomicWaker::new() }; 8];

pub(super) extern "C" fn on_port_e() {
    on_edge(E, &WAITERS_E);
}

pub(super) extern "C" fn on_port_f() {
    on_edge(F, &WAITERS_F);
}

/// Disarms every pin that saw its edge and wakes who waits for it: a bouncing contact interrupts once.
fn on_edge(port: Port, waiters: &[AtomicWaker; 8]) {
    let edges = port.register(GPIOMIS).read();
    port.register(GPIOIM).modify(|mask| mask & !edges);
    port.register(GPIOICR).write(edges);
    for (pin, waiter) in waiters.iter().enumerate() {
        if edges & (1 << pin) != 0 {
            waiter.wake();
        }
    }
}

impl Port {
    fn register(self, offset: u32) -> Register {
        Register::at(self.0, offset)
    }

    /// Hands `pins` (a mask) to their peripheral: UART or SSI.
    ///
    /// Port C is read, changed and written back with care for its low four pins, which are the debug port.
    pub(super) fn alternate(self, pins: u32) {
        self.register(GPIOAFSEL).modify(|on| on | pins);
        self.register(GPIODEN).modify(|on| on | pins);
    }

    /// Makes pin number `pin` an output that starts at `level`.
    pub(super) fn output(self, pin: u32, level: PinState) -> Output {
        let mut output = Output {
            data: self.register(GPIODATA + (4 << pin)),
            mask: 1 << pin,
        };
        self.register(GPIODIR).modify(|on| on | 1 << pin);
        output.put(level);
        self.register(GPIODEN).modify(|on| on | 1 << pin);
        output
    }

    /// Makes pin number `pin` of port E or F a button: an input with a pull-up that interrupts at both edges.
    fn button(self, pin: u32, irq: Irq, waiter: &'static AtomicWaker) -> Button {
        let mask = 1 << pin;
        self.register(GPIODIR).modify(|on| on & !mask);
        self.register(GPIOPUR).modify(|on| on | mask);
        self.register(GPIODEN).modify(|on| on | mask);
        self.register(GPIOIM).modify(|on| on & !mask);
        self.register(GPIOIS).modify(|on| on & !mask);
        self.register(GPIOIBE).modify(|on| on | mask);
        irq.enable();
        Button {
            port: self,
            data: self.register(GPIODATA + (4 << pin)),
            mask,
            waiter,
        }
    }
}

/// The button on port E pin `pin` (0 to 7).
pub(super) fn button_e(pin: u32) -> Button {
    E.button(pin, irq::GPIO_E, &WAITERS_E[pin as usize])
}

/// The button on port F pin `pin` (0 to 7).
pub(super) fn button_f(pin: u32) -> Button {
    F.button(pin, irq::GPIO_F, &WAITERS_F[pin as usize])
}

/// A pin that the firmware drives.
pub struct Output {
    data: Register,
    mask: u32,
}

impl Output {
    /// Sets the pin's level; other pins of the port are not touched.
    pub(super) fn put(&mut self, level: PinState) {
        self.data
            .write(if level == PinState::High { self.mask } else { 0 });
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.put(PinState::Low);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        self.put(PinState::High);
        Ok(())
    }
}

/// A button of the evaluation board: low while pressed.
pub struct Button {
    port: Port,
    data: Register,
    mask: u32,
    waiter: &'static AtomicWaker,
}

impl Button {
    fn level(&self) -> PinState {
        if self.data.read() & self.mask != 0 {
            PinState::High
        } else {
            PinState::Low
        }
    }

    /// Arms the edge interrupt, then waits for it unless `done` holds already.
    async fn edge_unless(&mut self, done: impl Fn(&Self) -> bool) {
        self.port.register(GPIOICR).write(self.mask);
        self.waiter_armed();
        poll_fn(|context| {
            self.waiter.register(context.waker());
            let disarmed = self.port.register(GPIOIM).read() & self.mask == 0;
            if disarmed || done(self) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn waiter_armed(&self) {
        self.port.register(GPIOIM).modify(|on| on | self.mask);
    }
}

impl ErrorType for Button {
    type Error = Infallible;
}

impl InputPin for Button {
    fn is_high(&mut self) -> Result<bool, Self::Error> {
        Ok(self.level() == PinState::High)
    }

    fn is_low(&mut self) -> Result<bool, Self::Error> {
        Ok(self.level() == PinState::Low)
    }
}

impl Wait for Button {
    async fn wait_for_high(&mut self) -> Result<(), Self::Error> {
        while self.level() != PinState::High {
            self.edge_unless(|pin| pin.level() == PinState::High).await;
        }
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Self::Error> {
        while self.level() != PinState::Low {
            self.edge_unless(|pin| pin.level() == PinState::Low).await;
        }
        Ok(())
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Self::Error> {
        self.wait_for_low().await?;
        self.wait_for_high().await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Self::Error> {
        self.wait_for_high().await?;
        self.wait_for_low().await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Self::Error> {
        self.edge_unless(|_| false).await;
        Ok(())
    }
}
