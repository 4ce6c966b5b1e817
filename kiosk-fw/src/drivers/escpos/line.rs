//! The line to a printer: bytes out, answers in.

use core::task::Poll;

use embassy_futures::poll_once;
use embassy_time::{Duration, Instant, with_deadline, with_timeout};
use embedded_io_async::{Read, Write};

use super::Trouble;
use super::answer::{Answer, Answers, Mark};

/// A line on which nothing came for so long is quiet: 30 characters at 9,600 baud.
const QUIET: Duration = Duration::from_millis(30);
/// How long a line that never falls quiet is listened to.
const NEVER_QUIET: Duration = Duration::from_millis(300);
/// Speed of the line in bytes a second, 9,600 baud with start and stop bit.
const BYTES_A_SECOND: u64 = 960;
/// What a board may take longer over sending than the line's speed asks for.
const SEND_SLACK: Duration = Duration::from_secs(2);

pub(super) struct Line<R, W> {
    reader: R,
    writer: W,
    answers: Answers,
    /// The last ticket's mark that came back, whenever it did.
    confirmed: Option<Mark>,
    /// The probe came back.
    probed: bool,
    /// Any mark came back since this was reset.
    pub(super) marks_seen: bool,
}

impl<R: Read, W: Write> Line<R, W> {
    pub(super) const fn new(reader: R, writer: W) -> Self {
        Self {
            reader,
            writer,
            answers: Answers::BETWEEN,
            confirmed: None,
            probed: false,
            marks_seen: false,
        }
    }

    /// Sends `bytes` and waits until they are on the line.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        // Boards without flow control never hold it up; one with it does while the printer's buffer is full.
        let time = Duration::from_micros(bytes.len() as u64 * 1_000_000 / BYTES_A_SECOND) * 2 + SEND_SLACK;
        let sent = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        match with_timeout(time, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Trouble::Silent),
            Err(_) => Err(Trouble::Slow),
        }
    }

    /// The next answer; `None` if none came before `deadline`.
    pub(super) async fn hear_until(&mut self, deadline: Instant) -> Option<Answer> {
        with_deadline(deadline, self.hear()).await.ok()
    }

    async fn hear(&mut self) -> Answer {
        let mut byte = [0];
        loop {
            match self.reader.read(&mut byte).await {
                Ok(1..) => {
                    if let Some(answer) = self.take(byte[0]) {
                        return answer;
                    }
                }
                // The line is gone: nothing will come.
                Ok(0) | Err(_) => core::future::pending().await,
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<Answer> {
        let answer = self.answers.take(byte);
        if let Some(Answer::Mark(mark)) = answer {
            self.marks_seen = true;
            if mark == Mark::PROBE {
                self.probed = true;
            } else {
                self.confirmed = Some(mark);
            }
        }
        answer
    }

    /// Throws away what has come, but for a mark. All status bytes look alike: one that comes after its question was given up would be
    /// taken for that to the next question, and so on for ever. Returns whether there was a status byte.
    pub(super) fn discard(&mut self) -> bool {
        let mut late = [0; 16];
        let mut status = false;
        while let Poll::Ready(Ok(count @ 1..)) = poll_once(self.reader.read(&mut late)) {
            for byte in &late[..count] {
                status |= matches!(self.take(*byte), Some(Answer::Status(_)));
            }
        }
        self.answers.reset();
        status
    }

    /// Waits until nothing more comes.
    pub(super) async fn wait_for_quiet(&mut self) {
        let end = Instant::now() + NEVER_QUIET;
        while Instant::now() < end && self.hear_until(Instant::now() + QUIET).await.is_some() {}
        self.answers.reset();
    }

    /// Whether `mark` is the last that came back.
    pub(super) fn is_confirmed(&self, mark: Mark) -> bool {
        self.confirmed == Some(mark)
    }

    /// Forgets the last ticket's mark.
    pub(super) fn forget_mark(&mut self) {
        self.confirmed = None;
    }

    /// Sends the probe and listens for it until `patience` is over; whether it has come back. Then all that was sent before has been
    /// carried out.
    pub(super) async fn probe(&mut self, patience: Duration) -> bool {
        self.discard();
        self.probed = false;
        if self.send(&Mark::PROBE.command()).await.is_err() {
            return false;
        }
        let deadline = Instant::now() + patience;
        while !self.probed {
            if self.hear_until(deadline).await.is_none() {
                return false;
            }
        }
        true
    }

    /// Listens for `mark` until `deadline`; whether it has come back.
    pub(super) async fn hear_mark(&mut self, mark: Mark, deadline: Instant) -> bool {
        while !self.is_confirmed(mark) {
            if self.hear_until(deadline).await.is_none() {
                return false;
            }
        }
        true
    }
}
