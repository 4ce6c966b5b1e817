//! Both UARTs: `embassy-rp`'s buffered driver, with what went wrong counted instead of reported as the end of the line.

use core::convert::Infallible;
use core::sync::atomic::{AtomicU32, Ordering};

use embassy_rp::Peri;
use embassy_rp::interrupt::typelevel::Binding;
use embassy_rp::pac;
use embassy_rp::uart::{
    BufferedInterruptHandler, BufferedUart, BufferedUartRx, BufferedUartTx, Config, Error, Instance, RxPin,
    TxPin,
};
use embedded_io_async::{ErrorType, Read, Write};

use crate::board::{DeviceSpeed, LineErrors};

/// What came to harm on a line, since start. Only the line's reader counts.
pub(super) struct Harm {
    overruns: AtomicU32,
    damaged: AtomicU32,
}

pub(super) static HOST: Harm = Harm::new();
pub(super) static DEVICE: Harm = Harm::new();

impl Harm {
    const fn new() -> Self {
        Self {
            overruns: AtomicU32::new(0),
            damaged: AtomicU32::new(0),
        }
    }

    pub(super) fn errors(&self) -> LineErrors {
        LineErrors {
            overruns: self.overruns.load(Ordering::Relaxed),
            damaged: self.damaged.load(Ordering::Relaxed),
        }
    }

    fn count(&self, error: Error) {
        let counter = match error {
            Error::Overrun => &self.overruns,
            _ => &self.damaged,
        };
        // Armv6-M has no fetch_add; with one writer none is needed.
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}

/// Switches a UART on.
pub(super) fn start<T: Instance>(
    uart: Peri<'static, T>,
    tx: Peri<'static, impl TxPin<T>>,
    rx: Peri<'static, impl RxPin<T>>,
    irq: impl Binding<T::Interrupt, BufferedInterruptHandler<T>>,
    (to_send, received): (&'static mut [u8], &'static mut [u8]),
    baud: u32,
    harm: &'static Harm,
) -> (Receiver, Sender) {
    let mut config = Config::default();
    config.baudrate = baud;
    let (tx, rx) = BufferedUart::new(uart, tx, rx, irq, to_send, received, config).split();
    (Receiver { rx, harm }, Sender { tx })
}

/// The receiving half of a UART.
pub struct Receiver {
    rx: BufferedUartRx,
    harm: &'static Harm,
}

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl Read for Receiver {
    /// Waits for at least one byte. Dropping the future loses none.
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, Self::Error> {
        loop {
            match self.rx.read(into).await {
                Ok(count) => return Ok(count),
                Err(error) => self.harm.count(error),
            }
        }
    }
}

/// The sending half of a UART.
pub struct Sender {
    tx: BufferedUartTx,
}

impl ErrorType for Sender {
    type Error = Infallible;
}

impl Write for Sender {
    /// Waits for room for at least one byte. Dropping the future sends nothing.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        loop {
            // Sending knows no errors; the driver's signature has one.
            if let Ok(count) = self.tx.write(bytes).await {
                return Ok(count);
            }
        }
    }

    /// Waits until the last stop bit has left.
    async fn flush(&mut self) -> Result<(), Self::Error> {
        let _ = self.tx.flush().await;
        while self.tx.busy() {
            embassy_futures::yield_now().await;
        }
        Ok(())
    }
}

/// The speed of the device's UART.
pub struct Speed(pub(super) ());

impl DeviceSpeed for Speed {
    fn set(&mut self, bits_per_second: u32) {
        // RP2040 data sheet, 4.2.7.1: divisor = clock / (16 * baud), with 6 bits of fraction; rounded to the nearest.
        let divisor = (embassy_rp::clocks::clk_peri_freq() * 4 + bits_per_second / 2) / bits_per_second;
        // The handler must not find the UART half set.
        critical_section::with(|_| {
            let uart = pac::UART1;
            let control = uart.uartcr().read();
            uart.uartcr().modify(|cr| cr.set_uarten(false));
            uart.uartibrd()
                .write(|ibrd| ibrd.set_baud_divint((divisor >> 6) as u16));
            uart.uartfbrd()
                .write(|fbrd| fbrd.set_baud_divfrac((divisor & 0x3F) as u8));
            // Writing LCR_H takes the divisor over.
            uart.uartlcr_h().modify(|_| ());
            uart.uartcr().write_value(control);
        });
    }
}
