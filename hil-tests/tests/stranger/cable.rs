//! A cable between the serial ports of two programs, with faults drawn from a seed.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hil_tests::device::background::Background;
use hil_tests::device::pty::Pty;
use nix::poll::{PollFd, PollFlags, poll};
use protocol_sim::{Faults, Noise};

/// A connected cable. Programs may come and go at both ends.
pub(crate) struct Cable {
    ours: PathBuf,
    theirs: PathBuf,
    cut: Arc<AtomicBool>,
    _pump: Background,
}

impl Cable {
    pub(crate) fn connect(faults: Faults, seed: u64) -> Self {
        let (ours, theirs) = (port(), port());
        let cut = Arc::new(AtomicBool::new(false));
        let paths = (ours.path().to_owned(), theirs.path().to_owned());
        let pump = {
            let cut = Arc::clone(&cut);
            let noise = [seed, !seed].map(|seed| Noise::new(faults, seed));
            Background::spawn("cable", move |stop| pump([ours, theirs], noise, &cut, stop)).unwrap()
        };
        Self {
            ours: paths.0,
            theirs: paths.1,
            cut,
            _pump: pump,
        }
    }

    /// The port for the Rust program.
    pub(crate) fn ours(&self) -> &Path {
        &self.ours
    }

    /// The port for the Python program.
    pub(crate) fn theirs(&self) -> &Path {
        &self.theirs
    }

    /// Loses everything for a while.
    pub(crate) fn cut_for(&self, time: Duration) {
        self.cut.store(true, Ordering::Relaxed);
        std::thread::sleep(time);
        self.cut.store(false, Ordering::Relaxed);
    }
}

fn port() -> Pty {
    let mut port = Pty::open().unwrap();
    port.set_timeout(Duration::ZERO);
    port
}

/// Carries bytes both ways. What a port has no room for is lost, as on a real line.
fn pump(mut ports: [Pty; 2], mut noise: [Noise; 2], cut: &AtomicBool, stop: &AtomicBool) {
    let mut buffer = [0; 4096];
    let mut carried = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        {
            let mut ends = ports
                .each_ref()
                .map(|port| PollFd::new(port.as_fd(), PollFlags::POLLIN));
            let _ = poll(&mut ends, 20_u8);
        }
        for (from, noise) in noise.iter_mut().enumerate() {
            let Ok(count) = ports[from].read(&mut buffer) else {
                continue;
            };
            if cut.load(Ordering::Relaxed) {
                continue;
            }
            carried.clear();
            noise.carry(&buffer[..count], &mut carried);
            let _ = ports[1 - from].write(&carried);
        }
    }
}
