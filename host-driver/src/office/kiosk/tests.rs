//! A link plays the kiosk at the other end of a line.

use super::Kiosk;
use crate::board::{Board, Connect, Connection};
use crate::office::clock::{Clock as _, Moment, SystemClock};
use crate::office::console::{Style, Teller};
use crate::office::queue::Queue;
use crate::store::{Paper, ReprintEnd, Store, TicketState};
use protocol::message::{
    Accepted, Firmware, Health, LendNumbers, PrintCause, PrintOutcome, Reprinted, ResetCause, StorageState,
    TicketPrinted, TicketTaken,
};
use protocol::{BoardLink, Config, Event, Message, Role};
use std::io::{Read as _, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// One end of a pair of sockets, to be connected to once.
struct Line(Option<UnixStream>);

impl Connect for Line {
    fn connect(&mut self) -> std::io::Result<Connection> {
        let stream = self.0.take().ok_or(std::io::ErrorKind::NotFound)?;
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        Ok(Connection {
            reader: Box::new(stream.try_clone()?),
            writer: Box::new(stream),
        })
    }

    fn name(&self) -> String {
        "line".into()
    }
}

/// What the operator hears.
#[derive(Clone, Default)]
struct Console(Arc<Mutex<Vec<u8>>>);

impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A counter whose kiosk is played here.
struct Hall {
    store: Store,
    queue: Queue,
    _kiosk: Kiosk,
    console: Console,
    asked: Receiver<Message>,
    says: Sender<Message>,
    answers: Receiver<Option<Message>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Hall {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loket.sqlite");
        let config = format!(
            "[office]\nname = \"D\"\nprovince = \"P\"\nregency = \"R\"\noffice_place = \"O\"\ncounter = 1\n\
             [store]\npath = '{}'\n[kiosk]\npaper_mm = 80\n\
             [[services]]\nid = 1\nprefix = 'A'\nname_id = 'x'\nname_en = 'y'\nbring = ['Kartu Keluarga']\n",
            path.display()
        );
        let store = Store::open(&path).unwrap();
        let queue = Queue::new(&toml::from_str(&config).unwrap(), 7);
        let (host, board) = UnixStream::pair().unwrap();
        let (asking, asked) = channel();
        let (says, saying) = channel();
        let (answering, answers) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || play(board, &stop, &asking, &saying, &answering))
        };
        let console = Console::default();
        let (board, events) = Board::start(Line(Some(host)), Role::Kiosk, 1).unwrap();
        let kiosk = Kiosk::serve(
            board,
            events,
            queue.clone(),
            Store::open(&path).unwrap(),
            Teller::new(Style::Json, console.clone()),
            420,
        )
        .unwrap();
        Self {
            store,
            queue,
            _kiosk: kiosk,
            console,
            asked,
            says,
            answers,
            stop,
            thread: Some(thread),
            _folder: folder,
        }
    }

    /// What the kiosk is asked next.
    fn asked(&self) -> Message {
        self.asked
            .recv_timeout(PATIENCE)
            .expect("the host says something")
    }

    /// The loan that a new kiosk gets, and that the store knows to be there.
    fn lent(&self) -> LendNumbers {
        let lent = loop {
            if let Message::LendNumbers(lent) = self.asked() {
                break lent;
            }
        };
        self.until(|hall| hall.store.newest_loan().unwrap().filter(|loan| loan.is_accepted));
        lent
    }

    /// The kiosk says something; whether it was accepted.
    fn is_accepted(&self, message: impl Into<Message>) -> bool {
        self.says.send(message.into()).unwrap();
        self.answers.recv_timeout(PATIENCE).unwrap() == Some(Accepted {}.into())
    }

    fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < deadline, "it did not happen in time");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn hears(&self, words: &str) {
        self.until(|hall| {
            let said = String::from_utf8(hall.console.0.lock().unwrap().clone()).unwrap();
            said.contains(words).then_some(())
        });
    }
}

/// The kiosk: takes everything, prints every copy, says what it is told to.
fn play(
    mut line: UnixStream,
    stop: &AtomicBool,
    asked: &Sender<Message>,
    saying: &Receiver<Message>,
    answers: &Sender<Option<Message>>,
) {
    line.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let epoch = Instant::now();
    let mut link = Box::new(BoardLink::new(Config::new(Role::Kiosk, 9, Firmware::default())));
    let mut chunk = [0; BoardLink::MAX_WIRE_FRAME];
    while !stop.load(Ordering::Relaxed) {
        let now = epoch.elapsed().as_micros() as u64;
        if let Ok(count) = line.read(&mut chunk) {
            link.handle_bytes(now, &chunk[..count]);
        }
        link.handle_timeout(now);
        while let Some(event) = link.poll_event() {
            // The test may be over, and listens no more.
            match event {
                Event::Request { id, message } => {
                    let answer = match &message {
                        Message::Reprint(reprint) => Reprinted {
                            ticket_id: reprint.ticket_id,
                            outcome: PrintOutcome::Printed,
                            cause: PrintCause::None,
                        }
                        .into(),
                        Message::HealthRequest(_) => without_card().into(),
                        _ => Accepted {}.into(),
                    };
                    link.reply(now, id, &answer).unwrap();
                    drop(asked.send(message));
                }
                Event::Reply { message, .. } => drop(answers.send(Some(message))),
                Event::RequestFailed { .. } => drop(answers.send(None)),
                _ => {}
            }
        }
        if link.is_up() {
            for message in saying.try_iter() {
                link.request(now, &message).unwrap();
            }
        }
        loop {
            let len = link.poll_transmit(now, &mut chunk);
            if len == 0 || line.write_all(&chunk[..len]).is_err() {
                break;
            }
        }
    }
}

