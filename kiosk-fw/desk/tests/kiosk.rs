//! The kiosk's application runs on a desk as it runs on a board.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use desk_board::{Card, CardStore, Desk, Key, Witness};
use kiosk_fw::drivers::ssd0323::{Frame, HEIGHT, WIDTH};
use protocol::link::{Config, Event, Role};
use protocol::message::{Configure, Firmware, Message, Service, SetClock, TicketGranted, TicketRequest};
use protocol::{HostLink, RequestId};

/// A desk with a host on one line, and on the other a printer that is always ready.
struct Hall {
    desk: Desk<CardStore>,
    host: Box<HostLink>,
    now: u64,
    printed: Vec<u8>,
    asked: Vec<TicketRequest>,
}

fn firmware() -> Firmware {
    Firmware::default()
}

impl Hall {
    fn open() -> Self {
        let mut desk = desk_board::kiosk(Card::default(), Witness::default());
        desk.switch_on(0, 7);
        Self {
            desk,
            host: Box::new(HostLink::new(Config::new(Role::Host, 1, firmware()))),
            now: 0,
            printed: Vec::new(),
            asked: Vec::new(),
        }
    }

    fn run_until(&mut self, until: u64) {
        while self.now < until {
            let mut out = [0; HostLink::MAX_WIRE_FRAME];
            let length = self.host.poll_transmit(self.now, &mut out);
            self.desk.host_says(&out[..length]);
            let next = [self.desk.next(), self.host.poll_timeout(), Some(until)];
            self.now = next.into_iter().flatten().min().unwrap().max(self.now);
            let said = self.desk.advance(self.now);
            self.host.handle_bytes(self.now, &said.host);
            self.host.handle_timeout(self.now);
            self.print(&said.device);
            while let Some(event) = self.host.poll_event() {
                self.serve(event);
            }
        }
    }

    /// Takes what comes and answers each `DLE EOT n` that all is well.
    fn print(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.printed.push(*byte);
            if let [.., 0x10, 0x04, 1..=4] = *self.printed {
                self.desk.device_says(&[0x12]);
            }
        }
    }

    fn serve(&mut self, event: Event) {
        match event {
            Event::Up { resumed: false, .. } => self.set_up(),
            Event::Request {
                id,
                message: Message::TicketRequest(request),
            } => self.grant(id, &request),
            Event::Request { id, .. } => {
                let accepted = protocol::message::Accepted {};
                self.host.reply(self.now, id, &accepted.into()).unwrap();
            }
            _ => (),
        }
    }

    fn set_up(&mut self) {
        let clock = SetClock {
            unix_seconds: 1_772_384_400,
            utc_offset_minutes: 420,
        };
        let service = Service {
            id: 1,
            prefix: b'A',
            name_id: "KTP-el".try_into().unwrap(),
            name_en: "ID card".try_into().unwrap(),
        };
        let configuration = Configure {
            office: "Dukcapil".try_into().unwrap(),
            tickets_open: true,
            services: [service].into_iter().collect(),
            paper_mm: 58,
            priority: false,
        };
        self.host.request(self.now, &clock.into()).unwrap();
        self.host.request(self.now, &configuration.into()).unwrap();
    }

    fn grant(&mut self, id: RequestId, request: &TicketRequest) {
        self.asked.push(request.clone());
        let granted = TicketGranted {
            press: request.press,
            ticket_id: 5,
            prefix: b'A',
            number: 1,
            people_before: 0,
            wait_minutes: 0,
            issued_unix: 1_772_384_400,
            utc_offset_minutes: 420,
        };
        self.host.reply(self.now, id, &granted.into()).unwrap();
    }

    /// Presses a key whose contact bounces.
    fn press(&mut self, key: Key) {
        for (for_us, closed) in [
            (300, true),
            (700, false),
            (80_000, true),
            (600, false),
            (400, true),
            (900, false),
        ] {
            self.desk.set_key(key, closed);
            self.run_until(self.now + for_us);
        }
    }

    fn is_dark(&self) -> bool {
        is_dark(&self.desk.frame())
    }
}

fn is_dark(frame: &Frame) -> bool {
    (0..HEIGHT).all(|y| (0..WIDTH).all(|x| frame.luma(x, y) == 0))
}

const SECOND: u64 = 1_000_000;

#[test]
fn one_press_with_bounces_is_one_request_and_one_ticket() {
    let mut hall = Hall::open();
    hall.run_until(5 * SECOND);
    hall.press(Key::Select);
    hall.run_until(15 * SECOND);
    assert_eq!(hall.asked.len(), 1);
    let cuts = hall.printed.windows(2).filter(|two| two == b"\x1dV").count();
    assert_eq!(cuts, 1);
}

#[test]
fn a_quiet_day_feeds_the_watchdog() {
    let mut hall = Hall::open();
    hall.run_until(60 * SECOND);
    assert_eq!(hall.desk.starts(), 1);
}

#[test]
fn the_same_day_happens_again_byte_for_byte() {
    let day = || {
        let mut hall = Hall::open();
        hall.run_until(5 * SECOND);
        hall.press(Key::Select);
        hall.run_until(30 * SECOND);
        (hall.printed, hall.desk.pictures(), hall.desk.power().steps())
    };
    assert_eq!(day(), day());
}

#[test]
fn without_power_the_screen_is_dark_and_nothing_is_said() {
    let mut hall = Hall::open();
    hall.run_until(5 * SECOND);
    assert!(!hall.is_dark());
    hall.desk.power().fail_after(100);
    hall.press(Key::Select);
    hall.run_until(hall.now + 3 * SECOND);
    assert!(!hall.desk.is_on() && hall.is_dark());
    let steps = hall.desk.power().steps();
    hall.run_until(10 * SECOND);
    assert_eq!(hall.desk.power().steps(), steps);
    hall.desk.switch_on(hall.now, 8);
    hall.run_until(15 * SECOND);
    assert!(hall.desk.is_on() && !hall.is_dark());
}

#[test]
fn power_that_fails_in_the_middle_of_a_ticket_leaves_a_part_of_it() {
    let mut hall = Hall::open();
    hall.run_until(5 * SECOND);
    let before = hall.printed.len();
    hall.press(Key::Select);
    while hall.printed.len() < before + 150 {
        hall.run_until(hall.now + 1_000);
    }
    hall.desk.switch_off();
    let printed = hall.printed.len();
    hall.run_until(hall.now + SECOND);
    assert_eq!(hall.printed.len(), printed);
    assert!(!hall.printed.windows(2).any(|two| two == b"\x1dV"));
}
