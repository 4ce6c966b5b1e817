//! Boards on serial ports: the kiosk and the capture board.
//!
//! A [`Board`] owns a thread with the serial port and one end of the link ([`protocol::Link`]). It can be cloned and
//! used from any thread; what the board says by itself comes out of the receiver that [`Board::open`] returns.
//!
//! A port that is lost (the plug pulled) is opened again when it returns. What was under way at that moment fails
//! with [`BoardError::PortLost`]: whether the board carried it out is not known.

pub mod ends;
mod error;
mod folder;
mod holder;
pub mod log;
mod pending;
mod port;
mod reader;
mod sending;
#[cfg(test)]
mod tests;
pub mod trace;
mod worker;

pub use error::BoardError;
pub use port::{Connect, Connection, SerialPath};

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::link::wire::Log;
use protocol::link::{BulkOutcome, DownReason, Object, Peer};
use protocol::message::{Firmware, LinkCounters, Refusal};
use protocol::{Message, RequestId, Role};
use sending::Sending;
use worker::{Answer, Input, Worker};

/// How long a stopping thread may take: it may be waiting for a port that takes no bytes.
const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// What a board says by itself, in the order in which it happened.
#[derive(Debug)]
pub enum BoardEvent {
    /// The board answers.
    Up {
        /// What it is and what it runs.
        peer: Peer,
        /// It went on where it was, after a silence; otherwise it has to be told everything anew.
        resumed: bool,
    },
    /// The board does not answer any more.
    Down {
        /// Why.
        reason: DownReason,
    },
    /// The board asks for something.
    Request {
        /// Takes the answer.
        responder: Responder,
        /// What it asks for.
        message: Message,
    },
    /// The board tells something.
    Notification(Message),
    /// An object has come, whole and intact.
    BulkDone {
        /// What it is.
        object: Object,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// An object that had begun to come will not.
    BulkFailed {
        /// What it would have been.
        object: Object,
        /// Why.
        outcome: BulkOutcome,
    },
    /// The serial port is gone. It is opened again when it returns; [`BoardEvent::Up`] tells.
    PortLost {
        /// What the operating system said.
        cause: String,
    },
    /// Another board than the one that belongs there has answered; requests to it fail.
    WrongBoard {
        /// What answered.
        found: Role,
    },
}

/// Takes pieces of a board's log; called in the board's thread.
pub(crate) type LogSink = Box<dyn FnMut(Peer, &Log) + Send>;

/// Takes the answer to a request of the board.
///
/// Dropped without an answer, it refuses the request ([`Refusal::NotPossible`]), so that the board does not wait
/// for ever.
#[derive(Debug)]
pub struct Responder {
    id: Option<RequestId>,
    inputs: Sender<Input>,
}

impl Responder {
    /// Answers.
    pub fn reply(mut self, message: impl Into<Message>) {
        if let Some(id) = self.id.take() {
            // A thread that has ended has no board to answer to.
            let _ = self.inputs.send(Input::Reply {
                id,
                message: Box::new(message.into()),
            });
        }
    }

    /// Refuses; the request must not have had any effect.
    pub fn refuse(mut self, reason: Refusal) {
        self.send_refusal(reason);
    }

    fn send_refusal(&mut self, reason: Refusal) {
        if let Some(id) = self.id.take() {
            let _ = self.inputs.send(Input::Refuse { id, reason });
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.send_refusal(Refusal::NotPossible);
    }
}

/// What the thread lets others see.
#[derive(Debug, Default)]
struct Seen {
    /// The right board, while it answers.
    peer: Option<Peer>,
    /// Why it does not, if that is known.
    obstacle: Option<BoardError>,
    counters: LinkCounters,
}

/// State shared between the thread and the handles.
#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Nothing is computed under the lock that could leave it half done.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Handle {
    inputs: Sender<Input>,
    shared: Arc<Shared>,
    name: String,
    /// Disconnects when the thread has ended.
    ended: Mutex<Receiver<()>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.inputs.send(Input::Stop);
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(STOP_PATIENCE);
    }
}

/// A board on a serial port. Clones are the same board; the last one dropped closes the port.
#[derive(Clone, Debug)]
pub struct Board {
    handle: Arc<Handle>,
}

impl Board {
    /// Opens the serial port at `path` and looks there for a board of the given role.
    ///
    /// `boot_id` is a number drawn at this start of the program: the board tells a restart by it.
    /// Returns the board, and where its events come out. Whether a board answers shows later:
    /// [`wait_until_up`](Self::wait_until_up).
    ///
    /// # Errors
    ///
    /// [`BoardError::Open`] if the port cannot be opened, [`BoardError::InUse`] if another program has it open.
    pub fn open(
        path: impl AsRef<Path>,
        role: Role,
        boot_id: u32,
    ) -> Result<(Self, Receiver<BoardEvent>), BoardError> {
        Self::start(SerialPath::new(path), role, boot_id)
    }

    /// The same over anything that carries bytes.
    ///
    /// # Errors
    ///
    /// [`BoardError::Open`] or [`BoardError::InUse`] if the first connection fails.
    pub fn start(
        connect: impl Connect,
        role: Role,
        boot_id: u32,
    ) -> Result<(Self, Receiver<BoardEvent>), BoardError> {
        Self::start_with(
            connect,
            role,
            protocol::Config::new(Role::Host, boot_id, firmware()),
        )
    }

