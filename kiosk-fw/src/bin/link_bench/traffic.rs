//! What the board has to do with on a usual day: requests of the host, and an image for it.

use core::hint::black_box;

use kiosk_fw::board::lm3s6965::measure::Meter;
use kiosk_fw::link_port::{self, FIRMWARE};
use protocol::link::{BulkOutcome, Config, Event, Link, Object, Role};
use protocol::message::{
    Called, Capture, CapturePurpose, FingerPosition, Message, ObjectKind, StatusRequest,
};
use semihosting::println;

use crate::drive::{BOARD, Cost, Drive};
use crate::noise::Noise;
use crate::peer::HOST;

/// A host's end that fits beside the board's.
type Host = Link<1024, 4, 0, 4096>;

/// Bytes of a fingerprint image: 256 x 288 pixels of 4 bits.
const IMAGE: u32 = 36_864;

/// Both ends, with a line between them that loses nothing.
struct Pair<'a> {
    drive: Drive<'a>,
    host: &'a mut Host,
}

impl Pair<'_> {
    /// Lets both ends talk until neither has anything to say. The host gets its bytes at once.
    fn settle(&mut self) {
        let mut frame = [0; Host::MAX_WIRE_FRAME];
        loop {
            let now = self.drive.now();
            let len = self.host.poll_transmit(now, &mut frame);
            let before = self.drive.cost.sent;
            let host = &mut *self.host;
            self.drive
                .turn(&frame[..len], &mut |bytes| host.handle_bytes(now, bytes));
            if len == 0 && self.drive.cost.sent == before {
                break;
            }
            // What the board sent has to be over before it may send again.
            self.drive.wait(u64::from(self.drive.cost.sent - before) * 11);
        }
    }
}

fn connected<'a>(drive: Drive<'a>, host: &'a mut Host) -> Pair<'a> {
    *host = Host::new(Config::new(Role::Host, HOST, FIRMWARE));
    let mut pair = Pair { drive, host };
    pair.settle();
    assert!(pair.host.is_up() && pair.drive.link.is_up(), "no session");
    pair.drive.cost = Cost::default();
    pair
}

fn tell(name: &str, cost: &Cost, payload: u32) {
    println!(
        "{{\"measure\":\"traffic\",\"name\":\"{name}\",\"payload\":{payload},\"received\":{},\"sent\":{},\
         \"handle\":{},\"events\":{},\"transmit\":{},\"idle\":{}}}",
        cost.received, cost.sent, cost.handle.sum, cost.events.sum, cost.transmit.sum, cost.idle.sum
    );
}

/// Requests that a host makes, one after the other, each answered at once.
#[inline(never)] // See `main`.
pub(crate) fn control(meter: &dyn Meter) {
    let mut board = link_port::link(Role::Capture, BOARD);
    let mut host = Host::new(Config::new(Role::Host, HOST, FIRMWARE));
    let mut pair = connected(Drive::new(meter, &mut board), &mut host);
    let requests: [Message; 3] = [
        StatusRequest {}.into(),
        Called {
            prefix: b'A',
            number: 17,
            counter: 2,
        }
        .into(),
        Capture {
            capture_id: 9,
            finger: FingerPosition::RightIndex,
            purpose: CapturePurpose::Verify,
            attempt: 1,
            attempts: 4,
            timeout_ms: 20_000,
            impressions: 1,
        }
        .into(),
    ];
    let mut replies = 0;
    for round in 0..300 {
        let now = pair.drive.now();
        let asked = pair.host.request(now, &requests[round % requests.len()]);
        assert!(asked.is_ok(), "the host's queue is full");
        pair.settle();
        while let Some(event) = pair.host.poll_event() {
            replies += u32::from(matches!(event, Event::Reply { .. }));
        }
        pair.drive.wait(10_000);
    }
    assert!(replies == 300, "a request got no answer");
    tell("control", &pair.drive.cost, 300);
}

/// An image, written in pieces of 1 KiB as there is room for them.
#[inline(never)] // See `main`.
pub(crate) fn image(meter: &dyn Meter) {
    let mut board = link_port::link(Role::Capture, BOARD);
    let mut host = Host::new(Config::new(Role::Host, HOST, FIRMWARE));
    let mut pair = connected(Drive::new(meter, &mut board), &mut host);
    let object = Object {
        kind: ObjectKind::Image,
        id: 1,
        length: IMAGE,
    };
    let begun = pair.drive.link.bulk_begin(pair.drive.now(), object);
    assert!(begun.is_ok(), "the image cannot be sent");
    let mut noise = Noise::new(4);
    let mut piece = [0; 1024];
    let mut written = 0;
    let mut writing = 0;
    let mut read = 0;
    let mut delivered = false;
    while !delivered {
        if written < IMAGE && pair.drive.link.bulk_room() >= piece.len() {
            noise.fill(&mut piece);
            let mut taken = 0;
            let link = &mut *pair.drive.link;
            writing += meter.measure(&mut || taken = link.bulk_write(black_box(&piece)));
            written += taken as u32;
        }
        pair.settle();
        let mut out = [0; 512];
        loop {
            let count = pair.host.bulk_read(&mut out);
            if count == 0 {
                break;
            }
            read += count as u32;
        }
        while let Some(event) = pair.host.poll_event() {
            delivered |= matches!(
                event,
                Event::BulkEnd {
                    outcome: BulkOutcome::Delivered,
                    ..
                }
            );
        }
        assert!(pair.drive.now() < 60_000_000, "the image does not get there");
    }
    assert!(read == IMAGE, "the host has something else than the image");
    tell("image", &pair.drive.cost, IMAGE);
    println!("{{\"measure\":\"bulk_write\",\"bytes\":{written},\"instructions\":{writing}}}");
}
