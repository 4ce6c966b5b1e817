//! `loket board trace`: what passed a board's port, as text that a technician reads.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::super::failure::{Exit, Failure};
use crate::board::trace::{Cutter, Direction, Line, Reader, Reading, Record, Scale, Topic, bytes_of, day};

/// How often a file is looked at that may still grow.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What to read, and what to show of it.
#[derive(Debug, clap::Args)]
pub(in super::super) struct TraceArguments {
    /// Files that `--trace` made, or a folder of them; several are merged by time.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Waits for what is still to come, until interrupted.
    #[arg(long, conflicts_with = "raw")]
    follow: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// Shows lines about these only.
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    only: Vec<Topic>,
    /// The files are bytes of one direction, as a logic analyser decodes a UART (as they are, or in hexadecimal): of
    /// what the host sends, or of what the board sends.
    #[arg(long, value_name = "SENDER")]
    raw: Option<Sender>,
}

/// Who sent the bytes of a raw capture.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Sender {
    Host,
    Board,
}

/// Where lines go. A closed pipe (`| head`) ends the command without a word.
struct Output<W: Write> {
    out: W,
    json: bool,
    only: Vec<Topic>,
    reading: Reading,
    day: String,
}

/// A file that is read.
struct Source {
    path: PathBuf,
    file: File,
    reader: Reader,
}

/// What ends the command early.
enum End {
    PipeClosed,
    Failed(Failure),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::PipeClosed,
            _ => Self::Failed(error.into()),
        }
    }
}

/// Prints traces.
pub(in super::super) fn trace(arguments: TraceArguments) -> Result<Exit, Failure> {
    let out = BufWriter::new(io::stdout().lock());
    match run(arguments, out) {
        Ok(()) | Err(End::PipeClosed) => Ok(Exit::Done),
        Err(End::Failed(failure)) => Err(failure),
    }
}

fn run(arguments: TraceArguments, out: impl Write) -> Result<(), End> {
    let scale = match arguments.raw {
        Some(_) => Scale::Bytes,
        None => Scale::Time,
    };
    let mut output = Output {
        out,
        json: arguments.json,
        only: arguments.only,
        reading: Reading::new(scale),
        day: String::new(),
    };
    // What can be read is shown before what cannot is told.
    let result = match arguments.raw {
        Some(sender) => raw(&arguments.files, sender, &mut output),
        None => recorded(&arguments.files, arguments.follow, &mut output),
    };
    output.summary()?;
    result
}

fn raw(files: &[PathBuf], sender: Sender, output: &mut Output<impl Write>) -> Result<(), End> {
    let direction = match sender {
        Sender::Host => Direction::ToBoard,
        Sender::Board => Direction::FromBoard,
    };
    for path in files {
        let bytes = bytes_of(std::fs::read(path).map_err(|error| unreadable(path, &error))?);
        let name = path
            .file_stem()
            .map_or("raw".into(), |name| name.to_string_lossy());
        let mut records = Vec::new();
        let mut cutter = Cutter::new(direction);
        // Byte by byte, so that each frame has the place of its end.
        for (index, byte) in bytes.iter().enumerate() {
            cutter.push(index as u64, &[*byte], |record| records.push(record));
        }
        records.extend(cutter.finish(bytes.len() as u64));
        for record in &records {
            output.record(&name, record)?;
        }
    }
    Ok(())
}

