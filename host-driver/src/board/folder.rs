//! Files of what a board says: one after the other, each of a bounded size, and a bounded number of them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use time::OffsetDateTime;
use time::macros::format_description;

/// How many files of a board are kept; the oldest go first.
const MAX_FILES: usize = 8;

/// What kind of files they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// How their names end.
    pub(super) suffix: &'static str,
    /// After how many bytes the next file is begun.
    pub(super) max_file: u64,
}

/// Where what one board says goes.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    board: String,
    kind: Kind,
    /// The build of the firmware, where it stands in the names.
    build: Option<u32>,
    /// What every file begins with.
    preamble: Vec<u8>,
    /// The file that is being written. None before the first entry: a port that never opens would otherwise, tried again
    /// and again, push out what was recorded of better days.
    file: Option<File>,
    written: u64,
}

impl Files {
    /// For files in `folder`, which is made if it is not there.
    pub(super) fn new(folder: &Path, board: &str, kind: Kind, preamble: Vec<u8>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        access(folder, AccessFlags::W_OK | AccessFlags::X_OK)?;
        Ok(Self {
            folder: folder.to_owned(),
            board: board.to_owned(),
            kind,
            build: None,
            preamble,
            file: None,
            written: 0,
        })
    }

    /// Goes on with a new file, for a firmware of this build, which stands in its name.
    pub(super) fn of_build(&mut self, build: u32, preamble: Vec<u8>) {
        self.build = Some(build);
        self.preamble = preamble;
        self.file = None;
    }

    /// Appends an entry; `at` is its time. It is in the file when this returns, so that others can follow, and a crash
    /// loses nothing.
    pub(super) fn append(&mut self, entry: &[u8], at: u64) -> io::Result<()> {
        let is_full = self.written + entry.len() as u64 > self.kind.max_file;
        let mut file = match self.file.take() {
            Some(file) if !is_full => file,
            _ => {
                let mut file = self.begin(at)?;
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

    /// Makes a new file, and removes the oldest ones of the board beyond the number that is kept.
    fn begin(&self, at: u64) -> io::Result<File> {
        let nanos = i128::from(at) * 1000;
        let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        // Names in the order of time, to a thousandth of a second: no two starts are as close.
        let format = format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
        let time = time.format(format).map_err(io::Error::other)?;
        let build = self
            .build
            .map(|build| format!("-{build:08x}"))
            .unwrap_or_default();
        let name = format!("{}-{time}{build}{}", self.board, self.kind.suffix);
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        // Ticket numbers and times are nobody else's business.
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut files = of_board(&self.folder, &self.board, self.kind.suffix)?;
        while files.len() >= MAX_FILES {
            match fs::remove_file(files.remove(0)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        options.open(self.folder.join(name))
    }
}

/// The files of a board, the oldest first.
pub(super) fn of_board(folder: &Path, board: &str, suffix: &str) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_of_board(path, board, suffix))
        .collect();
    files.sort();
    Ok(files)
}

/// Whether the name is one that [`Files`] gives: nobody else's file is removed.
fn is_of_board(path: &Path, board: &str, suffix: &str) -> bool {
    let rest = path.file_name().and_then(|name| name.to_str()).and_then(|name| {
        name.strip_prefix(board)?
            .strip_prefix('-')?
            .strip_suffix(suffix)?
            .split_at_checked("20261123T091500.123Z".len())
    });
    rest.is_some_and(|(time, build)| {
        let is_build = |build: &str| build.len() == 8 && build.chars().all(|c| c.is_ascii_hexdigit());
        time.chars().all(|c| c.is_ascii_digit() || "T.Z".contains(c))
            && (build.is_empty() || build.strip_prefix('-').is_some_and(is_build))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 09:15:00 UTC.
    const MORNING: u64 = 1_795_425_300_000_000;

    const KIND: Kind = Kind {
        suffix: ".pcapng",
        max_file: 100,
    };

    #[test]
    fn files_are_bounded_in_size_and_number_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("kiosk-keep-me.pcapng");
        fs::write(&other, "").unwrap();
        let mut files = Files::new(folder.path(), "kiosk", KIND, vec![1; 10]).unwrap();
        for entry in 0..1000_u64 {
            files.append(&[2; 30], MORNING + entry * 1000).unwrap();
        }
        let kept = of_board(folder.path(), "kiosk", KIND.suffix).unwrap();
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
            let mut files = Files::new(folder.path(), "kiosk", KIND, vec![1; 10]).unwrap();
            files.append(b"entry", MORNING + start * 1000).unwrap();
        }
        let recorded = of_board(folder.path(), "kiosk", KIND.suffix).unwrap();
        Files::new(folder.path(), "kiosk", KIND, vec![1; 10]).unwrap();
        assert_eq!(of_board(folder.path(), "kiosk", KIND.suffix).unwrap(), recorded);
        // That it could not be written is told at once all the same.
        let file = &recorded[0];
        Files::new(file, "kiosk", KIND, Vec::new()).unwrap_err();
    }

    #[test]
    fn nobody_else_can_read_a_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::new(folder.path(), "kiosk", KIND, Vec::new()).unwrap();
        files.append(b"entry", MORNING).unwrap();
        let file = of_board(folder.path(), "kiosk", KIND.suffix).unwrap().remove(0);
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn another_build_has_its_own_file_that_counts_with_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::new(folder.path(), "kiosk", KIND, Vec::new()).unwrap();
        for build in 0..20 {
            files.of_build(build, vec![7]);
            files.append(b"entry", MORNING + u64::from(build) * 1000).unwrap();
        }
        let kept = of_board(folder.path(), "kiosk", KIND.suffix).unwrap();
        assert_eq!(kept.len(), MAX_FILES);
        let newest = kept.last().unwrap();
        assert!(
            newest.ends_with("kiosk-20261123T091500.019Z-00000013.pcapng"),
            "{newest:?}"
        );
        assert_eq!(fs::read(newest).unwrap(), b"\x07entry");
    }
}
