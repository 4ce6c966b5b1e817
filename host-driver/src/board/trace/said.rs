//! What a frame says: the link's own words, and messages.

use protocol::link::wire::{BulkAck, Envelope, Hello, REFUSE_ROLE, REFUSE_VERSION, Refuse};
use protocol::message::{FieldSpec, Usage};
use protocol::{Message, RequestId, Role};
use serde_json::json;

use super::fields::Fields;
use super::line::{Line, Topic};
use super::reading::{Asked, BoardReading};
use super::record::Direction;
use super::seen::Seen;
use super::summary::Summary;

/// How many requests without an answer are remembered.
const MAX_REQUESTS: usize = 64;

impl BoardReading {
    pub(super) fn envelope(&mut self, line: &mut Line, direction: Direction, envelope: &Envelope<'_>) {
        match *envelope {
            Envelope::Notification { code, body } => {
                self.message(line, "notification", None, code, body);
            }
            Envelope::Request { id, code, body } => {
                let name = self.message(line, "request", Some(id), code, body);
                let asked = Asked {
                    at: line.at,
                    direction,
                    name,
                };
                if self.requests.len() >= MAX_REQUESTS {
                    // Those that get no answer, as a peer has only eight under way.
                    self.requests.clear();
                }
                // The first time counts, also of one that is asked again.
                self.requests.entry(id).or_insert(asked);
            }
            Envelope::Reply { id, code, body } => {
                self.message(line, "reply", Some(id), code, body);
                self.answers(line, direction, id);
            }
            Envelope::Refusal { id, reason } => {
                line.topics.push(Topic::Refusal);
                line.subject = format!("REFUSED {}: {reason:?}", id_text(id));
                line.details.push(("class", json!("refusal")));
                line.details.push(("request", json!(id_text(id))));
                line.details.push(("reason", json!(format!("{reason:?}"))));
                self.summary.refusals += 1;
                self.answers(line, direction, id);
            }
            Envelope::BulkBegin { transfer, object } => {
                line.topics.push(Topic::Bulk);
                line.subject = format!(
                    "begin of transfer {transfer}: {:?} {}, {} bytes",
                    object.kind, object.id, object.length
                );
                line.details.push(("class", json!("bulk_begin")));
                line.details.push(("transfer", json!(transfer)));
                line.details.push(("object", json!(format!("{:?}", object.kind))));
                line.details.push(("object_id", json!(object.id)));
                line.details.push(("object_length", json!(object.length)));
                let at = line.at;
                let end = self.end(direction);
                if end.object.as_ref().is_none_or(|(known, _)| *known != transfer) {
                    end.object = Some((transfer, Seen::from(0)));
                    end.object_from = Some(at);
                }
            }
            Envelope::BulkEnd { transfer, checksum } => {
                line.topics.push(Topic::Bulk);
                line.subject = format!("end of transfer {transfer}: checksum {checksum:08x}");
                line.details.push(("class", json!("bulk_end")));
                line.details.push(("transfer", json!(transfer)));
            }
            Envelope::BulkResult { transfer, outcome } => {
                line.topics.push(Topic::Bulk);
                line.subject = format!("result of transfer {transfer}: {outcome}");
                line.details.push(("class", json!("bulk_result")));
                let sender = direction.other();
                let end = self.end(sender);
                let took_us = end
                    .object_from
                    .take()
                    .map_or(0, |from| end.object_to.saturating_sub(from));
                self.summary.way(sender).object_us += took_us;
                line.details.push(("transfer", json!(transfer)));
                line.details.push(("outcome", json!(format!("{outcome:?}"))));
            }
            Envelope::BulkCancel { transfer } => {
                line.topics.push(Topic::Bulk);
                line.subject = format!("transfer {transfer} CANCELLED");
                line.details.push(("class", json!("bulk_cancel")));
                line.details.push(("transfer", json!(transfer)));
            }
        }
    }

