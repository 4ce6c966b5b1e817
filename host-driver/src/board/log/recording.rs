//! Keeps a board's log in files.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use protocol::link::Peer;
use protocol::link::wire::Log;

use super::recorded::{Piece, SUFFIX, preamble};
use crate::board::folder::{Files, Kind, of_board};

/// A board logs some hundred bytes for a ticket: a file is weeks of an office.
const KIND: Kind = Kind {
    suffix: SUFFIX,
    max_file: 1 << 20,
};

/// Where the log of a board goes: into files of at most 1 MiB, of which the newest eight are kept, readable by their owner only.
///
/// A disk that is full is no reason to lose a board: what cannot be written ends the recording with a warning.
#[derive(Debug)]
pub struct Recording {
    board: String,
    /// None after a failure.
    files: Option<Files>,
    build: Option<u32>,
}

impl Recording {
    /// Records into `folder`, in files named after board, time and build: `kiosk-20261123T091500.123Z-0123abcd.loketlog`.
    ///
    /// # Errors
    /// If the folder cannot be made or written into.
    pub fn new(folder: &Path, board: &str) -> io::Result<Self> {
        Ok(Self {
            board: board.to_owned(),
            files: Some(Files::new(folder, board, KIND, Vec::new())?),
            build: None,
        })
    }

    /// Takes a piece of the log of `peer`, heard now.
    pub fn take(&mut self, peer: Peer, log: &Log) {
        let heard = SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| since.as_micros() as u64);
        self.take_at(heard, peer, log);
    }

    fn take_at(&mut self, heard: u64, peer: Peer, log: &Log) {
        let Some(files) = &mut self.files else { return };
        let build = peer.firmware.build;
        if self.build.replace(build) != Some(build) {
            files.of_build(build, preamble(build));
        }
        let piece = Piece {
            heard,
            boot_id: peer.boot_id,
            log: log.clone(),
        };
        if let Err(error) = files.append(&piece.to_bytes(), heard) {
            log::warn!("{}: its log is not recorded any more: {error}", self.board);
            self.files = None;
        }
    }
}

/// The files of a board's log in a folder, the oldest first.
///
/// # Errors
/// If the folder cannot be read.
pub fn files(folder: &Path, board: &str) -> io::Result<Vec<PathBuf>> {
    of_board(folder, board, SUFFIX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test stops at what it does not expect.
mod tests {
    use super::super::Recorded;
    use super::*;
    use protocol::Role;
    use protocol::message::Firmware;
    use std::fs;

    const MORNING: u64 = 1_795_425_300_000_000;

    fn peer(build: u32) -> Peer {
        Peer {
            role: Role::Kiosk,
            boot_id: 7,
            firmware: Firmware {
                build,
                ..Firmware::default()
            },
            version: 3,
        }
    }

    fn log(offset: u32) -> Log {
        Log {
            offset,
            entry: 0,
            bytes: [1, 2, 0].into_iter().collect(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_heard_is_read_again_and_the_build_stands_in_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut recording = Recording::new(folder.path(), "kiosk").unwrap();
        recording.take_at(MORNING, peer(0xabc), &log(0));
        recording.take_at(MORNING + 5, peer(0xabc), &log(10));
        recording.take_at(MORNING + 1_000, peer(0xdef), &log(3));
        let names = names(folder.path());
        assert_eq!(
            names,
            [
                "kiosk-20261123T091500.000Z-00000abc.loketlog",
                "kiosk-20261123T091500.001Z-00000def.loketlog",
            ]
        );
        let bytes = fs::read(folder.path().join(&names[0])).unwrap();
        let read = Recorded::read(&bytes).unwrap();
        let piece = |heard, log| Piece {
            heard,
            boot_id: 7,
            log,
        };
        assert_eq!(read.build, 0xabc);
        assert_eq!(read.pieces, [piece(MORNING, log(0)), piece(MORNING + 5, log(10))]);
        assert!(!read.is_cut);
        // One that is still written.
        let read = Recorded::read(&bytes[..bytes.len() - 1]).unwrap();
        assert_eq!((read.pieces.len(), read.is_cut), (1, true));
        assert!(Recorded::read(b"LOKETLOX1234").is_err());
    }

    #[test]
    fn the_files_stay_below_eight_mebibytes() {
        let folder = tempfile::tempdir().unwrap();
        let mut recording = Recording::new(folder.path(), "kiosk").unwrap();
        let full = Log {
            bytes: [9; 128].into_iter().collect(),
            ..log(0)
        };
        for piece in 0..100_000 {
            recording.take_at(MORNING + piece * 1_000, peer(1), &full);
        }
        let sizes: Vec<_> = names(folder.path())
            .iter()
            .map(|name| fs::metadata(folder.path().join(name)).unwrap().len())
            .collect();
        assert_eq!(sizes.len(), 8);
        assert!(sizes.iter().all(|size| *size <= 1 << 20), "{sizes:?}");
    }
}
