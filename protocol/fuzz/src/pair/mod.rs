//! Two links and a hostile line between them.
//!
//! The line holds frames back, loses, changes, doubles and cuts them, but keeps their order, as a wire does; ends are
//! unplugged and restart, owners do not always look. In the end the line is good and everybody looks: then everything of
//! the last session has come, once and in order, and every request and object has ended. [`book`] has the oracle.

mod book;
mod line;

use protocol::frame::MAX_WIRE_FRAME;
use protocol::link::{Config, Event, Link, Object, Role};
use protocol::message::{
    CapturePhase, CaptureProgress, Firmware, ObjectKind, Refusal, TicketDenial, TicketDenied, TicketRequest,
};

use super::pattern;
use super::program::Program;
use book::{Book, Books, Side};
use line::{Accident, Line};

/// Runs the target.
pub fn run(input: &[u8]) {
    let mut program = Program::new(input);
    // A change that the checksum does not show, one in 2^32, proves nothing: that run ends there.
    let _: Result<(), Accident> = if program.flag() {
        // Small ends, whose buffers fill and wrap.
        Pair::<700, 2, 200, 90, 530, 1, 100, 300>::new().run(&mut program)
    } else {
        Pair::<8192, 16, 65536, 65536, 1024, 4, 4096, 0>::new().run(&mut program)
    };
}

/// A link of any size, as its owner sees it.
struct End<const Q: usize, const S: usize, const O: usize, const I: usize> {
    link: Box<Link<Q, S, O, I>>,
    /// Whether the owner looks at events and reads objects.
    attentive: bool,
    /// What this end sends, on its way.
    line: Line,
}

/// Two ends. The first is the host.
struct Pair<
    const HQ: usize,
    const HS: usize,
    const HO: usize,
    const HI: usize,
    const BQ: usize,
    const BS: usize,
    const BO: usize,
    const BI: usize,
> {
    now: u64,
    host: End<HQ, HS, HO, HI>,
    board: End<BQ, BS, BO, BI>,
    books: Books,
}

fn config(side: Side, boot: u32) -> Config {
    let (role, major) = match side {
        Side::Host => (Role::Host, 1),
        Side::Board => (Role::Capture, 2),
    };
    let firmware = Firmware {
        major,
        minor: 0,
        patch: 0,
        build: boot,
    };
    Config::new(role, boot, firmware)
}

impl<const Q: usize, const S: usize, const O: usize, const I: usize> End<Q, S, O, I> {
    fn new(side: Side, boot: u32) -> Self {
        Self {
            link: Box::new(Link::new(config(side, boot))),
            attentive: true,
            line: Line::default(),
        }
    }

    /// Puts up to so many frames on the line; returns whether there were any.
    fn send(&mut self, now: u64, most: usize) -> bool {
        let mut out = [0; MAX_WIRE_FRAME];
        for sent in 0..most {
            let len = self.link.poll_transmit(now, &mut out);
            if len == 0 {
                return sent > 0;
            }
            self.line.put(&out[..len]);
        }
        true
    }

    /// Takes up to so many pieces from the other end's line; returns whether there were any.
    fn receive(&mut self, now: u64, line: &mut Line, most: usize) -> Result<bool, Accident> {
        for taken in 0..most {
            let Some(bytes) = line.take()? else {
                return Ok(taken > 0);
            };
            self.link.handle_bytes(now, &bytes);
        }
        Ok(true)
    }

    /// What an owner who looks does.
    fn look(&mut self, book: &mut Book, other: &mut Book) {
        self.read(book, usize::MAX);
        while let Some(event) = self.link.poll_event() {
            book.event(event, other, self.link.boot_id());
            self.read(book, usize::MAX);
        }
        book.knows(self.link.is_up());
    }

    fn read(&mut self, book: &mut Book, most: usize) {
        let mut left = most;
        let mut buffer = [0; 512];
        while left > 0 {
            let room = left.min(buffer.len());
            let count = self.link.bulk_read(&mut buffer[..room]);
            book.read(&buffer[..count]);
            if count == 0 {
                return;
            }
            left -= count;
        }
    }

