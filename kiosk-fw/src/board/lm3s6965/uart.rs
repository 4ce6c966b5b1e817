//! The three UARTs: ARM's PL011 (TRM DDI 0183; data sheet, chapter 13), interrupt-driven over ring buffers.
//!
//! Receiving: the interrupt moves bytes into a ring. When the ring is full it stops and masks itself; the bytes then wait in the
//! FIFO, and once that is full the hardware drops and says so (OE), which is counted. QEMU stops its end instead.
//!
//! Sending: TRM 3.2.3: "The transmit interrupt is based on a transition through a level, rather than on the level itself".
//! So the first byte cannot wait for an interrupt: a writer pends the handler in the NVIC, and the handler fills the FIFO.

use core::convert::Infallible;
use core::future::poll_fn;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::Poll;

use embassy_sync::waitqueue::AtomicWaker;
use embassy_time::Timer;
use embedded_io_async::{ErrorType, Read, Write};

use super::clock::SYSTEM_HZ;
use super::registers::{
    Register,
    irq::{self, Irq},
};
use crate::board::{DeviceSpeed, LineErrors};
use crate::drivers::ring::Ring;

const DR: u32 = 0x000;
/// Framing error, parity error, break: the byte is not what was sent.
const DR_DAMAGED: u32 = 0b111 << 8;
/// Overrun: bytes before this one were dropped.
const DR_OE: u32 = 1 << 11;
const FR: u32 = 0x018;
const FR_BUSY: u32 = 1 << 3;
const FR_RXFE: u32 = 1 << 4;
const FR_TXFF: u32 = 1 << 5;
const IBRD: u32 = 0x024;
const FBRD: u32 = 0x028;
const LCRH: u32 = 0x02C;
/// Eight bits, no parity, one stop bit, FIFOs on.
const LCRH_8N1_FIFO: u32 = (0b11 << 5) | (1 << 4);
const CTL: u32 = 0x030;
const CTL_ENABLE: u32 = (1 << 0) | (1 << 8) | (1 << 9);
const IFLS: u32 = 0x034;
/// Interrupt when the send FIFO is down to a quarter and the receive FIFO up to a quarter: 12 byte times of slack.
const IFLS_QUARTER: u32 = 0b001 | (0b001 << 3);
const IM: u32 = 0x038;
const ICR: u32 = 0x044;
/// Receive level and receive time-out: a lone byte raises only the second.
const INT_RECEIVE: u32 = (1 << 4) | (1 << 6);
const INT_SEND: u32 = 1 << 5;
/// Depth of both FIFOs (TRM 2.4.2), and the most bytes that one run of the handler moves each way.
const FIFO: usize = 16;

/// What a UART's interrupt handler and its users share. `RX` and `TX` are the queues' sizes in bytes.
///
/// All zero at the start, so that it takes no flash.
pub(super) struct Queues<const RX: usize, const TX: usize> {
    received: Ring<RX>,
    to_send: Ring<TX>,
    reader: AtomicWaker,
    writer: AtomicWaker,
    overruns: AtomicU32,
    damaged: AtomicU32,
}

impl<const RX: usize, const TX: usize> Queues<RX, TX> {
    const fn new() -> Self {
        Self {
            received: Ring::new(),
            to_send: Ring::new(),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            overruns: AtomicU32::new(0),
            damaged: AtomicU32::new(0),
        }
    }
}

impl<const RX: usize, const TX: usize> Queues<RX, TX> {
    /// Takes a word of the data register (TRM 3.3.1) apart. Whether there was a byte in it.
    fn take(&self, word: u32) -> bool {
        if word & DR_OE != 0 {
            self.overruns.fetch_add(1, Ordering::Relaxed);
        }
        if word & DR_DAMAGED != 0 {
            // Better a hole than a wrong byte: everything above has a checksum.
            self.damaged.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        self.received.push(word as u8);
        true
    }
}

/// What QEMU's UART never does, and what tells whether this one listens.
#[cfg(feature = "on-target")]
impl<const RX: usize, const TX: usize> Uart<RX, TX> {
    /// As if that word had been read from the data register.
    pub(super) fn take(&self, word: u32) {
        critical_section::with(|_| self.queues.take(word));
        self.queues.reader.wake();
    }

    /// Whether the receive interrupts are let through.
    pub(super) fn listens(&self) -> bool {
        self.register(IM).read() & INT_RECEIVE != 0
    }
}

/// One UART: its registers, its interrupt, its queues.
pub(super) struct Uart<const RX: usize, const TX: usize> {
    base: u32,
    irq: Irq,
    queues: &'static Queues<RX, TX>,
}

/// 22 ms of the line in, more than any task blocks; a frame out.
static QUEUES0: Queues<2048, 1024> = Queues::new();
/// Several data packets of 139 bytes in.
static QUEUES1: Queues<1024, 64> = Queues::new();
/// A whole ticket out.
static QUEUES2: Queues<64, 1024> = Queues::new();

/// To and from the counter's computer.
pub(super) static UART0: Uart<2048, 1024> = Uart {
    base: 0x4000_C000,
    irq: irq::UART0,
    queues: &QUEUES0,
};
/// To and from the fingerprint sensor.
pub(super) static UART1: Uart<1024, 64> = Uart {
    base: 0x4000_D000,
    irq: irq::UART1,
    queues: &QUEUES1,
};
/// To and from the ticket printer.
pub(super) static UART2: Uart<64, 1024> = Uart {
    base: 0x4000_E000,
    irq: irq::UART2,
    queues: &QUEUES2,
};

pub(super) extern "C" fn on_uart0() {
    UART0.on_interrupt();
}

pub(super) extern "C" fn on_uart1() {
    UART1.on_interrupt();
}

pub(super) extern "C" fn on_uart2() {
    UART2.on_interrupt();
}

impl<const RX: usize, const TX: usize> Uart<RX, TX> {
    /// Sets the speed, switches the UART on and gives out its two halves and its speed. To be called once.
    pub(super) fn start(&'static self, baud: u32) -> (Receiver<RX, TX>, Sender<RX, TX>, Speed<RX, TX>) {
        self.set_speed(baud);
        self.register(IFLS).write(IFLS_QUARTER);
        self.register(ICR).write(0x7FF);
        self.register(IM).write(INT_RECEIVE);
        self.irq.enable();
        (Receiver(self), Sender(self), Speed(self))
    }

