//! The thread between a port and a link.

use std::collections::VecDeque;
use std::io::{ErrorKind, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use protocol::link::{BulkOutcome, DownReason, RequestFailure};
use protocol::message::Refusal;
use protocol::{Config, Event, HostLink, Message, RequestId, Role};

use super::pending::{Unsaid, Waiting};
use super::reader::{Reader, is_patience};
use super::sending::Sending;
use super::{BoardError, BoardEvent, Connect, Connection, LogSink, Responder, Shared};

/// How often a lost port is tried.
const REOPEN: Duration = Duration::from_millis(250);
/// How long to wait before a port that took no bytes is tried again.
const WRITE_AGAIN: Duration = Duration::from_millis(5);
/// How long to wait at most when there is nothing to do: costs nothing, and covers a clock that was set wrong.
const IDLE: Duration = Duration::from_secs(1);

/// Bytes that the link is given before its owner looks at what they brought: no more frames than it can keep, mostly.
const HEARD_AT_ONCE: usize = 1024;

/// What comes of a request.
pub(super) type Answer = Result<Message, BoardError>;

/// What the thread is woken by.
pub(super) enum Input {
    /// Bytes from the port.
    Bytes {
        connection: u64,
        bytes: Vec<u8>,
    },
    /// The port cannot be read any more.
    Lost {
        connection: u64,
        cause: String,
    },
    Request {
        message: Box<Message>,
        answer: Sender<Answer>,
        deadline: Instant,
    },
    Notify {
        message: Box<Message>,
        answer: Sender<Result<(), BoardError>>,
        deadline: Instant,
    },
    /// An object for the board.
    Object(Sending),
    /// Nobody waits for the object any more.
    CancelObject,
    Reply {
        id: RequestId,
        message: Box<Message>,
    },
    Refuse {
        id: RequestId,
        reason: Refusal,
    },
    /// What the board logs goes there.
    LogTo(LogSink),
    Stop,
}

/// An open port.
struct Open {
    /// Tells the bytes of this connection from those of one before.
    number: u64,
    writer: Box<dyn Write + Send>,
    /// What the port has not taken yet.
    unsent: Vec<u8>,
    /// Tells the reader to end.
    stop: Arc<AtomicBool>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The state of the thread.
pub(super) struct Worker {
    connect: Box<dyn Connect>,
    pub(super) name: String,
    /// What belongs on the port.
    role: Role,
    pub(super) link: Box<HostLink>,
    epoch: Instant,
    inputs: Sender<Input>,
    events: Sender<BoardEvent>,
    shared: Arc<Shared>,
    port: Option<Open>,
    connections: u64,
    reopen_at: Instant,
    /// What stands in the way while no request can be sent.
    pub(super) obstacle: Option<BoardError>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) unsaid: VecDeque<Unsaid>,
    /// Where what the board logs goes.
    log_sink: Option<LogSink>,
    /// Bytes of the object that is coming.
    object: Vec<u8>,
    /// The object that is being sent.
    pub(super) sending: Option<Sending>,
}

impl Worker {
    pub(super) fn new(
        connect: Box<dyn Connect>,
        role: Role,
        config: Config,
        inputs: Sender<Input>,
        events: Sender<BoardEvent>,
        shared: Arc<Shared>,
    ) -> Self {
        let epoch = Instant::now();
        Self {
            name: connect.name(),
            connect,
            role,
            link: Box::new(HostLink::new(config)),
            epoch,
            inputs,
            events,
            shared,
            port: None,
            connections: 0,
            reopen_at: epoch,
            obstacle: None,
            waiting: Vec::new(),
            unsaid: VecDeque::new(),
            log_sink: None,
            object: Vec::new(),
            sending: None,
        }
    }

    /// Runs until told to stop.
    pub(super) fn run(mut self, connection: Connection, inputs: &Receiver<Input>) {
        self.opened(connection);
        loop {
            let wait = self.work();
            match inputs.recv_timeout(wait) {
                Ok(input) => {
                    if self.input(input).is_break() {
                        return;
                    }
                    // Whatever else has come belongs to the same turn.
                    while let Ok(input) = inputs.try_recv() {
                        if self.input(input).is_break() {
                            return;
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.epoch.elapsed().as_micros() as u64 // half a million years
    }

    /// Does what is to be done, and returns how long to wait if nothing comes.
    fn work(&mut self) -> Duration {
        self.reopen();
        self.link.handle_timeout(self.now());
        loop {
            self.ask();
            self.feed();
            let transmitted = self.transmit();
            let heard = self.hear();
            if !transmitted && !heard {
                break;
            }
        }
        self.give_up_late();
        self.shared.lock().counters = *self.link.counters();
        let now = Instant::now();
        let mut wake = now + IDLE;
        match &self.port {
            None => wake = wake.min(self.reopen_at),
            Some(port) if !port.unsent.is_empty() => wake = wake.min(now + WRITE_AGAIN),
            Some(_) => {
                if let Some(at) = self.link.poll_timeout() {
                    wake = wake.min(self.epoch + Duration::from_micros(at));
                }
            }
        }
        let deadlines = self.waiting.iter().map(|waiting| waiting.deadline);
        for deadline in deadlines.chain(self.unsaid.iter().map(|unsaid| unsaid.deadline)) {
            wake = wake.min(deadline);
        }
        wake.saturating_duration_since(now)
    }

    fn input(&mut self, input: Input) -> ControlFlow<()> {
        let now = self.now();
        let open = self.port.as_ref().map(|port| port.number);
        match input {
            Input::Bytes { connection, bytes } if open == Some(connection) => {
                // Hand over what has come before more comes: a full inbox would only be sent again, and of a log be lost.
                for bytes in bytes.chunks(HEARD_AT_ONCE) {
                    self.link.handle_bytes(now, bytes);
                    self.hear();
                }
            }
            Input::Lost { connection, cause } if open == Some(connection) => self.lost(&cause),
            // Left over from a connection that was given up.
            Input::Bytes { .. } | Input::Lost { .. } => {}
            Input::Request {
                message,
                answer,
                deadline,
            } => {
                self.waiting.push(Waiting {
                    id: None,
                    message,
                    answer,
                    deadline,
                });
            }
            Input::Notify {
                message,
                answer,
                deadline,
            } => self.unsaid.push_back(Unsaid {
                message,
                answer,
                deadline,
            }),
            Input::Object(sending) => self.send_object(sending),
            Input::CancelObject => self.cancel_object(),
            Input::Reply { id, message } => {
                if let Err(error) = self.link.reply(now, id, &message) {
                    log::warn!("{}: {} not sent: {error}", self.name, message.name());
                }
            }
            Input::Refuse { id, reason } => {
                if let Err(error) = self.link.refuse(now, id, reason) {
                    log::warn!("{}: refusal not sent: {error}", self.name);
                }
            }
            Input::LogTo(sink) => self.log_sink = Some(sink),
            Input::Stop => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    // The port.

    fn opened(&mut self, connection: Connection) {
        self.connections += 1;
        let number = self.connections;
        let stop = Arc::new(AtomicBool::new(false));
        let reader = Reader {
            number,
            port: connection.reader,
            inputs: self.inputs.clone(),
            stop: Arc::clone(&stop),
        };
        self.port = Some(Open {
            number,
            writer: connection.writer,
            unsent: Vec::new(),
            stop,
        });
        if let Err(error) = std::thread::Builder::new()
            .name("board reader".into())
            .spawn(move || reader.run())
        {
            self.lost(&error.to_string());
            return;
        }
        log::info!("{}: open", self.name);
        self.set_obstacle(None);
    }

    fn reopen(&mut self) {
        if self.port.is_some() || Instant::now() < self.reopen_at {
            return;
        }
        match self.connect.connect() {
            Ok(connection) => self.opened(connection),
            Err(error) => {
                log::debug!("{}: {error}", self.name);
                // Whoever asks meanwhile is told what stands in the way now, not only that the port was lost once.
                if error.kind() == ErrorKind::ResourceBusy {
                    self.set_obstacle(Some(BoardError::not_opened(&self.name, &error)));
                }
                self.reopen_at = Instant::now() + REOPEN;
            }
        }
    }

    fn lost(&mut self, cause: &str) {
        log::warn!("{}: lost: {cause}", self.name);
        self.port = None;
        self.link.handle_disconnect(self.now());
        self.reopen_at = Instant::now() + REOPEN;
        let error = BoardError::PortLost {
            path: self.name.clone(),
            cause: cause.to_owned(),
        };
        self.fail_all(&error);
        self.shared.lock().peer = None;
        self.set_obstacle(Some(error));
        self.tell(BoardEvent::PortLost {
            cause: cause.to_owned(),
        });
    }

    /// Puts bytes on the wire; returns whether there were any.
    fn transmit(&mut self) -> bool {
        let mut frame = [0; HostLink::MAX_WIRE_FRAME];
        let mut any = false;
        loop {
            let now = self.now();
            let Some(port) = &mut self.port else { return any };
            if port.unsent.is_empty() {
                let len = self.link.poll_transmit(now, &mut frame);
                if len == 0 {
                    return any;
                }
                port.unsent.extend_from_slice(&frame[..len]);
            }
            match port.writer.write(&port.unsent) {
                Ok(0) => return self.lost_writing("the port takes no more bytes"),
                Ok(count) => drop(port.unsent.drain(..count)),
                Err(error) if is_patience(error.kind()) => return any,
                Err(error) => return self.lost_writing(&error.to_string()),
            }
            any = true;
        }
    }

    fn lost_writing(&mut self, cause: &str) -> bool {
        self.lost(cause);
        false
    }

    // What comes from the link.

    /// Takes events and bytes of objects from the link; returns whether there were any.
    fn hear(&mut self) -> bool {
        let mut any = false;
        loop {
            let mut chunk = [0; 4096];
            let count = self.link.bulk_read(&mut chunk);
            self.object.extend_from_slice(&chunk[..count]);
            if count > 0 {
                any = true;
                continue;
            }
            let Some(event) = self.link.poll_event() else {
                return any;
            };
            any = true;
            self.event(event);
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Up { peer, resumed } => {
                log::info!("{}: up: {peer:?}, resumed: {resumed}", self.name);
                if peer.role != self.role {
                    let (path, expected, found) = (self.name.clone(), self.role, peer.role);
                    self.set_obstacle(Some(BoardError::WrongBoard {
                        path,
                        expected,
                        found,
                    }));
                    self.tell(BoardEvent::WrongBoard { found });
                    return;
                }
                self.set_obstacle(None);
                self.shared.lock().peer = Some(peer);
                self.shared.changed.notify_all();
                self.tell(BoardEvent::Up { peer, resumed });
            }
            Event::Down { reason } => {
                log::warn!("{}: down: {reason}", self.name);
                self.shared.lock().peer = None;
                let (path, cause) = (self.name.clone(), reason.to_string());
                match reason {
                    DownReason::Silent => self.fail_all(&BoardError::Silent { path }),
                    DownReason::PeerRestarted => {}
                    DownReason::VersionMismatch { .. } | DownReason::WrongRole => {
                        self.set_obstacle(Some(BoardError::Incompatible { path, cause }));
                    }
                }
                self.tell(BoardEvent::Down { reason });
            }
            Event::Request { id, message } => {
                let responder = Responder {
                    id: Some(id),
                    inputs: self.inputs.clone(),
                };
                if self.obstacle.is_some() {
                    // Not the board that belongs here: nobody is to act on what it asks.
                    responder.refuse(Refusal::NotPossible);
                    return;
                }
                self.tell(BoardEvent::Request { responder, message });
            }
            Event::Notification(message) => {
                if self.obstacle.is_none() {
                    self.tell(BoardEvent::Notification(message));
                }
            }
            Event::Reply { id, message } => self.answered(id, Ok(message)),
            Event::RequestFailed { id, reason } => {
                let path = self.name.clone();
                self.answered(
                    id,
                    Err(match reason {
                        RequestFailure::PeerRestarted => BoardError::Restarted { path },
                        RequestFailure::Refused(refusal) => BoardError::Refused(refusal),
                        RequestFailure::BadReply => BoardError::BadReply,
                    }),
                );
            }
            Event::BulkBegin { .. } => self.object.clear(),
            Event::BulkEnd { object, outcome, .. } => {
                let bytes = std::mem::take(&mut self.object);
                log::debug!(
                    "{}: {:?} {}: {} bytes, {outcome}",
                    self.name,
                    object.kind,
                    object.id,
                    bytes.len()
                );
                if self.obstacle.is_some() {
                    return;
                }
                self.tell(match outcome {
                    BulkOutcome::Delivered => BoardEvent::BulkDone { object, bytes },
                    outcome => BoardEvent::BulkFailed { object, outcome },
                });
            }
            Event::Log(log) => {
                if let (Some(sink), Some(peer)) = (&mut self.log_sink, self.link.peer()) {
                    sink(peer, &log);
                }
            }
            Event::BulkSent { outcome, .. } => self.end_object(Ok(outcome)),
        }
    }

    fn set_obstacle(&mut self, obstacle: Option<BoardError>) {
        self.shared.lock().obstacle.clone_from(&obstacle);
        self.obstacle = obstacle;
    }

    fn tell(&self, event: BoardEvent) {
        // Whoever has dropped the receiver does not listen.
        let _ = self.events.send(event);
    }
}
