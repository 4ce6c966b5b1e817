//! The kiosk on a board: carries events to the model and its actions to the devices.
//!
//! Four loops share a thread. The main loop owns the link and the screen; the others work the buttons, the printer and the storage,
//! and each is told one thing at a time. What is large is lent: the model, from which the printer's loop composes the ticket, and the
//! `Shelf`, on which records lie while they are written and read.

use core::cell::RefCell;
use core::pin::pin;

use embassy_futures::join::{join_array, join4};
use embassy_futures::select::{Either3, select3};
use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::mutex::Mutex;
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read, Write};
use protocol::RequestId;
use protocol::link::{Event as LinkEvent, RequestFailure, Role};
use protocol::message::{Accepted, Message};

use super::model::{Action, Event, Key, Language, Model, Stored, View};
use super::record;
use super::{screens, ticket};
use crate::board::{Board, Buttons, Panel, Parts};
use crate::drivers::button;
use crate::drivers::escpos::{Counters, Document, Outcome, Printer, Trouble};
use crate::health::{Housekeeping, StorageHealth, Task};
use crate::journal::{MAX_RECORD, Store, StoreError};
use crate::link_port::{self, LinkPort, now};
use crate::place::build_in;

/// What the main loop hears from the others.
type Inputs = Channel<NoopRawMutex, Input, 4>;
/// What the printer is told. The model waits for the end of one job before the next, but for a look that is under way.
type Jobs = Channel<NoopRawMutex, Job, 2>;
/// What the storage is told. One at a time.
type Orders = Channel<NoopRawMutex, Order, 1>;
/// Where a record lies on its way to and from the storage.
type Shelf = Mutex<NoopRawMutex, [u8; MAX_RECORD]>;

/// How long the screen stays as it is after a press, if the number does not come before: to draw takes tens of milliseconds, for which
/// the resident would wait, and nobody reads a screen that is there for less than this.
const HURRY: Duration = Duration::from_millis(100);

