//! The thread that does nothing but read, so that the other can wait for bytes and for commands at once.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use super::worker::Input;

/// The thread that reads.
pub(super) struct Reader {
    pub(super) number: u64,
    pub(super) port: Box<dyn Read + Send>,
    pub(super) inputs: Sender<Input>,
    pub(super) stop: Arc<AtomicBool>,
}

impl Reader {
    pub(super) fn run(mut self) {
        let mut chunk = [0; 4096];
        let connection = self.number;
        while !self.stop.load(Ordering::Relaxed) {
            let input = match self.port.read(&mut chunk) {
                Ok(0) => Input::Lost {
                    connection,
                    cause: "the other end has closed it".into(),
                },
                Ok(count) => Input::Bytes {
                    connection,
                    bytes: chunk[..count].to_vec(),
                },
                Err(error) if is_patience(error.kind()) => continue,
                Err(error) => Input::Lost {
                    connection,
                    cause: error.to_string(),
                },
            };
            let last = matches!(input, Input::Lost { .. });
            if self.inputs.send(input).is_err() || last {
                return;
            }
        }
    }
}

/// Whether an error only says that nothing happened for a while.
pub(super) fn is_patience(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}
