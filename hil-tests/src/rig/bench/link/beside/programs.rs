//! Two programs carry a file over a line.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::direction::{Direction, Mark, Span};
use super::line::{End, Line};
use super::{Conditions, Outcome};
use crate::rig::process::Process;

/// The file's name in the sender's folder, and in the receiver's.
pub(super) const FILE: &str = "object";

/// How long the receiver may take to start before the sender does.
const HEAD_START: Duration = Duration::from_millis(150);
/// Longer than it takes the line to see all that a program wrote before it ended.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// How long programs may take to end by themselves when they are done.
const FAREWELL: Duration = Duration::from_millis(1500);

/// Two programs that carry [`FILE`] from one's working folder to the other's.
pub(super) struct Programs {
    /// Made with [`Process::command`].
    pub(super) sender: Command,
    /// Made with [`Process::command`].
    pub(super) receiver: Command,
    /// What they want to find on their standard input.
    pub(super) ends: End,
    /// Whether standard output is the line too.
    pub(super) output: bool,
    /// What the sender says when it begins with the file, past all that is said once a session, and what it says first
    /// when it knows that the file was taken.
    pub(super) marks: [Mark; 2],
}

impl Programs {
    /// Carries the content once.
    ///
    /// # Errors
    /// If a program cannot be started, or the operating system has no folder, socket, terminal or thread left.
    pub(super) fn carry(mut self, conditions: &Conditions, content: &[u8]) -> anyhow::Result<Outcome> {
        let folder = tempfile::tempdir()?;
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken)?;
        std::fs::write(folder.path().join(FILE), content)?;
        let [there, back] = conditions.noise();
        let (line, sender_end, receiver_end) = Line::connect(
            self.ends,
            Direction::new(there, Some(self.marks)),
            Direction::new(back, None),
        )?;
        let mut receiver = start(
            &mut self.receiver,
            "receiver",
            &taken,
            receiver_end.as_fd(),
            self.output,
        )?;
        std::thread::sleep(HEAD_START);
        let begin = Instant::now();
        let mut sender = start(
            &mut self.sender,
            "sender",
            folder.path(),
            sender_end.as_fd(),
            self.output,
        )?;
        while sender.ended().is_none() && line.span().end.is_none() && begin.elapsed() < conditions.limit {
            std::thread::sleep(Duration::from_millis(5));
        }
        if line.span().end.is_none() && sender.ended().is_some() {
            // Its last words may still wait for the line.
            std::thread::sleep(LAST_WORDS);
        }
        let Span {
            begin: Some(begin),
            end: Some(end),
            ..
        } = line.span()
        else {
            return Ok(Outcome::Failed);
        };
        let whole = std::fs::read(taken.join(FILE)).is_ok_and(|taken| taken == content);
        sender.wait_for_end(FAREWELL);
        receiver.wait_for_end(FAREWELL);
        Ok(if whole {
            Outcome::Delivered { us: end - begin }
        } else {
            Outcome::Wrong
        })
    }
}

fn start(
    command: &mut Command,
    name: &'static str,
    folder: &Path,
    line: BorrowedFd<'_>,
    output: bool,
) -> std::io::Result<Process> {
    let end = || line.try_clone_to_owned().map(File::from);
    let output = if output {
        Stdio::from(end()?)
    } else {
        Stdio::null()
    };
    command
        .current_dir(folder)
        .stdin(end()?)
        .stdout(output)
        .stderr(Stdio::null());
    Process::spawn(name, command)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn letter(byte: u8) -> (u8, u8) {
        (byte, 0xff)
    }

    /// A sender and a receiver written in shell.
    fn carry(sender: &str, receiver: &str) -> Outcome {
        let shell = |script: &str| {
            let mut command = Process::command("sh");
            command.args(["-c", script]);
            command
        };
        let programs = Programs {
            sender: shell(sender),
            receiver: shell(receiver),
            ends: End::Socket,
            output: true,
            marks: [Mark::new([letter(b'B')]), Mark::new([letter(b'E')])],
        };
        let conditions = Conditions {
            bit_error_rate: 0.0,
            seed: 1,
            limit: Duration::from_millis(800),
        };
        programs.carry(&conditions, b"content").unwrap()
    }

    #[test]
    fn a_file_that_arrives_is_delivered_and_one_that_differs_is_wrong() {
        let sender = "printf B; cat object; head -c 1 >/dev/null; printf E";
        let outcome = carry(sender, "head -c 1 >/dev/null; head -c 7 >object; printf a");
        assert!(
            matches!(outcome, Outcome::Delivered { us } if us > 8.0 * 10.0),
            "{outcome:?}"
        );
        let outcome = carry(sender, "head -c 8 >object; printf a");
        assert_eq!(outcome, Outcome::Wrong);
    }

    #[test]
    fn programs_that_do_not_come_to_an_end_are_ended() {
        let begin = Instant::now();
        assert_eq!(carry("printf B; sleep 600", "sleep 600"), Outcome::Failed);
        assert!(begin.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_sender_that_gives_up_has_failed() {
        assert_eq!(carry("printf B; exit 1", "sleep 600"), Outcome::Failed);
    }
}