    fn start_with(
        mut connect: impl Connect,
        role: Role,
        config: protocol::Config,
    ) -> Result<(Self, Receiver<BoardEvent>), BoardError> {
        let name = connect.name();
        let failed = |error: std::io::Error| BoardError::not_opened(&name, &error);
        let connection = connect.connect().map_err(failed)?;
        let shared = Arc::new(Shared::default());
        let (inputs, worker_inputs) = mpsc::channel();
        let (worker_events, events) = mpsc::channel();
        let (alive, ended) = mpsc::channel();
        let worker = Worker::new(
            Box::new(connect),
            role,
            config,
            inputs.clone(),
            worker_events,
            Arc::clone(&shared),
        );
        std::thread::Builder::new()
            .name(format!("board {role:?}"))
            .spawn(move || {
                worker.run(connection, &worker_inputs);
                drop(alive);
            })
            .map_err(failed)?;
        let handle = Handle {
            inputs,
            shared,
            name,
            ended: Mutex::new(ended),
        };
        Ok((
            Self {
                handle: Arc::new(handle),
            },
            events,
        ))
    }

    /// The name of the port, for messages.
    pub fn name(&self) -> &str {
        &self.handle.name
    }

    /// What the board is and runs, while it answers.
    pub fn peer(&self) -> Option<Peer> {
        self.handle.shared.lock().peer
    }

    /// What this end of the link has counted.
    pub fn counters(&self) -> LinkCounters {
        self.handle.shared.lock().counters
    }

    /// Waits until the board answers.
    ///
    /// # Errors
    ///
    /// What stands in the way after `patience`, mostly [`BoardError::Silent`].
    pub fn wait_until_up(&self, patience: Duration) -> Result<Peer, BoardError> {
        let deadline = Instant::now() + patience;
        let shared = &self.handle.shared;
        let mut seen = shared.lock();
        loop {
            if let Some(peer) = seen.peer {
                return Ok(peer);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let silent = BoardError::Silent {
                    path: self.handle.name.clone(),
                };
                return Err(seen.obstacle.clone().unwrap_or(silent));
            }
            seen = shared
                .changed
                .wait_timeout(seen, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Asks the board for something and waits for the answer.
    ///
    /// # Errors
    ///
    /// Every variant of [`BoardError`] except `Open`. After [`BoardError::TimedOut`], [`BoardError::PortLost`],
    /// [`BoardError::Restarted`] and, if the board fell silent while it was asked, [`BoardError::Silent`] it is not known
    /// whether the board carried the request out, or will when it is back.
    pub fn request(&self, message: impl Into<Message>, patience: Duration) -> Result<Message, BoardError> {
        let message = message.into();
        let name = message.name();
        let (answer, answers) = mpsc::channel::<Answer>();
        let deadline = Instant::now() + patience;
        self.send(Input::Request {
            message: Box::new(message),
            answer,
            deadline,
        })?;
        // The thread answers at the deadline; a little longer, so that its reason is heard.
        match answers.recv_timeout(patience + STOP_PATIENCE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(BoardError::TimedOut {
                path: self.handle.name.clone(),
                message: name,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(BoardError::Stopped),
        }
    }

    /// Tells the board something: it will hear it, once and in order, unless it restarts.
    ///
    /// # Errors
    ///
    /// [`BoardError::Silent`] and the like if the board does not answer now; [`BoardError::NotTaken`] if it has not read
    /// what it was told before, and still has not after `patience`: then it will not hear this.
    pub fn notify(&self, message: impl Into<Message>, patience: Duration) -> Result<(), BoardError> {
        let message = message.into();
        let name = message.name();
        let (answer, answers) = mpsc::channel();
        self.send(Input::Notify {
            message: Box::new(message),
            answer,
            deadline: Instant::now() + patience,
        })?;
        match answers.recv_timeout(patience + STOP_PATIENCE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(BoardError::NotTaken {
                path: self.handle.name.clone(),
                message: name,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(BoardError::Stopped),
        }
    }

    /// Gives every piece of the board's log to `sink` from now on, with who says it; until then the log is thrown away.
    ///
    /// Not an event: a board logs at any time, also while nobody waits for its events.
    ///
    /// # Errors
    ///
    /// [`BoardError::Stopped`] if the board's thread has ended.
    pub fn log_to(&self, sink: impl FnMut(Peer, &Log) + Send + 'static) -> Result<(), BoardError> {
        self.send(Input::LogTo(Box::new(sink)))
    }

    /// Sends the board an object and waits for how it ends. The board was asked before, and expects it.
    ///
    /// # Errors
    ///
    /// [`BoardError::ObjectNotTaken`] if another object is being sent or the board does not answer, [`BoardError::TimedOut`] after
    /// `patience`: then it is given up.
    pub fn send_object(
        &self,
        object: Object,
        bytes: Vec<u8>,
        patience: Duration,
    ) -> Result<BulkOutcome, BoardError> {
        let (answer, answers) = mpsc::channel();
        self.send(Input::Object(Sending::new(object, bytes, answer)))?;
        match answers.recv_timeout(patience) {
            Ok(sent) => sent,
            Err(RecvTimeoutError::Timeout) => {
                self.send(Input::CancelObject)?;
                Err(BoardError::TimedOut {
                    path: self.handle.name.clone(),
                    message: "the object",
                })
            }
            Err(RecvTimeoutError::Disconnected) => Err(BoardError::Stopped),
        }
    }

    fn send(&self, input: Input) -> Result<(), BoardError> {
        self.handle.inputs.send(input).map_err(|_| BoardError::Stopped)
    }
}

/// What this program is, for the board.
fn firmware() -> Firmware {
    let part = |text: &str| text.parse().unwrap_or(0);
    Firmware {
        major: part(env!("CARGO_PKG_VERSION_MAJOR")),
        minor: part(env!("CARGO_PKG_VERSION_MINOR")),
        patch: part(env!("CARGO_PKG_VERSION_PATCH")),
        build: 0,
    }
}