/// A kiosk that is well but for its card.
fn without_card() -> Health {
    Health {
        uptime_ms: 1,
        cause: ResetCause::PowerOn,
        starts: 1,
        self_test: 0,
        on_trial: false,
        host_overruns: 0,
        host_damaged: 0,
        device_overruns: 0,
        device_damaged: 0,
        stack_free: 1,
        longest_block_us: 1,
        busy_permille: 1,
        storage: StorageState::Missing,
        storage_writes: 0,
        storage_errors: 0,
        storage_waiting: 0,
        log_lost: 0,
    }
}

fn taken(lent: &LendNumbers, press: u64, nth: u16) -> TicketTaken {
    let range = &lent.ranges[0];
    TicketTaken {
        press,
        loan: lent.loan,
        ticket_id: range.first_ticket_id + u64::from(nth),
        service: range.service,
        prefix: range.prefix,
        number: range.first + nth,
        priority: false,
        taken_unix: SystemClock.now().unix_seconds(),
    }
}

#[test]
fn a_kiosk_that_comes_up_is_told_the_time_the_offer_what_to_bring_and_is_lent_numbers() {
    let hall = Hall::open();
    assert!(matches!(hall.asked(), Message::SetClock(_)));
    let Message::Configure(configure) = hall.asked() else {
        panic!("no offer")
    };
    assert_eq!((configure.paper_mm, configure.priority), (80, true));
    let Message::ServiceDetails(details) = hall.asked() else {
        panic!("nothing to bring")
    };
    assert_eq!(details.bring[0], "Kartu Keluarga");
    let lent = hall.lent();
    assert_eq!((lent.ranges[0].first, lent.ranges[0].count), (900, 20));
}

#[test]
fn what_the_kiosk_gave_alone_is_called_like_any_other() {
    let hall = Hall::open();
    let lent = hall.lent();
    let told = taken(&lent, 5, 0);
    assert!(hall.is_accepted(told.clone()));
    assert!(hall.is_accepted(told.clone()), "told again");
    assert!(hall.is_accepted(TicketPrinted {
        press: 5,
        ticket_id: told.ticket_id,
        outcome: PrintOutcome::Unknown,
        cause: PrintCause::Restarted,
    }));
    hall.hears("\"printed\":\"unknown\",\"cause\":\"restarted\"");
    let next = hall.queue.next(&hall.store, SystemClock.now()).unwrap().unwrap();
    assert_eq!(
        (next.label().as_str(), next.state),
        ("A900", TicketState::PrintUnknown)
    );
}

#[test]
fn the_operator_hears_that_the_kiosk_has_no_card() {
    Hall::open().hears("\"event\":\"kiosk_storage\",\"state\":\"missing\"");
}

#[test]
fn half_used_up_a_loan_is_followed_by_another_by_itself() {
    let hall = Hall::open();
    let lent = hall.lent();
    for nth in 0..10 {
        assert!(hall.is_accepted(taken(&lent, 100 + u64::from(nth), nth)));
    }
    let next = hall.lent();
    assert!(next.loan > lent.loan);
    assert_eq!(next.ranges[0].first, 920);
}

#[test]
fn what_cannot_be_is_accepted_kept_and_told_to_the_operator() {
    let hall = Hall::open();
    let lent = hall.lent();
    let mut wrong = taken(&lent, 5, 0);
    wrong.number += 1;
    assert!(hall.is_accepted(wrong));
    hall.hears("\"event\":\"problem\"");
    hall.hears("that ticket has another number");
    assert!(hall.queue.next(&hall.store, SystemClock.now()).unwrap().is_none());
    assert_eq!(hall.store.strays(Moment::default()).unwrap().len(), 1);
}

#[test]
fn a_copy_that_another_program_asks_for_is_printed() {
    let mut hall = Hall::open();
    let lent = hall.lent();
    let told = taken(&lent, 5, 3);
    assert!(hall.is_accepted(told.clone()));
    let row = hall.queue.row_of(told.ticket_id).unwrap();
    let (request, _) = hall.store.ask_reprint(row, SystemClock.now()).unwrap();
    let reprint = loop {
        if let Message::Reprint(reprint) = hall.asked() {
            break reprint;
        }
    };
    assert_eq!((reprint.ticket_id, reprint.copy), (told.ticket_id, 1));
    let end = hall.until(|hall| match hall.store.reprint(request).unwrap() {
        ReprintEnd::Waiting | ReprintEnd::UnderWay => None,
        end => Some(end),
    });
    assert_eq!(end, ReprintEnd::Paper(Paper::Printed, None));
    assert_eq!(
        hall.store.ticket(row).unwrap().unwrap().state,
        TicketState::Printed
    );
}
