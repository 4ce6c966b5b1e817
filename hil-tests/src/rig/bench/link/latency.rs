//! How long a command waits while an object is sent.

use protocol::frame::MAX_WIRE_FRAME;
use protocol::link::{Event, Object};
use protocol::message::{Accepted, ObjectKind, StatusRequest};
use protocol_sim::{BYTE_US, Pair, SECOND};
use rand::Rng;

use super::Options;
use crate::rig::bench::{Figure, Limit, Report};

pub(super) fn measure(options: &Options, report: &mut Report) {
    let count = if options.quick { 100 } else { 2_000 };
    report.section(format!(
        "latency: from the host's request until its reply while the board sends an object without end, {count} requests at \
         random moments on a clean line of 921,600 baud, in virtual time"
    ));
    let idle = round_trips(count, false);
    let busy = round_trips(count, true);
    let frame = MAX_WIRE_FRAME as f64 * BYTE_US;
    let quiet = idle.last().copied().unwrap_or_default();
    report.add(Figure::new(
        "request and reply on an idle line, longest",
        quiet,
        "us",
    ));
    let [median, longest] = [busy[busy.len() / 2], busy[busy.len() - 1]];
    report.add(Figure::new(
        "request and reply beside an object, median",
        median,
        "us",
    ));
    report.add(
        Figure::new("request and reply beside an object, longest", longest, "us")
            .limit(Limit::AtMost(frame + quiet))
            .beside("full frame", frame)
            .beside("round trip", quiet),
    );
}

/// Microseconds from request to reply, ascending.
fn round_trips(count: usize, beside_an_object: bool) -> Vec<f64> {
    let mut pair: Pair = Pair::new(7);
    pair.connect();
    let mut trips = Vec::new();
    while trips.len() < count {
        let until = pair.now + pair.rng.random_range(SECOND / 100..SECOND / 20);
        while pair.now < until {
            carry_on(&mut pair, beside_an_object, until);
        }
        let start = pair.now;
        let Ok(asked) = pair.host.request(start, &StatusRequest {}.into()) else {
            continue;
        };
        'answered: loop {
            carry_on(&mut pair, beside_an_object, start + SECOND);
            while let Some(event) = pair.host.poll_event() {
                if matches!(event, Event::Reply { id, .. } if id == asked) {
                    break 'answered;
                }
            }
        }
        trips.push((pair.now - start) as f64);
    }
    trips.sort_by(f64::total_cmp);
    trips
}

/// One step of the line, with a board that answers at once and, perhaps, always has something to send.
fn carry_on(pair: &mut Pair, beside_an_object: bool, until: u64) {
    if beside_an_object {
        // Refused while one is under way.
        let object = Object {
            kind: ObjectKind::Image,
            id: 1,
            length: 1 << 20,
        };
        let _ = pair.board.bulk_begin(pair.now, object);
        pair.board.bulk_write(&[0x5a; 4096]);
    }
    pair.step(until);
    let mut chunk = [0; 4096];
    while pair.host.bulk_read(&mut chunk) > 0 {}
    while let Some(event) = pair.board.poll_event() {
        if let Event::Request { id, .. } = event {
            // It was asked just now, so it waits.
            let _ = pair.board.reply(pair.now, id, &Accepted {}.into());
        }
    }
}
