//! The files of a trace: one after the other, each of a bounded size, and a bounded number of them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use time::OffsetDateTime;
use time::macros::format_description;

/// After how many bytes the next file is begun: about a day and a half of a link that only keeps alive.
const MAX_FILE: u64 = 8 << 20;
/// How many files of a board are kept; the oldest go first.
const MAX_FILES: usize = 8;

/// Where the trace of one board goes.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    board: String,
    /// What every file begins with.
    preamble: Vec<u8>,
    /// The file that is being written. None before the first entry: a port that never opens would otherwise, tried again
    /// and again, push out what was recorded of better days.
    file: Option<File>,
    written: u64,
    max_file: u64,
}

impl Files {
    /// For a trace in `folder`, which is made if it is not there.
    pub(super) fn new(folder: &Path, board: &str, preamble: Vec<u8>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        access(folder, AccessFlags::W_OK | AccessFlags::X_OK)?;
        Ok(Self {
            folder: folder.to_owned(),
            board: board.to_owned(),
            preamble,
            file: None,
            written: 0,
            max_file: MAX_FILE,
        })
    }

    /// Appends an entry; `at` is its time. It is in the file when this returns, so that others can follow, and a crash
    /// loses nothing.
    pub(super) fn append(&mut self, entry: &[u8], at: u64) -> io::Result<()> {
        let is_full = self.written + entry.len() as u64 > self.max_file;
        let mut file = match self.file.take() {
            Some(file) if !is_full => file,
            _ => {
                let mut file = begin(&self.folder, &self.board, at)?;
                file.write_all(&self.preamble)?;
                self.written = self.preamble.len() as u64;
                file
            }
        };
        file.write_all(entry)?;
        self.written += entry.len() as u64;
        self.file = Some(file);
        Ok(())
    }
}

/// Makes a new file, and removes the oldest ones of the board beyond the number that is kept.
fn begin(folder: &Path, board: &str, at: u64) -> io::Result<File> {
    let nanos = i128::from(at) * 1000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Names in the order of time, to a thousandth of a second: no two starts are as close.
    let format = format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    let name = time.format(format).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    // Ticket numbers and times are nobody else's business.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut files = of_board(folder, board)?;
    while files.len() >= MAX_FILES {
        match fs::remove_file(files.remove(0)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    options.open(folder.join(format!("{board}-{name}.pcapng")))
}

/// The files of a board, the oldest first.
fn of_board(folder: &Path, board: &str) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_of_board(path, board))
        .collect();
    files.sort();
    Ok(files)
}

/// Whether the name is one that [`begin`] gives: nobody else's file is removed.
fn is_of_board(path: &Path, board: &str) -> bool {
    let time = path.file_name().and_then(|name| name.to_str()).and_then(|name| {
        name.strip_prefix(board)?
            .strip_prefix('-')?
            .strip_suffix(".pcapng")
    });
    time.is_some_and(|time| {
        time.len() == "20261123T091500.123Z".len()
            && time.chars().all(|c| c.is_ascii_digit() || "T.Z".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 09:15:00 UTC.
    const MORNING: u64 = 1_795_425_300_000_000;

    #[test]
    fn files_are_bounded_in_size_and_number_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("kiosk-keep-me.pcapng");
        fs::write(&other, "").unwrap();
        let mut files = Files::new(folder.path(), "kiosk", vec![1; 10]).unwrap();
        files.max_file = 100;
        for entry in 0..1000_u64 {
            files.append(&[2; 30], MORNING + entry * 1000).unwrap();
        }
        let kept = of_board(folder.path(), "kiosk").unwrap();
        assert_eq!(kept.len(), MAX_FILES);
        for file in &kept {
            let bytes = fs::read(file).unwrap();
            assert!(
                bytes.len() <= 100 && bytes.starts_with(&[1; 10]),
                "{}",
                bytes.len()
            );
        }
        let newest = kept.last().unwrap().file_name().unwrap().to_str().unwrap();
        assert_eq!(newest, "kiosk-20261123T091500.999Z.pcapng");
        assert!(other.exists());
    }

    #[test]
    fn a_trace_of_nothing_makes_no_file_and_removes_none() {
        let folder = tempfile::tempdir().unwrap();
        for start in 0..MAX_FILES as u64 {
            let mut files = Files::new(folder.path(), "kiosk", vec![1; 10]).unwrap();
            files.append(b"entry", MORNING + start * 1000).unwrap();
        }
        let recorded = of_board(folder.path(), "kiosk").unwrap();
        Files::new(folder.path(), "kiosk", vec![1; 10]).unwrap();
        assert_eq!(of_board(folder.path(), "kiosk").unwrap(), recorded);
        // That it could not be written is told at once all the same.
        let file = &recorded[0];
        Files::new(file, "kiosk", Vec::new()).unwrap_err();
    }

    #[test]
    fn nobody_else_can_read_a_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::new(folder.path(), "kiosk", Vec::new()).unwrap();
        files.append(b"entry", MORNING).unwrap();
        let file = of_board(folder.path(), "kiosk").unwrap().remove(0);
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