    /// Shows a message and returns its name.
    fn message(
        &mut self,
        line: &mut Line,
        class: &'static str,
        id: Option<RequestId>,
        code: u16,
        body: &[u8],
    ) -> &'static str {
        line.details.push(("class", json!(class)));
        class.clone_into(&mut line.subject);
        if let Some(id) = id {
            line.subject = format!("{class} {}", id_text(id));
            line.details.push(("request", json!(id_text(id))));
        }
        let Some(spec) = Message::TABLE.iter().find(|spec| spec.code == code) else {
            line.subject = format!("{} {code:#06x}", line.subject);
            misread(
                line,
                &mut self.summary,
                "a message that this version does not know",
            );
            return "an unknown message";
        };
        line.subject = format!("{} {}", line.subject, spec.name);
        line.details.push(("message", json!(spec.name)));
        match Fields::parse(spec.fields, body) {
            Ok((fields, _)) => line.fields = fields,
            // What of it was recorded does not tell more.
            Err(_) => misread(line, &mut self.summary, "its fields cannot be read"),
        }
        let expected = match class {
            "request" => Usage::Request,
            "reply" => Usage::Reply,
            _ => Usage::Notification,
        };
        if spec.usage != expected {
            line.remarks
                .push(format!("{} is not to be sent as a {class}", spec.name));
        }
        spec.name
    }

    fn answers(&mut self, line: &mut Line, direction: Direction, id: RequestId) {
        let asked = self
            .requests
            .get(&id)
            .filter(|asked| asked.direction != direction);
        let Some(asked) = asked.copied() else { return };
        self.requests.remove(&id);
        let after_us = line.at.saturating_sub(asked.at);
        if self.summary.timed {
            line.remarks.push(format!(
                "to {}, after {:.1} ms",
                asked.name,
                after_us as f64 / 1e3
            ));
            line.details.push(("answer_after_us", json!(after_us)));
        } else {
            line.remarks.push(format!("to {}", asked.name));
        }
    }
}

pub(super) fn hello(line: &mut Line, rest: &[u8]) {
    line.topics.push(Topic::Session);
    own_fields(line, Hello::FIELDS, rest);
    if let Ok((_, hello)) = Hello::parse_body(rest) {
        let version = hello.firmware;
        line.subject = format!(
            "{:?} {}.{}.{} build {:08x}{}",
            Role::from_code(hello.role),
            version.major,
            version.minor,
            version.patch,
            version.build,
            if hello.peer_boot_id == 0 {
                ", seeks a peer"
            } else {
                ""
            }
        );
    }
}

pub(super) fn refuse(line: &mut Line, rest: &[u8]) {
    line.topics.extend([Topic::Session, Topic::Refusal]);
    own_fields(line, Refuse::FIELDS, rest);
    if let Ok((_, refuse)) = Refuse::parse_body(rest) {
        line.subject = match refuse.reason {
            REFUSE_VERSION => "NO SESSION: no version in common".into(),
            REFUSE_ROLE => "NO SESSION: not exactly one end is the host".into(),
            other => format!("NO SESSION: reason {other}"),
        };
    }
}

pub(super) fn bulk_ack(line: &mut Line, rest: &[u8]) {
    line.topics.extend([Topic::Ack, Topic::Bulk]);
    own_fields(line, BulkAck::FIELDS, rest);
    let Ok((_, ack)) = BulkAck::parse_body(rest) else {
        return;
    };
    let mut from = ack.acknowledged;
    let mut missing = Vec::new();
    for span in &ack.received {
        missing.push(format!("{from}..{}", span.start));
        from = span.end;
    }
    if !missing.is_empty() {
        line.topics.push(Topic::Gap);
        line.remarks.push(format!("still missing {}", missing.join(", ")));
    }
}

/// The fields of what the link itself says.
pub(super) fn own_fields(line: &mut Line, table: &[FieldSpec], rest: &[u8]) {
    match Fields::parse(table, rest) {
        Ok((fields, _)) => line.fields = fields,
        Err(_) => line.remarks.push("its fields cannot be read".into()),
    }
}

pub(super) fn misread(line: &mut Line, summary: &mut Summary, words: &str) {
    line.topics.push(Topic::Refusal);
    line.remarks.push(words.to_owned());
    summary.misread += 1;
}

fn id_text(id: RequestId) -> String {
    format!("{:08x}:{}", id.origin, id.number)
}