/// What the main loop hears from the others.
enum Input {
    Happened(Event<'static>),
    /// The newest record lies on the shelf, and is so long.
    Opened(Result<(Option<usize>, Stored), StoreError>),
}

enum Job {
    Check { counters: bool },
    Print { mark: u32 },
    Resolve { mark: u32, before: Option<Counters> },
}

enum Order {
    Open,
    /// What lies on the shelf, so long.
    Push(usize),
    Peek,
    Pop,
}

/// Runs the kiosk for ever.
pub async fn run<B: Board>(board: B) -> ! {
    // Each is built in its place, owned here and lent to the loops: what a future makes or takes by value it may hold twice, and
    // memory is short.
    let (mut parts, mut link, mut model, mut counter) = (None, None, None, None);
    let Parts {
        host_reader,
        host_writer,
        device_reader,
        device_writer,
        store,
        panel,
        buttons,
        boot_id,
        ..
    } = build_in(&mut parts, || board.parts());
    let boot_id = *boot_id;
    crate::log_info!("kiosk on {=str}, boot {=u32:#010x}", B::NAME, boot_id);
    let inputs = Inputs::new();
    let jobs = Jobs::new();
    let orders = Orders::new();
    let shelf = Shelf::new([0; MAX_RECORD]);
    let model = &*build_in(&mut model, || RefCell::new(Model::new(boot_id)));
    let link = build_in(&mut link, || link_port::link(Role::Kiosk, boot_id));
    let counter = build_in(&mut counter, || Counter {
        port: LinkPort::new(link, host_reader, host_writer),
        house: Housekeeping::of::<B>(),
        model,
        panel,
        asked: None,
        told: None,
        jobs: &jobs,
        orders: &orders,
        shelf: &shelf,
    });
    let mut printer = Printer::new(device_reader, device_writer);
    let pulse = B::pulse();
    let printing = print(&mut printer, model, &jobs, &inputs);
    let keeping = keep(store, &shelf, &orders, &inputs);
    // Each wait for the printer and the storage has a limit of its own, and a button may rest for ever: what the watchdog has to find
    // is a processor that is stuck in one of them, or a loop that is woken no more.
    join4(
        pulse.watch(Task::Main, pin!(counter.run(&inputs))),
        pulse.watch(
            Task::Buttons,
            pin!(pulse.while_waiting(Task::Buttons, pin!(watch(buttons, &inputs)))),
        ),
        pulse.watch(
            Task::Device,
            pin!(pulse.while_waiting(Task::Device, pin!(printing))),
        ),
        pulse.watch(
            Task::Storage,
            pin!(pulse.while_waiting(Task::Storage, pin!(keeping))),
        ),
    )
    .await
    .0
}

async fn watch<P>(buttons: &mut Buttons<P>, inputs: &Inputs)
where
    P: embedded_hal::digital::InputPin + embedded_hal_async::digital::Wait,
{
    // A press that the main loop is too busy to hear is lost: a resident sees that nothing happens and presses again.
    let press = |key| move || drop(inputs.try_send(Input::Happened(Event::Pressed(key))));
    // As an array they share their code.
    join_array([
        button::watch(&mut buttons.up, press(Key::Up)),
        button::watch(&mut buttons.down, press(Key::Down)),
        button::watch(&mut buttons.left, press(Key::Left)),
        button::watch(&mut buttons.right, press(Key::Right)),
        button::watch(&mut buttons.select, press(Key::Select)),
    ])
    .await;
}

async fn print<R: Read, W: Write>(
    printer: &mut Printer<R, W>,
    model: &RefCell<Model>,
    jobs: &Jobs,
    inputs: &Inputs,
) {
    // The only one there is.
    let mut document = None;
    let document = build_in(&mut document, Document::new);
    loop {
        let job = jobs.receive().await;
        let event = work(printer, document, model, job).await;
        inputs.send(Input::Happened(event)).await;
    }
}

async fn work<R: Read, W: Write>(
    printer: &mut Printer<R, W>,
    document: &mut Document<{ ticket::TICKET_BYTES }>,
    model: &RefCell<Model>,
    job: Job,
) -> Event<'static> {
    match job {
        Job::Check { counters } => Event::Printer {
            status: printer.look().await,
            counters: if counters { printer.counters().await } else { None },
        },
        Job::Print { mark } => {
            let composed = model.borrow().face().map(|face| ticket::compose(&face, document));
            Event::TicketOut(match (composed, document.finish()) {
                (Some(()), Ok(bytes)) => printer.print(bytes, mark).await,
                // There is nothing to print, or too much; see `ticket::compose`. Nothing was sent.
                _ => Outcome::NotSent(Err(Trouble::Silent)),
            })
        }
        Job::Resolve { mark, before } => Event::Resolved(printer.resolve(mark, before).await),
    }
}

/// Works the storage.
async fn keep<S: Store>(store: &mut S, shelf: &Shelf, orders: &Orders, inputs: &Inputs) {
    loop {
        let order = orders.receive().await;
        let input = carry_out(store, shelf, order).await;
        inputs.send(input).await;
    }
}

async fn carry_out<S: Store>(store: &mut S, shelf: &Shelf, order: Order) -> Input {
    let mut record = shelf.lock().await;
    let stored = |store: &S| Stored {
        waiting: store.waiting(),
        room: store.room(),
    };
    Input::Happened(match order {
        Order::Open => {
            let opened = store.open(&mut record).await;
            return Input::Opened(opened.map(|opened| (opened.newest, stored(store))));
        }
        Order::Push(length) => {
            let pushed = store.push(record.get(..length).unwrap_or_default()).await;
            Event::Recorded(pushed.map(|()| stored(store)))
        }
        Order::Peek => {
            let peeked = store.peek(&mut record).await;
            // A record that cannot be read tells nothing; it was the work of another firmware.
            let news = |length| record.get(..length).and_then(|record| record::news(record).ok());
            Event::Peeked(peeked.map(|length| length.map(|length| news(length).unwrap_or_default())))
        }
        Order::Pop => {
            let popped = store.pop().await;
            Event::Popped(popped.map(|()| stored(store)))
        }
    })
}

