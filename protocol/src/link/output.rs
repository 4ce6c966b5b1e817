//! What the link says next: to the wire and to its owner.

use super::bulk_out::Announcement;
use super::core_link::{Core, count, queue};
use super::event::{Event, RequestFailure, RequestId};
use super::requests::Admission;
use super::wire::{BulkAck, Envelope, Hello, MAX_CONTROL, Refuse};
use crate::frame::{
    BulkHeader, CRC_LEN, ControlHeader, FrameKind, HEADER_LEN, MAX_PAYLOAD, encode, header, kind_and_session,
    wire_len,
};
use crate::message::{DecodeError, LinkCounters, Message, Refusal, Usage, Writer};

/// What a control frame takes on the wire at most.
const MAX_CONTROL_WIRE: usize = wire_len(HEADER_LEN + MAX_CONTROL + CRC_LEN);

/// What the link's own payloads take at most: the acknowledgement of an object with all its ranges.
const MAX_OWN_PAYLOAD: usize = BulkAck::MAX_BODY;
const _: () = assert!(Hello::MAX_BODY <= MAX_OWN_PAYLOAD && Refuse::MAX_BODY <= MAX_OWN_PAYLOAD);

impl<const QUEUE: usize, const SLOTS: usize, const BULK_OUT: usize, const BULK_IN: usize>
    Core<QUEUE, SLOTS, BULK_OUT, BULK_IN>
{
    /// Writes the next frame for the wire and returns its length.
    ///
    /// First what keeps the session, then acknowledgements, then messages, then objects.
    pub(super) fn transmit(&mut self, now: u64, out: &mut [u8]) -> usize {
        if let Some(hello) = self.session.take_hello() {
            return own_frame(out, FrameKind::Hello, 0, &|body| hello.write_fields(body));
        }
        if let Some(refuse) = self.session.take_refuse() {
            return own_frame(out, FrameKind::Refuse, 0, &|body| refuse.write_fields(body));
        }
        if !self.session.is_up() {
            return 0;
        }
        let tag = self.session.tag();
        if core::mem::take(&mut self.ack_due) {
            let ack = self.inbox.ack();
            return own_frame(out, FrameKind::Ack, tag, &|body| ack.write_fields(body));
        }
        self.fill_outbox(now);
        if out.len() < MAX_CONTROL_WIRE {
            return 0;
        }
        let acknowledged = self.inbox.expected();
        if let Some(message) = self.outbox.next(now) {
            let by_kind = ControlHeader {
                sequence: message.sequence,
                acknowledged,
            };
            let header = header(FrameKind::Control, tag, by_kind.to_bytes());
            return said(&mut self.counters, out, header, message.payload, message.repeated);
        }
        if let Some(ack) = self.bulk_in.ack() {
            return own_frame(out, FrameKind::BulkAck, tag, &|body| ack.write_fields(body));
        }
        let most = MAX_PAYLOAD.min(out.len() - wire_len(HEADER_LEN + CRC_LEN) - MAX_PAYLOAD / 254);
        if let Some(piece) = self.bulk_out.next(now, most) {
            let by_kind = BulkHeader {
                transfer: piece.transfer,
                offset: piece.offset,
            };
            let header = header(FrameKind::Bulk, tag, by_kind.to_bytes());
            return said(&mut self.counters, out, header, piece.bytes, piece.repeated);
        }
        0
    }

    /// Queues what waits for room in the control lane.
    fn fill_outbox(&mut self, now: u64) {
        while self.outbox.has_room(1, MAX_CONTROL) {
            if let Some((id, envelope)) = self.memory.due() {
                if matches!(envelope, Envelope::Refusal { .. }) {
                    count(&mut self.counters.refusals_sent);
                }
                // Fits: an answer is shorter than the longest message.
                queue(&mut self.outbox, &envelope);
                self.memory.sent(id);
            } else if let Some(id) = self.busy.pop_front() {
                count(&mut self.counters.refusals_sent);
                let reason = Refusal::Busy;
                queue(&mut self.outbox, &Envelope::Refusal { id, reason });
            } else if let Some((transfer, outcome)) = self.bulk_in.result() {
                queue(&mut self.outbox, &Envelope::BulkResult { transfer, outcome });
                self.bulk_in.told();
            } else if let Some((transfer, announcement)) = self.bulk_out.announcement() {
                let envelope = match announcement {
                    Announcement::Begin(object) => Envelope::BulkBegin { transfer, object },
                    Announcement::End(checksum) => Envelope::BulkEnd { transfer, checksum },
                    Announcement::Cancel => Envelope::BulkCancel { transfer },
                };
                queue(&mut self.outbox, &envelope);
                self.bulk_out.announced(now);
            } else {
                break;
            }
        }
    }

    /// What happened next, at an end that is this `ROLE`, or any if it is 0.
    pub(super) fn poll_event<const ROLE: u8>(&mut self) -> Option<Event> {
        if let Some(reason) = self.news.take_end() {
            return Some(Event::Down { reason });
        }
        if let Some((id, reason)) = self.requests.take_failed() {
            return Some(Event::RequestFailed { id, reason });
        }
        if let Some((transfer, outcome)) = self.bulk_out.take_ended() {
            return Some(Event::BulkSent { transfer, outcome });
        }
        if let Some((transfer, object, outcome)) = self.bulk_in.take_ended() {
            return Some(Event::BulkEnd {
                transfer,
                object,
                outcome,
            });
        }
        if let Some(resumed) = self.news.take_up()
            && let Some(peer) = self.session.peer()
        {
            return Some(Event::Up { peer, resumed });
        }
        let message = self.poll_message::<ROLE>();
        #[cfg(feature = "host")]
        let message = message.or_else(|| self.log_in.pop().map(Event::Log));
        message.or_else(|| self.news.take_down().map(|reason| Event::Down { reason }))
    }

    /// What the next messages of the peer lead to.
    fn poll_message<const ROLE: u8>(&mut self) -> Option<Event> {
        loop {
            let (front, cut) = self.inbox.front()?;
            // A copy, because what it leads to changes the rest of the link.
            let mut payload = [0; MAX_CONTROL];
            let len = front.len();
            payload[..len].copy_from_slice(front);
            match Envelope::parse(&payload[..len]) {
                // Not even a refusal can be queued: the sender has to wait.
                Ok((_, Some(Envelope::Request { id, .. })))
                    if self.busy.is_full() && !self.memory.has_room_for(id) =>
                {
                    return None;
                }
                // The object before it ends first.
                Ok((_, Some(Envelope::BulkBegin { .. }))) => {
                    self.bulk_in.supersede();
                    if let Some((transfer, object, outcome)) = self.bulk_in.take_ended() {
                        return Some(Event::BulkEnd {
                            transfer,
                            object,
                            outcome,
                        });
                    }
                }
                _ => {}
            }
            self.ack_due |= self.inbox.pop();
            if let Some(event) = self.message::<ROLE>(&payload[..len], cut) {
                return Some(event);
            }
            // An object that the message ended.
            if let Some((transfer, object, outcome)) = self.bulk_in.take_ended() {
                return Some(Event::BulkEnd {
                    transfer,
                    object,
                    outcome,
                });
            }
            if let Some((transfer, outcome)) = self.bulk_out.take_ended() {
                return Some(Event::BulkSent { transfer, outcome });
            }
        }
    }

    /// Takes the payload of a control frame, in order.
    fn message<const ROLE: u8>(&mut self, payload: &[u8], cut: bool) -> Option<Event> {
        let Ok((_, Some(envelope))) = Envelope::parse(payload) else {
            count(&mut self.counters.undecodable);
            return None;
        };
        match envelope {
            Envelope::Notification { code, body } => {
                let told = self.decode::<ROLE>(Usage::Notification, code, body, cut);
                told.ok().map(Event::Notification)
            }
            Envelope::Request { id, code, body } => self.requested::<ROLE>(id, code, body, cut),
            Envelope::Reply { id, code, body } => {
                let answer = self.decode::<ROLE>(Usage::Reply, code, body, cut);
                // An answer to a request that was given up is not for anyone.
                self.requests.forget(id).then(|| match answer {
                    Ok(message) => Event::Reply { id, message },
                    Err(_) => Event::RequestFailed {
                        id,
                        reason: RequestFailure::BadReply,
                    },
                })
            }
            Envelope::Refusal { id, reason } => self.requests.forget(id).then_some(Event::RequestFailed {
                id,
                reason: RequestFailure::Refused(reason),
            }),
            Envelope::BulkBegin { transfer, object } => {
                let taken = self.bulk_in.begin(transfer, object);
                taken.then_some(Event::BulkBegin {
                    transfer: super::TransferId(transfer),
                    object,
                })
            }
            Envelope::BulkEnd { transfer, checksum } => {
                self.bulk_in.end(transfer, checksum);
                None
            }
            Envelope::BulkResult { transfer, outcome } => {
                self.bulk_out.result(transfer, outcome);
                None
            }
            Envelope::BulkCancel { transfer } => {
                self.bulk_in.cancelled(transfer);
                None
            }
        }
    }

    fn requested<const ROLE: u8>(
        &mut self,
        id: RequestId,
        code: u16,
        body: &[u8],
        cut: bool,
    ) -> Option<Event> {
        match self.memory.admit(id) {
            Admission::New => match self.decode::<ROLE>(Usage::Request, code, body, cut) {
                Ok(message) => Some(Event::Request { id, message }),
                Err(reason) => {
                    self.memory.refuse(id, reason);
                    None
                }
            },
            Admission::Repeated => {
                count(&mut self.counters.duplicates);
                None
            }
            Admission::Busy => {
                // There is room: `poll_event` has seen to it.
                let _ = self.busy.push_back(id);
                None
            }
        }
    }

    /// Decodes a message, or says why it is refused. One that is not meant to come this way is as good as unknown.
    fn decode<const ROLE: u8>(
        &mut self,
        usage: Usage,
        code: u16,
        body: &[u8],
        cut: bool,
    ) -> Result<Message, Refusal> {
        let decoded = if cut {
            Err(Refusal::TooLong)
        } else {
            Message::parse_if(code, body, |of, direction| {
                of == usage && direction.is_heard(ROLE)
            })
            .map_err(|error| match error {
                DecodeError::UnknownMessage(_) => Refusal::UnknownMessage,
                DecodeError::Malformed(_) => Refusal::Malformed,
            })
        };
        if decoded.is_err() {
            count(&mut self.counters.undecodable);
        }
        decoded
    }
}

/// Writes a frame of what an owner says.
#[cfg_attr(target_os = "none", inline(never))] // On a board, flash is dearer than the call.
fn said(
    counters: &mut LinkCounters,
    out: &mut [u8],
    header: [u8; HEADER_LEN],
    (first, second): (&[u8], &[u8]),
    repeated: bool,
) -> usize {
    if repeated {
        count(&mut counters.retransmissions);
    }
    encode(out, &[&header, first, second]).unwrap_or(0)
}

/// Writes a frame of the link's own.
// One for all kinds: on a board, flash is dearer than the call.
#[cfg_attr(target_os = "none", inline(never))]
fn own_frame(out: &mut [u8], kind: FrameKind, tag: u16, write: &dyn Fn(&mut Writer<'_>)) -> usize {
    let mut payload = [0; MAX_OWN_PAYLOAD];
    let mut body = Writer::new(&mut payload);
    // Fits: checked above, when this is compiled.
    write(&mut body);
    let len = body.len();
    encode(out, &[&kind_and_session(kind, tag), &payload[..len]]).unwrap_or(0)
}