    /// Switches the UART off, and on again at `baud`. What its FIFOs hold is lost (TRM 3.3.7).
    fn set_speed(&self, baud: u32) {
        // TRM 3.3.6: divisor = clock / (16 * baud), with 6 bits of fraction; rounded to the nearest of those.
        let divisor = (SYSTEM_HZ * 4 + baud / 2) / baud;
        self.register(CTL).write(0);
        self.register(IBRD).write(divisor >> 6);
        self.register(FBRD).write(divisor & 0x3F);
        // Writing LCRH takes the divisor over, so it comes last.
        self.register(LCRH).write(LCRH_8N1_FIFO);
        self.register(CTL).write(CTL_ENABLE);
    }

    /// What came to harm on the way in, since start. At 50 MHz and these queues' sizes nothing should be lost.
    pub(super) fn errors(&self) -> LineErrors {
        LineErrors {
            overruns: self.queues.overruns.load(Ordering::Relaxed),
            damaged: self.queues.damaged.load(Ordering::Relaxed),
        }
    }

    fn register(&self, offset: u32) -> Register {
        Register::at(self.base, offset)
    }

    fn flags(&self) -> u32 {
        self.register(FR).read()
    }

    /// Moves at most a FIFO's worth of bytes each way, so that no UART keeps the others from the core.
    fn on_interrupt(&self) {
        let mut got = false;
        for _ in 0..FIFO {
            if self.flags() & FR_RXFE != 0 {
                break;
            }
            if self.queues.received.is_full() {
                self.register(IM).modify(|mask| mask & !INT_RECEIVE);
                break;
            }
            got |= self.queues.take(self.register(DR).read());
        }
        if got {
            self.queues.reader.wake();
        }
        let mut sent = false;
        for _ in 0..FIFO {
            if self.flags() & FR_TXFF != 0 {
                break;
            }
            let Some(byte) = self.queues.to_send.pop() else {
                self.register(IM).modify(|mask| mask & !INT_SEND);
                break;
            };
            self.register(DR).write(u32::from(byte));
            sent = true;
        }
        if sent {
            self.queues.writer.wake();
        }
    }
}

/// The receiving half of a UART.
pub struct Receiver<const RX: usize, const TX: usize>(&'static Uart<RX, TX>);

impl<const RX: usize, const TX: usize> ErrorType for Receiver<RX, TX> {
    type Error = Infallible;
}

impl<const RX: usize, const TX: usize> Read for Receiver<RX, TX> {
    /// Waits for at least one byte. Dropping the future loses none.
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, Self::Error> {
        poll_fn(|context| {
            self.0.queues.reader.register(context.waker());
            let count = self.0.queues.received.read(into);
            if count == 0 && !into.is_empty() {
                return Poll::Pending;
            }
            // There is room again, in case the handler had stopped for want of it.
            self.0.register(IM).modify(|mask| mask | INT_RECEIVE);
            Poll::Ready(Ok(count))
        })
        .await
    }
}

/// The sending half of a UART.
pub struct Sender<const RX: usize, const TX: usize>(&'static Uart<RX, TX>);

impl<const RX: usize, const TX: usize> ErrorType for Sender<RX, TX> {
    type Error = Infallible;
}

impl<const RX: usize, const TX: usize> Write for Sender<RX, TX> {
    /// Waits for room for at least one byte. Dropping the future sends nothing.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        poll_fn(|context| {
            self.0.queues.writer.register(context.waker());
            let count = self.0.queues.to_send.write(bytes);
            if count == 0 && !bytes.is_empty() {
                return Poll::Pending;
            }
            self.0.register(IM).modify(|mask| mask | INT_SEND);
            self.0.irq.pend();
            Poll::Ready(Ok(count))
        })
        .await
    }

    /// Waits until the last stop bit has left.
    async fn flush(&mut self) -> Result<(), Self::Error> {
        poll_fn(|context| {
            self.0.queues.writer.register(context.waker());
            if self.0.queues.to_send.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        // There is no interrupt for the end of the last byte; the FIFO holds at most 17 byte times.
        while self.0.flags() & FR_BUSY != 0 {
            Timer::after_micros(200).await;
        }
        Ok(())
    }
}

/// The speed of a UART.
pub struct Speed<const RX: usize, const TX: usize>(&'static Uart<RX, TX>);

impl<const RX: usize, const TX: usize> DeviceSpeed for Speed<RX, TX> {
    fn set(&mut self, bits_per_second: u32) {
        // The handler must not find the UART half set.
        critical_section::with(|_| self.0.set_speed(bits_per_second));
    }
}