fn recorded(paths: &[PathBuf], follow: bool, output: &mut Output<impl Write>) -> Result<(), End> {
    let mut sources = Vec::new();
    loop {
        open_new(paths, &mut sources)?;
        if sources.is_empty() && !follow {
            let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let problem = format!("there is no trace (*.pcapng) in `{}`", names.join("`, `"));
            return Err(End::Failed(Failure::new(Exit::Input, problem)));
        }
        let mut entries = Vec::new();
        let mut failed = None;
        for source in &mut sources {
            if let Err(failure) = source.read(&mut entries) {
                failed = Some(failure);
                break;
            }
        }
        // The two threads at a port write what they see next to each other: in order by time, which is what counts.
        entries.sort_by_key(|(_, record): &(String, Record)| record.at);
        for (board, record) in &entries {
            output.record(board, record)?;
        }
        output.out.flush()?;
        if let Some(failure) = failed {
            return Err(End::Failed(failure));
        }
        if !follow {
            for source in &sources {
                source.check_end()?;
            }
            return Ok(());
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Opens files that are not open yet: with a folder, also those that are begun later.
fn open_new(paths: &[PathBuf], sources: &mut Vec<Source>) -> Result<(), End> {
    for path in paths {
        let mut files = vec![path.clone()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
            files = entries.flatten().map(|entry| entry.path()).collect();
            files.retain(|file| file.extension().is_some_and(|extension| extension == "pcapng"));
            files.sort();
        }
        for path in files {
            if sources.iter().any(|source| source.path == path) {
                continue;
            }
            let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
            let reader = Reader::default();
            sources.push(Source { path, file, reader });
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> End {
    let problem = format!("`{}` cannot be read: {error}", path.display());
    End::Failed(Failure::new(Exit::Input, problem))
}

impl Source {
    /// Reads what is there now.
    fn read(&mut self, entries: &mut Vec<(String, Record)>) -> Result<(), Failure> {
        let name = self.path.display();
        let mut chunk = vec![0; 1 << 16];
        loop {
            let count = self
                .file
                .read(&mut chunk)
                .map_err(|error| Failure::new(Exit::Input, format!("`{name}` cannot be read: {error}")))?;
            if count == 0 {
                return Ok(());
            }
            self.reader
                .push(&chunk[..count], |board, record| entries.push((board.to_owned(), record)))
                .map_err(|error| {
                    let hint = "give a file that `--trace` made, or --raw host|board for the bytes of a logic analyser";
                    Failure::new(Exit::Input, format!("`{name}`: {error}; {hint}"))
                })?;
        }
    }

    /// Tells of a file that ends in the middle.
    fn check_end(&self) -> Result<(), End> {
        let name = self.path.display();
        if !self.reader.started() {
            let problem = format!("`{name}` is no trace: it has no header");
            return Err(End::Failed(Failure::new(Exit::Input, problem)));
        }
        if self.reader.unfinished() > 0 {
            // Nothing is wrong: it is being written, or its program was killed.
            let _ = writeln!(io::stderr(), "`{name}` ends in the middle of an entry");
        }
        Ok(())
    }
}

impl<W: Write> Output<W> {
    fn record(&mut self, board: &str, record: &Record) -> io::Result<()> {
        let line = self.reading.read(board, record);
        if !self.wants(&line) {
            return Ok(());
        }
        let scale = self.reading.scale();
        if self.json {
            return writeln!(self.out, "{}", line.json(scale));
        }
        if scale == Scale::Time {
            let day = day(line.at);
            if day != self.day {
                writeln!(self.out, "{day} (UTC)")?;
                self.day = day;
            }
        }
        writeln!(self.out, "{}", line.text(scale))
    }

    fn wants(&self, line: &Line) -> bool {
        self.only.is_empty() || line.topics.iter().any(|topic| self.only.contains(topic))
    }

    fn summary(&mut self) -> io::Result<()> {
        if self.json {
            let boards: serde_json::Map<_, _> = self
                .reading
                .summaries()
                .map(|(board, summary)| (board.to_owned(), summary.json()))
                .collect();
            writeln!(self.out, "{}", json!({ "summary": boards }))?;
        } else {
            for (board, summary) in self.reading.summaries() {
                write!(self.out, "{board}: {summary}")?;
            }
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use protocol::frame::{FrameKind, encode, kind_and_session};

    use super::*;
    use crate::board::trace::{Content, entry, preamble};

    /// 2026-11-23 09:15:00 UTC.
    const MORNING: u64 = 1_795_425_300_000_000;

    fn arguments(files: Vec<PathBuf>) -> TraceArguments {
        TraceArguments {
            files,
            follow: false,
            json: false,
            only: Vec::new(),
            raw: None,
        }
    }

    fn printed(arguments: TraceArguments) -> (String, Result<(), Failure>) {
        let mut out = Vec::new();
        let result = match run(arguments, &mut out) {
            Err(End::Failed(failure)) => Err(failure),
            Err(End::PipeClosed) => panic!("nothing is closed"),
            Ok(()) => Ok(()),
        };
        (String::from_utf8(out).unwrap(), result)
    }

    /// A trace of acknowledgements, at these times after the morning.
    fn file(folder: &Path, board: &str, times: &[u64]) -> PathBuf {
        let mut file = preamble("loket 0.0.0", board, "/dev/ttyUSB0");
        for at in times {
            let mut bytes = kind_and_session(FrameKind::Ack, 0x3a1).to_vec();
            bytes.extend([1, 0, 5, 0, 0, 0, 0, 0]);
            file.extend(entry(&Record {
                at: MORNING + at,
                direction: Some(Direction::FromBoard),
                content: Content::Frame {
                    len: bytes.len(),
                    bytes,
                },
            }));
        }
        let path = folder.join(format!("{board}.pcapng"));
        std::fs::write(&path, file).unwrap();
        path
    }

    #[test]
    fn traces_of_several_boards_are_merged_by_time() {
        let folder = tempfile::tempdir().unwrap();
        file(folder.path(), "kiosk", &[10, 30]);
        file(folder.path(), "capture", &[20, 40]);
        let (text, result) = printed(arguments(vec![folder.path().to_owned()]));
        result.unwrap();
        let order: Vec<_> = text
            .lines()
            .filter(|line| line.contains("acknowledged"))
            .map(|line| line.split_whitespace().nth(1).unwrap())
            .collect();
        assert_eq!(order, ["kiosk", "capture", "kiosk", "capture"]);
        assert!(
            text.starts_with("2026-11-23 (UTC)\n09:15:00.000010 kiosk"),
            "{text}"
        );
        assert!(text.contains("capture: 0.000 s"), "{text}");
    }

    #[test]
    fn only_what_is_asked_for_is_shown_and_the_summary_counts_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "kiosk", &[10, 30]);
        let (text, _) = printed(TraceArguments {
            only: vec![Topic::Damaged],
            json: true,
            ..arguments(vec![path])
        });
        assert_eq!(text.lines().count(), 1);
        let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(summary["summary"]["kiosk"]["from_board"]["frames"], 2);
    }

    #[test]
    fn a_file_that_is_no_trace_says_what_would_be() {
        let folder = tempfile::tempdir().unwrap();
        let (text, empty) = (folder.path().join("notes.txt"), folder.path().join("empty"));
        std::fs::write(&text, "The board does not answer.").unwrap();
        std::fs::write(&empty, "").unwrap();
        for (path, words) in [
            (text, "it is not a pcapng file; give a file that `--trace` made"),
            (empty, "has no header"),
            (folder.path().join("nowhere"), "cannot be read"),
            (folder.path().to_owned(), "there is no trace"),
        ] {
            let failure = printed(arguments(vec![path])).1.unwrap_err();
            assert_eq!(failure.exit(), Exit::Input);
            assert!(failure.to_string().contains(words), "{failure}");
        }
    }

    #[test]
    fn what_comes_before_the_damage_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "kiosk", &[10, 30]);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend([0x55; 40]);
        std::fs::write(&path, &bytes).unwrap();
        let (text, result) = printed(arguments(vec![path.clone()]));
        assert_eq!(text.matches("acknowledged").count(), 2);
        let place = format!("it is damaged at byte {}", bytes.len() - 40);
        assert!(result.unwrap_err().to_string().contains(&place));
        // One that was cut off is no failure.
        std::fs::write(&path, &bytes[..bytes.len() - 50]).unwrap();
        let (text, result) = printed(arguments(vec![path]));
        assert_eq!(text.matches("acknowledged").count(), 1);
        result.unwrap();
    }

    #[test]
    fn a_capture_of_a_logic_analyser_is_read_as_bytes_or_as_text() {
        let folder = tempfile::tempdir().unwrap();
        let mut wire = [0; 64];
        let header = kind_and_session(FrameKind::Ack, 0x3a1);
        let len = encode(&mut wire, &[&header, &[1, 0, 5, 0, 0, 0, 0, 0]]).unwrap();
        let mut bytes = wire[..len].to_vec();
        bytes.extend([0, 0x11, 0x22, 0x33, 0]);
        bytes.extend(&wire[..5]);
        let binary = folder.path().join("line.bin");
        std::fs::write(&binary, &bytes).unwrap();
        let text = folder.path().join("line.hex");
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        std::fs::write(&text, hex.join(" ")).unwrap();
        for path in [binary, text] {
            let (text, result) = printed(TraceArguments {
                raw: Some(Sender::Board),
                ..arguments(vec![path])
            });
            result.unwrap();
            let lines: Vec<_> = text.lines().collect();
            assert!(
                lines[0].starts_with(&format!("byte {:<8} line", len - 1)),
                "{text}"
            );
            assert!(
                lines[0].contains("board>host ack      3a1  acknowledged=1"),
                "{text}"
            );
            assert!(lines[1].contains("damaged"), "{text}");
            assert!(lines[2].contains("4 bytes of a frame without an end"), "{text}");
        }
    }

    #[test]
    fn a_closed_pipe_ends_it_without_a_word() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "kiosk", &[10]);
        assert!(matches!(run(arguments(vec![path]), Closed), Err(End::PipeClosed)));
    }
}
