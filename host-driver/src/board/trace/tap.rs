//! A connection whose bytes are recorded as they pass.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use super::cutter::Cutter;
use super::pcapng;
use super::record::{Content, Direction, Record};
use crate::board::folder::{Files, Kind};
use crate::board::reader::is_patience;
use crate::board::{Connect, Connection};

/// Files of a trace; the next is begun after about a day and a half of a link that only keeps alive.
const KIND: Kind = Kind {
    suffix: ".pcapng",
    max_file: 8 << 20,
};

/// Records everything that passes a connection into files of a folder.
///
/// A disk that is full or slow is no reason to lose a board: what cannot be written ends the trace with a warning in the
/// log, and the link goes on.
#[derive(Debug)]
pub struct Traced<C> {
    inner: C,
    tap: Tap,
}

impl<C: Connect> Traced<C> {
    /// Records what passes `inner` into `folder`, in files named after the board: `kiosk-20261123T091500.123Z.pcapng`.
    ///
    /// # Errors
    /// If the folder cannot be made or written into.
    pub fn new(inner: C, folder: &Path, board: &str) -> io::Result<Self> {
        let clock = Clock {
            epoch: Instant::now(),
            epoch_us: SystemTime::UNIX_EPOCH
                .elapsed()
                .map_or(0, |since| since.as_micros() as u64),
        };
        let program = concat!("loket ", env!("CARGO_PKG_VERSION"));
        let preamble = pcapng::preamble(program, board, &inner.name());
        let files = Files::new(folder, board, KIND, preamble)?;
        let recorder = Recorder {
            files: Some(files),
            to_board: Cutter::new(Direction::ToBoard),
            from_board: Cutter::new(Direction::FromBoard),
        };
        let tap = Tap {
            clock,
            recorder: Arc::new(Mutex::new(recorder)),
        };
        Ok(Self { inner, tap })
    }
}

impl<C: Connect> Connect for Traced<C> {
    fn connect(&mut self) -> io::Result<Connection> {
        let connection = self.inner.connect()?;
        self.tap.note(&format!("port {} opened", self.inner.name()));
        Ok(Connection {
            reader: Box::new(Tapped {
                inner: connection.reader,
                tap: self.tap.clone(),
            }),
            writer: Box::new(Tapped {
                inner: connection.writer,
                tap: self.tap.clone(),
            }),
        })
    }

    fn name(&self) -> String {
        self.inner.name()
    }
}

/// The time of day, which goes on evenly even if somebody sets the computer's clock.
#[derive(Clone, Copy, Debug)]
struct Clock {
    epoch: Instant,
    epoch_us: u64,
}

impl Clock {
    fn now(&self) -> u64 {
        self.epoch_us + self.epoch.elapsed().as_micros() as u64
    }
}

#[derive(Debug)]
struct Recorder {
    /// `None` once they could not be written.
    files: Option<Files>,
    to_board: Cutter,
    from_board: Cutter,
}

impl Recorder {
    fn write(&mut self, records: &[Record]) {
        for record in records {
            let Some(files) = &mut self.files else { return };
            if let Err(error) = files.append(&pcapng::entry(record), record.at) {
                log::warn!("the link is not recorded any more: {error}");
                self.files = None;
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Tap {
    clock: Clock,
    recorder: Arc<Mutex<Recorder>>,
}

impl Tap {
    fn with(&self, act: impl FnOnce(&mut Recorder)) {
        act(&mut self.recorder.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn passed(&self, direction: Direction, at: u64, bytes: &[u8]) {
        self.with(|recorder| {
            let mut records = Vec::new();
            let cutter = match direction {
                Direction::ToBoard => &mut recorder.to_board,
                Direction::FromBoard => &mut recorder.from_board,
            };
            cutter.push(at, bytes, |record| records.push(record));
            recorder.write(&records);
        });
    }

    /// Notes what concerns the port: no frame goes on after it.
    fn note(&self, text: &str) {
        let at = self.clock.now();
        self.with(|recorder| {
            let mut records: Vec<_> = [recorder.to_board.finish(at), recorder.from_board.finish(at)]
                .into_iter()
                .flatten()
                .collect();
            records.push(Record {
                at,
                direction: None,
                content: Content::Note(text.to_owned()),
            });
            recorder.write(&records);
        });
    }

    fn failed(&self, error: &io::Error) {
        if !is_patience(error.kind()) {
            self.note(&format!("port lost: {error}"));
        }
    }
}

/// One direction of a connection.
struct Tapped<T> {
    inner: T,
    tap: Tap,
}

impl<R: Read> Read for Tapped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        match &result {
            Ok(0) => self.tap.note("port closed by its other end"),
            Ok(count) => self
                .tap
                .passed(Direction::FromBoard, self.tap.clock.now(), &buffer[..*count]),
            Err(error) => self.tap.failed(error),
        }
        result
    }
}

impl<W: Write> Write for Tapped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The time before: the answer may be read before this thread goes on.
        let at = self.tap.clock.now();
        let result = self.inner.write(bytes);
        match &result {
            Ok(count) => self.tap.passed(Direction::ToBoard, at, &bytes[..*count]),
            Err(error) => self.tap.failed(error),
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