    fn write(&mut self, book: &mut Book, most: usize) {
        let room = self.link.bulk_room().min(most);
        let (seed, offset) = book.next_to_write();
        let taken = self.link.bulk_write(&pattern::bytes(seed, offset, room));
        book.wrote(taken);
    }

    /// Anything that an owner can do.
    fn command(&mut self, now: u64, program: &mut Program<'_>, book: &mut Book) {
        match program.below(12) {
            0..=2 => self.notify(now, program.below(8), book),
            3 | 4 => {
                let message = ask(book.next_number());
                if let Ok(id) = self.link.request(now, &message) {
                    book.asks(id);
                }
            }
            5 | 6 => {
                if let Some((id, press)) = book.takes_to_answer(program.byte()) {
                    let message = reply(press);
                    let _ = self.link.reply(now, id, &message);
                }
            }
            7 => {
                if let Some((id, _)) = book.takes_to_answer(program.byte()) {
                    let _ = self.link.refuse(now, id, Refusal::NotPossible);
                    book.refuses(id);
                }
            }
            8 => {
                let length = program.one_of(&[0, 1, 90, 300, 1500, 5000, 20_000]);
                let object = Object {
                    kind: ObjectKind::Image,
                    id: book.next_number(),
                    length,
                };
                if let Ok(transfer) = self.link.bulk_begin(now, object) {
                    book.sends(transfer, object);
                }
            }
            9 => {
                let most = program.word();
                self.write(book, most.into());
            }
            10 => {
                let most = program.word();
                self.read(book, most.into());
            }
            _ => match program.below(8) {
                0 => self.link.bulk_cancel(),
                1 => self.link.bulk_reject(),
                2 => {
                    // A request of before this end's restart, again.
                    if let Some((id, number)) = book.asked_before(program.byte())
                        && self.link.request_again(now, id, &ask(number)).is_ok()
                    {
                        book.asks_again(id, number);
                    }
                }
                _ => {}
            },
        }
    }

    fn notify(&mut self, now: u64, count: u8, book: &mut Book) {
        for _ in 0..=count {
            let Some(peer) = self.link.peer() else { return };
            let message = CaptureProgress {
                capture_id: book.next_number(),
                phase: CapturePhase::Lift,
                impression: 1,
                quality: protocol::message::FingerQuality::Unknown,
            };
            if self.link.notify(now, &message.into()).is_err() {
                return;
            }
            book.tells((self.link.boot_id(), peer.boot_id));
        }
    }
}

fn ask(number: u32) -> protocol::Message {
    TicketRequest {
        press: number.into(),
        service: 1,
        priority: false,
    }
    .into()
}

fn reply(press: u64) -> protocol::Message {
    let reason = TicketDenial::Full;
    TicketDenied { press, reason }.into()
}

impl<
    const HQ: usize,
    const HS: usize,
    const HO: usize,
    const HI: usize,
    const BQ: usize,
    const BS: usize,
    const BO: usize,
    const BI: usize,
