//! One end of a link: a session with the peer, messages that arrive once and in order, bulk objects.
//!
//! [`Link`] does no input or output and knows no clock. Its owner carries bytes and tells it the time:
//!
//! ```text
//!   handle_bytes, handle_timeout      inputs
//!   request, reply, notify, bulk_*    commands
//!   poll_transmit                     bytes for the wire, one frame at a time, until it returns 0
//!   poll_event                        what happened, until it returns None
//!   bulk_read                         bytes of an object from the peer, until it returns 0
//!   poll_timeout                      when to call handle_timeout, if nothing happens before
//! ```
//!
//! After any input or command, do all four polls in this order, then wait for bytes or for the time-out.
//! Time is in microseconds since the start of the board or program, and never goes backwards.
//!
//! A board that has a log calls [`Link::poll_transmit_with_log`] instead of `poll_transmit`.
//!
//! Call [`Link::poll_transmit`] when the wire is about to take the frame, not far ahead: a message that comes
//! later still overtakes the bulk pieces that are not yet handed out.
//!
//! # Work
//!
//! No input makes a link allocate or loop, and each is paid for by its length. On a Cortex-M3 **a received byte costs
//! a [`BoardLink`] at most 400 instructions**, whatever the bytes are and whatever is under way (32 messages, 32 pieces of
//! an object), if all is polled after each frame and frames are sent as fast as they come; polling included, and the answers
//! to the requests in it. At 921,600 baud and 50 MHz, a byte comes every 542 clocks. If all is polled after each single
//! byte, such a turn costs at most 1,700 instructions: an owner that falls behind finds more bytes waiting, and its
//! turns become cheaper per byte. `cargo rig bench link --only board` counts both, with hostile streams of forty kinds, and the
//! tests hold them to it.

mod bulk_in;
mod bulk_out;
mod checksum;
mod core_link;
mod event;
mod inbox;
#[cfg(feature = "host")]
mod log_in;
mod log_out;
mod news;
mod outbox;
mod output;
mod piece_length;
mod pieces;
mod requests;
mod ring;
mod round_trip;
mod session;
pub mod wire;

pub use event::{BulkOutcome, DownReason, Event, Object, Peer, RequestFailure, RequestId, Role, TransferId};

pub use log_out::LogTaken;

use crate::frame::{Decoder, Received};
use crate::message::{Firmware, LinkCounters, Message, Refusal};
use core_link::Core;

/// A link of a board: 10 KiB. It sends objects and takes none.
pub type BoardLink = TakingBoardLink<0>;

/// A link of a board that takes objects, and has room for so many bytes of one.
pub type TakingBoardLink<const BULK_IN: usize> = Link<1024, 4, 4096, BULK_IN>;

/// A link of the counter's computer. It takes objects and can send them.
pub type HostLink = Link<8192, 16, 65536, 65536>;

/// What an end of a link needs to know about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What this end is.
    pub role: Role,
    /// A number drawn at this start of the board or program. It must differ from those of the starts before:
    /// the peer tells a restart by it. 0 is taken as 1.
    pub boot_id: u32,
    /// What runs here.
    pub firmware: Firmware,
    /// Timers.
    pub timing: Timing,
}

impl Config {
    /// A configuration with the usual timers.
    pub fn new(role: Role, boot_id: u32, firmware: Firmware) -> Self {
        Self {
            role,
            boot_id,
            firmware,
            timing: Timing::default(),
        }
    }
}

/// Timers of a session, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How often an end says hello while it has no peer.
    pub hello_us: u64,
    /// How long an end that has a peer says nothing at most.
    pub keep_alive_us: u64,
    /// After how long without an intact frame the peer counts as silent. At least three times `keep_alive_us`, so
    /// that one lost sign of life does not matter.
    pub silence_us: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            hello_us: 100_000,
            keep_alive_us: 500_000,
            silence_us: 2_500_000,
        }
    }
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// Nobody is at the other end; wait for [`Event::Up`].
    #[error("the link is down")]
    Down,
    /// The queue is full, apart from room for an answer or an object that waits; or too many requests wait for an
    /// answer. Try again after the next event.
    #[error("the queue is full")]
    Full,
    /// The message does not fit into the queue at all, or a reply is longer than can be remembered.
    #[error("the message is too long")]
    TooLong,
    /// The message is not of the usage that the call is for, such as a reply given to `request`.
    #[error("the message is not meant to be sent this way")]
    WrongUsage,
    /// The peer speaks a version of the protocol that does not have the message; it will not in this session.
    #[error("the other end is too old to know the message")]
    TooOld,
    /// The request is not waiting for an answer: it was answered, or its requester has restarted long ago.
    #[error("the request does not wait for an answer")]
    NotWaiting,
}

