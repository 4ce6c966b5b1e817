//! An update as the link carries it.

use embedded_io_async::{Read, Write};
use protocol::link::Event;
use protocol::message::{Accepted, Message, Refusal, UpdatePhase, UpdateProgress, UpdateRefused};

use super::{Running, Update};
use crate::link_port::{LinkPort, OBJECT_ROOM, now};

/// What came of an event or of bytes.
#[derive(Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // There is no heap to box the event on.
pub enum Turn {
    /// It was none of an update's.
    NotMine(Event),
    /// It was dealt with.
    Done,
    /// The new firmware lies in flash and is to be started.
    Restart,
}

impl Update<'_> {
    /// Deals with `event`, or gives it back.
    pub fn keep<R: Read, W: Write>(
        &mut self,
        port: &mut LinkPort<'_, R, W>,
        running: Running,
        event: Event,
    ) -> Turn {
        match event {
            Event::Request {
                id,
                message: Message::UpdateBegin(offer),
            } => {
                let answer: Message = match self.begin(&offer, running) {
                    Ok(()) => Accepted {}.into(),
                    Err(reason) => UpdateRefused {
                        update_id: offer.update_id,
                        reason,
                    }
                    .into(),
                };
                crate::log_info!("update {=u32}: {=str}", offer.update_id, answer.name());
                port.reply(id, &answer);
            }
            Event::Request {
                id,
                message: Message::UpdateConfirm(_),
            } => match self.confirm() {
                Ok(()) => port.reply(id, &Accepted {}.into()),
                // It fails only if the host has restarted since and waits no more.
                Err(_) => drop(port.link.refuse(now(), id, Refusal::NotPossible)),
            },
            Event::BulkBegin { object, .. } if OBJECT_ROOM != 0 => {
                if !self.object_begins(&object) {
                    port.link.bulk_reject();
                }
            }
            Event::BulkEnd { object, outcome, .. } if OBJECT_ROOM != 0 => {
                let Some((update_id, phase, written)) = self.object_ended(&object, outcome) else {
                    return Turn::Done;
                };
                tell(port, update_id, phase, written);
                if phase == UpdatePhase::Verified {
                    return Turn::Restart;
                }
            }
            other => return Turn::NotMine(other),
        }
        Turn::Done
    }

    /// Takes what has come of the object.
    pub fn take<R: Read, W: Write>(&mut self, port: &mut LinkPort<'_, R, W>) {
        if OBJECT_ROOM == 0 {
            return;
        }
        let waiting = port.link.bulk_waiting();
        let told = self.pump(waiting, |into| port.link.bulk_read(into));
        if self.has_failed() {
            port.link.bulk_reject();
        } else if let (Some(written), Some(update_id)) = (told, self.id()) {
            tell(port, update_id, UpdatePhase::Receiving, written);
        }
    }
}

fn tell<R: Read, W: Write>(port: &mut LinkPort<'_, R, W>, update_id: u32, phase: UpdatePhase, written: u32) {
    let progress = UpdateProgress {
        update_id,
        phase,
        written,
    };
    // If the link is down nobody waits for it.
    let _ = port.link.notify(now(), &progress.into());
}