> Pair<HQ, HS, HO, HI, BQ, BS, BO, BI>
{
    fn new() -> Self {
        let mut books = Books::default();
        Self {
            now: 1_000_000,
            host: End::new(Side::Host, books.boot(Side::Host)),
            board: End::new(Side::Board, books.boot(Side::Board)),
            books,
        }
    }

    fn run(mut self, program: &mut Program<'_>) -> Result<(), Accident> {
        let mut restarts = 0;
        while !program.is_over() {
            let side = program.byte();
            let to_board = side & 1 == 0;
            match side >> 1 & 15 {
                0 | 1 => self.calm(program.below(16).into())?,
                2 => {
                    let most = usize::from(program.below(8)) + 1;
                    self.send(to_board, most);
                }
                3 => {
                    let most = usize::from(program.below(8)) + 1;
                    self.deliver(to_board, most)?;
                }
                4..=6 => {
                    let line = if to_board {
                        &mut self.host.line
                    } else {
                        &mut self.board.line
                    };
                    line.suffer(program);
                }
                7 => self.now += 1 << program.below(23),
                8 => {
                    let line = if to_board {
                        &mut self.host.line
                    } else {
                        &mut self.board.line
                    };
                    line.cut = program.flag();
                }
                9 if to_board => self.board.link.handle_disconnect(self.now),
                9 => self.host.link.handle_disconnect(self.now),
                10 if restarts < 8 => {
                    restarts += 1;
                    self.restart(to_board);
                }
                11 if to_board => self.board.attentive = program.flag(),
                11 => self.host.attentive = program.flag(),
                _ if to_board => self.host.command(self.now, program, &mut self.books.host),
                _ => self.board.command(self.now, program, &mut self.books.board),
            }
            self.expire();
            self.look();
        }
        self.come_to_an_end()
    }

    fn send(&mut self, to_board: bool, most: usize) -> bool {
        if to_board {
            self.host.send(self.now, most)
        } else {
            self.board.send(self.now, most)
        }
    }

    fn deliver(&mut self, to_board: bool, most: usize) -> Result<bool, Accident> {
        if to_board {
            self.board.receive(self.now, &mut self.host.line, most)
        } else {
            self.host.receive(self.now, &mut self.board.line, most)
        }
    }

    fn expire(&mut self) {
        self.host.link.handle_timeout(self.now);
        self.board.link.handle_timeout(self.now);
    }

    fn look(&mut self) {
        let Books { host, board, .. } = &mut self.books;
        if self.host.attentive {
            self.host.look(host, board);
        }
        if self.board.attentive {
            self.board.look(board, host);
        }
    }

    /// Both ends talk for some rounds, each a moment long.
    fn calm(&mut self, rounds: usize) -> Result<(), Accident> {
        for _ in 0..rounds {
            self.round()?;
        }
        Ok(())
    }

    /// Both say what they have to say, and hear it; if nobody has, time passes until somebody does.
    fn round(&mut self) -> Result<(), Accident> {
        let mut said = self.send(true, 40) | self.send(false, 40);
        said |= self.deliver(true, usize::MAX)? | self.deliver(false, usize::MAX)?;
        self.look();
        if !said {
            let next = [self.host.link.poll_timeout(), self.board.link.poll_timeout()];
            let next = next.into_iter().flatten().min().unwrap_or(self.now);
            self.now = next.max(self.now + 1);
        }
        self.expire();
        Ok(())
    }

    fn restart(&mut self, board: bool) {
        if board {
            let boot = self.books.boot(Side::Board);
            *self.board.link = Link::new(config(Side::Board, boot));
            self.books.board.restarts();
        } else {
            let boot = self.books.boot(Side::Host);
            *self.host.link = Link::new(config(Side::Host, boot));
            self.books.host.restarts();
        }
    }

    /// The line is good, and everybody does what is to be done.
    fn come_to_an_end(&mut self) -> Result<(), Accident> {
        self.host.line.cut = false;
        self.board.line.cut = false;
        (self.host.attentive, self.board.attentive) = (true, true);
        let until = self.now + 60_000_000;
        loop {
            let Books { host, board, .. } = &mut self.books;
            self.host.write(host, usize::MAX);
            self.board.write(board, usize::MAX);
            while let Some((id, press)) = host.takes_to_answer(0) {
                let _ = self.host.link.reply(self.now, id, &reply(press));
            }
            while let Some((id, press)) = board.takes_to_answer(0) {
                let _ = self.board.link.reply(self.now, id, &reply(press));
            }
            self.round()?;
            let (host, board) = (&self.books.host, &self.books.board);
            let session = (self.host.link.boot_id(), self.board.link.boot_id());
            let met = self.host.link.peer().map(|peer| peer.boot_id) == Some(session.1)
                && self.board.link.peer().map(|peer| peer.boot_id) == Some(session.0);
            let done = met
                && host.is_done(board, session)
                && board.is_done(host, (session.1, session.0))
                && self.host.link.is_idle()
                && self.board.link.is_idle();
            if done {
                return Ok(());
            }
            assert!(self.now < until, "it does not come to an end: {host:?} {board:?}");
        }
    }
}

/// Whether an event is one of a session, which comes only while the owner knows it to be up.
const fn is_of_session(event: &Event) -> bool {
    matches!(
        event,
        Event::Notification(_) | Event::Request { .. } | Event::Reply { .. } | Event::BulkBegin { .. }
    )
}

/// Names a session for one direction: boot ids of who speaks and who hears.
type Session = (u32, u32);
