//! A firmware that uses all of the link. The difference to `link-size-bare` is what the link takes.
#![no_std]
#![no_main]

mod common;

use core::hint::black_box;

use kiosk_fw::link_port;
use protocol::link::{Object, Role};
use protocol::message::{Message, ObjectKind, Refusal};
use protocol::{BoardLink, RequestId};

#[cortex_m_rt::entry]
fn main() -> ! {
    common::start();
    let mut link = link_port::link(black_box(Role::Kiosk), black_box(1));
    // Nothing that is known when this is compiled, or the compiler would leave out what it does not lead to.
    for now in 0..black_box(1) {
        inputs(&mut link, now);
        commands(&mut link, now);
        outputs(&mut link, now);
    }
    semihosting::process::exit(0)
}

fn inputs(link: &mut BoardLink, now: u64) {
    let bytes = black_box([0_u8; 64]);
    link.handle_bytes(now, &bytes[..black_box(64)]);
    link.handle_timeout(now);
    if black_box(false) {
        link.handle_disconnect(now);
    }
}

fn commands(link: &mut BoardLink, now: u64) {
    let bytes = black_box([0_u8; 64]);
    let id = black_box(RequestId { origin: 1, number: 1 });
    if let Ok(message) = Message::parse(black_box(1), &bytes) {
        black_box(link.request(now, &message).is_ok());
        black_box(link.request_again(now, id, &message).is_ok());
        black_box(link.reply(now, id, &message).is_ok());
        black_box(link.notify(now, &message).is_ok());
    }
    link.forget(id);
    black_box(link.refuse(now, id, black_box(Refusal::Busy)).is_ok());
    let object = black_box(Object {
        kind: ObjectKind::Image,
        id: 1,
        length: 64,
    });
    black_box(link.bulk_begin(now, object).is_ok());
    black_box(link.bulk_write(&bytes[..black_box(64)]));
    black_box(link.bulk_room());
    if black_box(false) {
        link.bulk_cancel();
    }
}

fn outputs(link: &mut BoardLink, now: u64) {
    let mut frame = [0; BoardLink::MAX_WIRE_FRAME];
    black_box(link.poll_transmit(now, &mut frame));
    black_box(&frame);
    while let Some(event) = link.poll_event() {
        black_box(&event);
    }
    black_box(link.poll_timeout());
    black_box(link.is_up() && link.is_idle());
    black_box(link.counters());
    black_box(link.peer());
}