/// Why an object was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BulkError {
    /// Nobody is at the other end; wait for [`Event::Up`].
    #[error("the link is down")]
    Down,
    /// Another object is being sent, or [`Event::BulkSent`] of the last was not yet polled.
    #[error("another object is being sent")]
    Busy,
    /// Objects must be shorter than 2^24 bytes.
    #[error("the object is too long")]
    TooLong,
}

/// One end of a link.
///
/// - `QUEUE`: bytes of messages that wait to be sent or acknowledged.
/// - `SLOTS`: messages from the peer that wait for one before them, or for the owner: a power of two, at most 32. So many
///   pieces of a log wait, too.
/// - `BULK_OUT`: bytes of an object that wait to be sent or acknowledged.
/// - `BULK_IN`: bytes of an object from the peer that wait for the owner; 0 for an end that takes no objects.
///
/// [`BoardLink`] and [`HostLink`] are the usual sizes. The ends need not have the same.
#[derive(Debug)]
pub struct Link<const QUEUE: usize, const SLOTS: usize, const BULK_OUT: usize, const BULK_IN: usize> {
    decoder: Decoder,
    core: Core<QUEUE, SLOTS, BULK_OUT, BULK_IN>,
}

impl<const QUEUE: usize, const SLOTS: usize, const BULK_OUT: usize, const BULK_IN: usize>
    Link<QUEUE, SLOTS, BULK_OUT, BULK_IN>
{
    /// The most bytes that [`poll_transmit`](Self::poll_transmit) writes at once. It needs a buffer of this length.
    pub const MAX_WIRE_FRAME: usize = crate::frame::MAX_WIRE_FRAME;

    /// A link that looks for its peer.
    pub fn new(config: Config) -> Self {
        Self {
            decoder: Decoder::new(),
            core: Core::new(config),
        }
    }

    // Getters.

    /// Who is at the other end, while the link is up.
    pub fn peer(&self) -> Option<Peer> {
        self.core.session.peer().filter(|_| self.core.session.is_up())
    }

    /// Whether messages flow.
    pub fn is_up(&self) -> bool {
        self.core.session.is_up()
    }

    /// What this end is.
    pub fn role(&self) -> Role {
        self.core.session.role()
    }

    /// The boot id of this end.
    pub fn boot_id(&self) -> u32 {
        self.core.session.boot_id()
    }

    /// What this end has counted.
    pub fn counters(&self) -> &LinkCounters {
        &self.core.counters
    }

    /// Whether everything sent so far has arrived.
    pub fn is_idle(&self) -> bool {
        self.core.is_idle()
    }

    // Inputs.

    /// Takes bytes from the wire, however they are split.
    pub fn handle_bytes(&mut self, now: u64, mut bytes: &[u8]) {
        let counters = &mut self.core.counters;
        counters.bytes_received = counters.bytes_received.wrapping_add(bytes.len() as u32);
        while !bytes.is_empty() {
            let (taken, received) = self.decoder.push(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            let counter = match received {
                None => continue,
                Some(Received::Frame) => {
                    self.core.handle_frame(now, self.decoder.frame());
                    continue;
                }
                Some(Received::BadChecksum) => &mut self.core.counters.crc_errors,
                Some(Received::BadFraming) => &mut self.core.counters.framing_errors,
                Some(Received::Oversize) => &mut self.core.counters.oversize,
            };
            *counter = counter.wrapping_add(1);
        }
    }

    /// Lets timers expire. Calling it early does nothing, calling it late delays repeats.
    pub fn handle_timeout(&mut self, now: u64) {
        self.core.expire(now);
    }

    /// The line was interrupted: the port was closed, or the plug pulled. Half a frame may be lost.
    ///
    /// The link goes down as after a silence, without waiting for it. If the same start of the peer answers
    /// later, the link goes on where it was.
    pub fn handle_disconnect(&mut self, now: u64) {
        self.decoder.reset();
        self.core.disconnect(now);
    }

    // Commands.

    /// Asks the peer for something. [`Event::Reply`] or [`Event::RequestFailed`] will come, exactly once.
    pub fn request(&mut self, now: u64, message: &Message) -> Result<RequestId, SendError> {
        let id = self.core.requests.next_id(self.core.session.boot_id());
        self.request_again(now, id, message).map(|()| id)
    }

    /// Repeats a request of before a restart of this end, under the id it had: if the peer carried it out and
    /// still remembers, the same answer comes again; otherwise it is carried out now.
    pub fn request_again(&mut self, _now: u64, id: RequestId, message: &Message) -> Result<(), SendError> {
        self.core.request(id, message)
    }

    /// Stops waiting for an answer: no event will come for the request. Whether it was carried out is not known.
    pub fn forget(&mut self, id: RequestId) {
        self.core.requests.forget(id);
    }

    /// Answers a request of the peer.
    pub fn reply(&mut self, _now: u64, id: RequestId, message: &Message) -> Result<(), SendError> {
        self.core.reply(id, message)
    }

    /// Refuses a request of the peer, which must not have had any effect.
    pub fn refuse(&mut self, _now: u64, id: RequestId, reason: Refusal) -> Result<(), SendError> {
        if self.core.memory.refuse(id, reason) {
            Ok(())
        } else {
            Err(SendError::NotWaiting)
        }
    }

    /// Tells the peer something: reliably, in order, once.
    pub fn notify(&mut self, _now: u64, message: &Message) -> Result<(), SendError> {
        self.core.notify(message)
    }

    /// Begins to send an object. [`Event::BulkSent`] will come, exactly once.
    pub fn bulk_begin(&mut self, _now: u64, object: Object) -> Result<TransferId, BulkError> {
        self.core.bulk_begin(object)
    }

    /// Takes the next bytes of the object and returns how many; 0 when there is no room, until acknowledgements
    /// have come, or when the object has all its bytes or has ended.
    pub fn bulk_write(&mut self, bytes: &[u8]) -> usize {
        self.core.bulk_out.write(bytes)
    }

    /// How many bytes [`bulk_write`](Self::bulk_write) would take now.
    pub fn bulk_room(&self) -> usize {
        self.core.bulk_out.room()
    }

    /// Gives up the object being sent.
    pub fn bulk_cancel(&mut self) {
        self.core.bulk_out.cancel();
    }

    /// How many bytes of the object from the peer [`bulk_read`](Self::bulk_read) would give now.
    pub fn bulk_waiting(&self) -> usize {
        self.core.bulk_in.waiting()
    }

    /// Takes bytes of the object from the peer into `out`, in order, and returns how many. What is not read
    /// holds the sender back.
    pub fn bulk_read(&mut self, out: &mut [u8]) -> usize {
        self.core.bulk_in.read(out)
    }

    /// Refuses the rest of the object from the peer.
    pub fn bulk_reject(&mut self) {
        self.core.bulk_in.reject();
    }

    // Outputs.

    /// Writes the next frame for the wire into `out` and returns its length; 0 when there is nothing to send
    /// now. `out` must have [`MAX_WIRE_FRAME`](Self::MAX_WIRE_FRAME) bytes; in a shorter one long messages stay
    /// behind.
    pub fn poll_transmit(&mut self, now: u64, out: &mut [u8]) -> usize {
        self.core.expire(now);
        let len = self.core.transmit(now, out);
        if len > 0 {
            self.core.session.sent(now);
            self.core.count_sent(len);
        }
        len
    }

    /// The same at a board that has a log for the host: when there is nothing else to send, `take` is given the place for at
    /// most 128 bytes of it.
    ///
    /// `take` is not called while nobody listens. What it gives may be lost on the way; what it can not keep until it is
    /// asked, it says. Entries of the log end with a zero.
    // A frame of the log does not count as a sign of life: whatever a board logs, it says how far it has heard.
    pub fn poll_transmit_with_log(
        &mut self,
        now: u64,
        out: &mut [u8],
        take: impl FnOnce(&mut [u8]) -> LogTaken,
    ) -> usize {
        let len = self.poll_transmit(now, out);
        if len > 0 || !self.core.says_log() {
            return len;
        }
        let tag = self.core.session.tag();
        let len = self.core.log_out.transmit(tag, out, take);
        if len > 0 {
            self.core.count_sent(len);
        }
        len
    }

    /// What happened next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.poll_event_as::<0>()
    }

    /// The same for an end that is known to have the role with the code `ROLE`: what only other roles hear, it refuses as
    /// unknown. A board's program does not need to read it then.
    // In the loop of a board that looks at the event, the compiler would take it apart and copy it field by field.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn poll_event_as<const ROLE: u8>(&mut self) -> Option<Event> {
        self.core.poll_event::<ROLE>()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), if nothing happens before, in microseconds of the
    /// same clock; `None` when there is no need. May lie in the past while there is something to transmit.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.core.deadline()
    }
}
