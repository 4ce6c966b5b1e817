//! What goes over a device's line, and when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::device::serial::SerialDevice;

/// The ends of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Board,
    Device,
}

/// A byte, and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub at: Instant,
    pub end: End,
    pub byte: u8,
}

/// A device whose line is listened to.
pub(super) struct Tapped<D> {
    pub device: D,
    pub said: Vec<Said>,
}

impl<D: SerialDevice> Tapped<D> {
    pub(super) fn new(device: D) -> Arc<Mutex<Self>> {
        let said = Vec::new();
        Arc::new(Mutex::new(Self { device, said }))
    }
}

/// Looks at it.
pub(super) fn look<D>(tapped: &Mutex<Tapped<D>>) -> MutexGuard<'_, Tapped<D>> {
    tapped.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<D> Tapped<D> {
    fn hear(&mut self, end: End, bytes: &[u8]) {
        let at = Instant::now();
        self.said.extend(bytes.iter().map(|&byte| Said { at, end, byte }));
    }
}

impl<D: SerialDevice> SerialDevice for Tapped<D> {
    fn handle_bytes(&mut self, now: Duration, bytes: &[u8]) {
        self.hear(End::Board, bytes);
        self.device.handle_bytes(now, bytes);
    }

    fn poll_transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        let length = self.device.poll_transmit(now, out);
        self.hear(End::Device, &out[..length]);
        length
    }
}
