//! A board's log at the host, until its owner takes it.

use heapless::Deque;

use super::inbox::Taken;
use super::wire::Log;

/// Pieces of the log in the order in which they came, at most `N`: what comes then is lost.
#[derive(Debug, Default)]
pub(super) struct LogIn<const N: usize> {
    waiting: Deque<Log, N>,
}

impl<const N: usize> LogIn<N> {
    /// Takes what follows kind and session in a frame; `None` if it makes no sense.
    pub(super) fn take(&mut self, rest: &[u8]) -> Option<Taken> {
        let (_, log) = Log::parse_body(rest).ok()?;
        if !log.is_sound() {
            return None;
        }
        Some(match self.waiting.push_back(log) {
            Ok(()) => Taken::New,
            Err(_) => Taken::NoRoom,
        })
    }

    pub(super) fn pop(&mut self) -> Option<Log> {
        self.waiting.pop_front()
    }

    /// Another boot has another log.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}
