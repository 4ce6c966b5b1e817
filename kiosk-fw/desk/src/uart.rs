//! A serial port of the board: buffers on the board's side, and the line to what is plugged in.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use embedded_io_async::{ErrorType, Read, Write};
use kiosk_fw::board::{DeviceSpeed, LineErrors};

use crate::lane::Lane;
use crate::power::Power;

/// Buffers of a port, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffers {
    /// Received and not read yet. What comes when it is full is lost.
    pub(crate) receive: usize,
    /// Written and not sent yet.
    pub(crate) send: usize,
}

/// A serial port.
#[derive(Debug)]
pub(crate) struct Uart {
    buffers: Buffers,
    power: Rc<Power>,
    /// The time in the world, in µs.
    now: Cell<u64>,
    baud: Cell<u32>,
    /// Speed of what is plugged in.
    peer_baud: Cell<u32>,
    out: RefCell<Lane>,
    coming: RefCell<Lane>,
    received: RefCell<VecDeque<u8>>,
    errors: Cell<LineErrors>,
    reader: RefCell<Option<Waker>>,
    writer: RefCell<Option<Waker>>,
}

impl Uart {
    pub(crate) fn new(power: Rc<Power>, baud: u32, buffers: Buffers) -> Self {
        Self {
            buffers,
            power,
            now: Cell::new(0),
            baud: Cell::new(baud),
            peer_baud: Cell::new(baud),
            out: RefCell::new(Lane::new(baud)),
            coming: RefCell::new(Lane::new(baud)),
            received: RefCell::default(),
            errors: Cell::default(),
            reader: RefCell::default(),
            writer: RefCell::default(),
        }
    }

    /// Lets it be `now` and returns the bytes that have left the board by then.
    pub(crate) fn advance(&self, now: u64) -> Vec<u8> {
        self.now.set(now);
        let arrived = self.coming.borrow_mut().take(now);
        if !arrived.is_empty() {
            self.receive(&arrived);
        }
        let sent = self.out.borrow_mut().take(now);
        if !sent.is_empty() {
            wake(&self.writer);
        }
        if self.is_in_step() {
            sent
        } else {
            vec![0xFF; sent.len()]
        }
    }

    fn receive(&self, arrived: &[u8]) {
        let mut errors = self.errors.get();
        if self.is_in_step() {
            let mut received = self.received.borrow_mut();
            let room = self.buffers.receive - received.len();
            errors.overruns += arrived.len().saturating_sub(room) as u32;
            received.extend(arrived.iter().take(room));
        } else {
            // Stop bits are not where they should be.
            errors.damaged += arrived.len() as u32;
        }
        self.errors.set(errors);
        wake(&self.reader);
    }

    /// Whether both ends use the same speed.
    fn is_in_step(&self) -> bool {
        self.baud == self.peer_baud
    }

    /// What is plugged in sends this.
    pub(crate) fn give(&self, bytes: &[u8]) {
        let mut coming = self.coming.borrow_mut();
        for byte in bytes {
            coming.put(self.now.get(), *byte);
        }
    }

    /// What is plugged in uses this speed from now on.
    pub(crate) fn set_peer_baud(&self, baud: u32) {
        self.peer_baud.set(baud);
        self.coming.borrow_mut().set_baud(baud);
    }

    pub(crate) fn next(&self) -> Option<u64> {
        let (out, coming) = (self.out.borrow().next(), self.coming.borrow().next());
        out.into_iter().chain(coming).min()
    }

    pub(crate) fn held(&self) -> usize {
        self.out.borrow().len() + self.coming.borrow().len() + self.received.borrow().len()
    }

    pub(crate) fn errors(&self) -> LineErrors {
        self.errors.get()
    }
}

fn wake(waker: &RefCell<Option<Waker>>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Where the board reads.
#[derive(Debug)]
pub struct Reader(pub(crate) Rc<Uart>);

impl ErrorType for Reader {
    type Error = Infallible;
}

impl Read for Reader {
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut received = self.0.received.borrow_mut();
            let count = into.len().min(received.len());
            if count == 0 && !into.is_empty() {
                self.0.reader.replace(Some(context.waker().clone()));
                return Poll::Pending;
            }
            for (place, byte) in into.iter_mut().zip(received.drain(..count)) {
                *place = byte;
            }
            Poll::Ready(Ok(count))
        })
        .await
    }
}

/// Where the board writes.
#[derive(Debug)]
pub struct Writer(pub(crate) Rc<Uart>);

impl Writer {
    async fn until(&self, enough: impl Fn(usize) -> bool) {
        poll_fn(|context| {
            if enough(self.0.out.borrow().len()) {
                return Poll::Ready(());
            }
            self.0.writer.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl ErrorType for Writer {
    type Error = Infallible;
}

impl Write for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let size = self.0.buffers.send;
        self.until(|waiting| waiting < size).await;
        let mut out = self.0.out.borrow_mut();
        let count = bytes.len().min(size - out.len());
        for byte in &bytes[..count] {
            if self.0.power.step() {
                out.put(self.0.now.get(), *byte);
            }
        }
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.until(|waiting| waiting == 0).await;
        Ok(())
    }
}

/// Sets the board's own speed on a line.
#[derive(Debug)]
pub struct Speed(pub(crate) Rc<Uart>);

impl DeviceSpeed for Speed {
    fn set(&mut self, bits_per_second: u32) {
        self.0.baud.set(bits_per_second);
        self.0.out.borrow_mut().set_baud(bits_per_second);
    }
}