/// The main loop and what it owns.
struct Counter<'a, R, W, P> {
    port: LinkPort<'a, R, W>,
    house: Housekeeping<{ Role::Kiosk.code() }>,
    model: &'a RefCell<Model>,
    panel: &'a mut P,
    /// The request for a number whose answer is awaited, and its press.
    asked: Option<(RequestId, u64)>,
    /// What the host was told and has not accepted yet.
    told: Option<RequestId>,
    jobs: &'a Jobs,
    orders: &'a Orders,
    shelf: &'a Shelf,
}

impl<R: Read, W: Write, P: Panel> Counter<'_, R, W, P> {
    async fn run(&mut self, inputs: &Inputs) -> ! {
        let mut shown = None;
        // While a resident is hurried through.
        let mut draw_at: Option<Instant> = None;
        // Nothing has happened yet, but there is something to do.
        self.handle(Event::Timeout);
        loop {
            while let Some(event) = self.house.poll(&mut self.port) {
                self.interpret(event);
            }
            // Whoever has just been given something to do begins before the screen is drawn.
            yield_now().await;
            let (is_hurried, next) = {
                let model = self.model.borrow();
                (model.is_hurried(), model.next_timeout())
            };
            draw_at = is_hurried.then(|| draw_at.unwrap_or_else(|| Instant::now() + HURRY));
            let waits = draw_at.filter(|at| Instant::now() < *at);
            if waits.is_none() && self.draw(&mut shown) {
                self.panel.show().await;
            }
            let timeout = next.map_or(Instant::MAX, Instant::from_micros);
            let timeout = waits.map_or(timeout, |at| timeout.min(at));
            match select3(self.port.turn(), inputs.receive(), Timer::at(timeout)).await {
                Either3::First(()) => (),
                Either3::Second(Input::Happened(event)) => self.handle(event),
                Either3::Second(Input::Opened(opened)) => self.opened(opened),
                Either3::Third(()) => self.handle(Event::Timeout),
            }
        }
    }

    /// Draws what is to be shown, if it is not `shown` already.
    // Not inlined: what it needs of the stack should be free again afterwards, and the loop that calls it is a state machine, into
    // which the compiler would copy it.
    #[inline(never)]
    fn draw(&mut self, shown: &mut Option<(View, Language)>) -> bool {
        let model = self.model.borrow();
        let face = (model.view(), model.language());
        if *shown == Some(face) {
            return false;
        }
        *shown = Some(face);
        screens::draw(self.panel, face.0, face.1, model.services());
        true
    }

    /// What an event of the link means to the kiosk.
    #[inline(never)] // As `draw`.
    fn interpret(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up { resumed, .. } => {
                crate::log_info!("link up, resumed {=bool}", resumed);
                self.handle(Event::LinkUp);
            }
            LinkEvent::Down { reason } => {
                crate::log_warn!("link down: {}", reason);
                self.handle(Event::LinkDown);
            }
            LinkEvent::Request { id, message } => {
                crate::log_info!("host asks {=u16:#06x}", message.code());
                self.handle(Event::Asked {
                    id,
                    message: &message,
                });
            }
            LinkEvent::Reply { id, message } => self.answered(id, Ok(&message)),
            LinkEvent::RequestFailed { id, reason } => self.answered(id, Err(reason)),
            // A kiosk takes no objects, and nothing that is told to it matters to this version.
            _ => (),
        }
    }

    fn answered(&mut self, id: RequestId, answer: Result<&Message, RequestFailure>) {
        if self.told == Some(id) {
            self.told = None;
            self.handle(Event::TellAnswer(answer));
        } else if let Some((_, press)) = self.asked.filter(|(asked, _)| *asked == id) {
            self.asked = None;
            if let Ok(answer) = answer {
                crate::log_info!("host answers {=u16:#06x}", answer.code());
            }
            self.handle(Event::TicketAnswer { press, answer });
        }
    }

    #[inline(never)] // As `draw`.
    fn opened(&mut self, opened: Result<(Option<usize>, Stored), StoreError>) {
        let shelf = self.shelf;
        // The storage does one thing at a time, so that nobody else is at the shelf.
        let Ok(record) = shelf.try_lock() else { return };
        let opened = opened.map(|(length, stored)| {
            let newest = length.map(|length| record.get(..length).unwrap_or_default());
            (newest, stored)
        });
        let actions = self.model.borrow_mut().handle(now(), Event::Opened(opened));
        drop(record);
        actions.into_iter().for_each(|action| self.perform(action));
    }

    #[inline(never)] // As `draw`.
    fn handle(&mut self, event: Event<'_>) {
        match &event {
            Event::Pressed(key) => crate::log_info!("pressed {}", key),
            Event::TicketOut(outcome) => {
                crate::log_info!("ticket printed: {=bool}", *outcome == Outcome::Printed);
            }
            Event::Recorded(Err(error)) | Event::Peeked(Err(error)) | Event::Popped(Err(error)) => {
                crate::log_warn!("storage: {}", error);
            }
            _ => (),
        }
        let actions = self.model.borrow_mut().handle(now(), event);
        actions.into_iter().for_each(|action| self.perform(action));
    }

    #[inline(never)] // As `draw`.
    fn perform(&mut self, action: Action) {
        match action {
            Action::Accept(id) => self.port.reply(id, &Accepted {}.into()),
            // It fails only if the host has restarted since and waits no more.
            Action::Refuse(id, reason) => drop(self.port.link.refuse(now(), id, reason)),
            Action::AnswerReprint(id, answer) => self.port.reply(id, &answer.into()),
            Action::RequestTicket(request) => {
                let press = request.press;
                if let Some((id, _)) = self.asked.take() {
                    // Its press has come to an end.
                    self.port.link.forget(id);
                }
                match self.ask(&request.into()) {
                    Some(id) => {
                        crate::log_info!("host is asked for a number");
                        self.asked = Some((id, press));
                    }
                    None => self.model.borrow_mut().not_asked(now()),
                }
            }
            Action::TellPrinted(printed) => self.tell(&printed.into()),
            Action::TellTaken(taken) => self.tell(&taken.into()),
            Action::TellPrinter(status) => {
                self.house.device_heard |= status.online;
                crate::log_info!(
                    "printer online {=bool}, paper {=u8}",
                    status.online,
                    status.paper.code()
                );
                // If the link went down meanwhile, the status is told again when it is up.
                let _ = self.port.link.notify(now(), &status.into());
            }
            Action::CheckPrinter { counters } => self.give(Job::Check { counters }),
            Action::Print { mark } => {
                crate::log_info!("ticket {=u32} goes to the printer", mark);
                self.give(Job::Print { mark });
            }
            Action::Resolve { mark, counters } => self.give(Job::Resolve {
                mark,
                before: counters,
            }),
            Action::Open => self.order(Order::Open),
            Action::Record => self.record(),
            Action::Peek => self.order(Order::Peek),
            Action::Pop => self.order(Order::Pop),
        }
        let storage = self.model.borrow().storage();
        self.house.storage = StorageHealth {
            state: storage.state,
            writes: storage.writes,
            errors: storage.errors,
            waiting: storage.waiting,
        };
    }

    /// Puts what is to be written down on the shelf.
    fn record(&mut self) {
        // The storage does one thing at a time, so that nothing lies on the shelf.
        let Ok(mut shelf) = self.shelf.try_lock() else {
            return;
        };
        let model = self.model.borrow();
        let (snapshot, happened) = model.record();
        // It fits: see `record`.
        if let Ok(length) = record::encode(snapshot, &happened, &mut shelf) {
            self.order(Order::Push(length));
        }
    }

    fn tell(&mut self, message: &Message) {
        self.told = self.ask(message);
        if self.told.is_none() {
            self.model.borrow_mut().not_told(now());
        }
    }

    fn ask(&mut self, message: &Message) -> Option<RequestId> {
        let asked = self.port.link.request(now(), message).ok();
        if asked.is_none() {
            // Without the error: the names of errors and messages would take the link's last bytes of flash.
            crate::log_warn!("a request was not sent");
        }
        asked
    }

    fn order(&self, order: Order) {
        // There is room: the model waits for the end of one order before the next.
        let given = self.orders.try_send(order);
        debug_assert!(given.is_ok());
    }

    fn give(&self, job: Job) {
        // There is room: the model has at most one look and one other job under way.
        let given = self.jobs.try_send(job);
        debug_assert!(given.is_ok());
    }
}
