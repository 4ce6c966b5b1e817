//! The kiosk on a board: carries events to the model and its actions to the devices.

use core::pin::pin;

use embassy_futures::join::{join3, join5};
use embassy_futures::select::{Either3, select3};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::{Instant, Timer};
use embedded_io_async::{Read, Write};
use heapless::LinearMap;
use protocol::RequestId;
use protocol::link::{Event as LinkEvent, RequestFailure, Role};
use protocol::message::{Accepted, Message};

use super::model::{Action, Event, Key, Model};
use super::{screens, ticket};
use crate::board::{Board, Buttons, Panel, Parts};
use crate::drivers::button;
use crate::drivers::escpos::document::Roll;
use crate::drivers::escpos::{Document, Outcome, Printer, Trouble};
use crate::health::{Housekeeping, Task};
use crate::link_port::{self, LinkPort, now};

/// What the main loop hears from the others.
type Inputs = Channel<NoopRawMutex, Event, 8>;
/// What the printer is told. One at a time: the model waits for the outcome.
type Jobs = Channel<NoopRawMutex, Job, 2>;

#[allow(clippy::large_enum_variant)] // There is no heap to box the ticket on.
enum Job {
    Check,
    Print {
        document: Document<{ ticket::TICKET_BYTES }>,
        /// Tells it from other tickets: presses count up.
        mark: u32,
    },
}

/// Which of the kiosk's requests an answer belongs to.
#[derive(Clone, Copy)]
enum Asked {
    Ticket(u64),
    Report(u64),
}

/// Runs the kiosk for ever.
pub async fn run<B: Board>(board: B) -> ! {
    let Parts {
        host_reader,
        host_writer,
        device_reader,
        device_writer,
        panel,
        buttons,
        boot_id,
        ..
    } = board.parts();
    crate::log_info!("kiosk on {=str}, boot {=u32:#010x}", B::NAME, boot_id);
    let inputs = Inputs::new();
    let jobs = Jobs::new();
    let mut link = link_port::link(Role::Kiosk, boot_id);
    let port = LinkPort::new(&mut link, host_reader, host_writer);
    // Owned here and lent to the loops: what a future takes by value it may hold twice, and memory is short.
    let mut counter = Counter {
        port,
        house: Housekeeping::of::<B>(),
        model: Model::new(boot_id),
        panel,
        asked: LinearMap::new(),
        jobs: &jobs,
    };
    let mut printer = Printer::new(device_reader, device_writer);
    let pulse = B::pulse();
    // Each wait for the printer has a limit of its own, and a button may rest for ever: what the watchdog has to find is a
    // processor that is stuck in one of them, or a loop that is woken no more.
    join3(
        pulse.watch(Task::Main, pin!(counter.run(&inputs))),
        pulse.watch(
            Task::Buttons,
            pin!(pulse.while_waiting(Task::Buttons, pin!(watch(buttons, &inputs)))),
        ),
        pulse.watch(
            Task::Device,
            pin!(pulse.while_waiting(Task::Device, pin!(print(&mut printer, &jobs, &inputs)))),
        ),
    )
    .await
    .0
}

async fn watch<P>(buttons: Buttons<P>, inputs: &Inputs)
where
    P: embedded_hal::digital::InputPin + embedded_hal_async::digital::Wait,
{
    // A press that the main loop is too busy to hear is lost: a resident sees that nothing happens and presses again.
    let press = |key| move || drop(inputs.try_send(Event::Pressed(key)));
    join5(
        button::watch(buttons.up, press(Key::Up)),
        button::watch(buttons.down, press(Key::Down)),
        button::watch(buttons.left, press(Key::Left)),
        button::watch(buttons.right, press(Key::Right)),
        button::watch(buttons.select, press(Key::Select)),
    )
    .await;
}

async fn print<R: Read, W: Write>(printer: &mut Printer<R, W>, jobs: &Jobs, inputs: &Inputs) {
    loop {
        let event = match jobs.receive().await {
            Job::Check => Event::Printer(printer.look().await),
            Job::Print { document, mark } => Event::TicketOut(match document.finish() {
                Ok(bytes) => printer.print(bytes, mark).await,
                // Composed as too long; see `ticket::compose`. Nothing was sent.
                Err(_) => Outcome::NotSent(Err(Trouble::Silent)),
            }),
        };
        inputs.send(event).await;
    }
}

/// The main loop and what it owns.
struct Counter<'a, R, W, P> {
    port: LinkPort<'a, R, W>,
    house: Housekeeping<{ Role::Kiosk.code() }>,
    model: Model,
    panel: P,
    asked: LinearMap<RequestId, Asked, 16>,
    jobs: &'a Jobs,
}

impl<R: Read, W: Write, P: Panel> Counter<'_, R, W, P> {
    async fn run(&mut self, inputs: &Inputs) -> ! {
        let mut shown = None;
        loop {
            while let Some(event) = self.house.poll(&mut self.port) {
                if let Some(event) = self.interpret(event) {
                    self.handle(event);
                }
            }
            let face = (self.model.view(), self.model.language());
            if shown != Some(face) {
                shown = Some(face);
                screens::draw(&mut self.panel, face.0, face.1, self.model.services());
                self.panel.show().await;
            }
            let timeout = self
                .model
                .next_timeout()
                .map_or(Instant::MAX, Instant::from_micros);
            match select3(self.port.turn(), inputs.receive(), Timer::at(timeout)).await {
                Either3::First(()) => (),
                Either3::Second(event) => self.handle(event),
                Either3::Third(()) => self.handle(Event::Timeout),
            }
        }
    }

    /// What an event of the link means to the kiosk.
    fn interpret(&mut self, event: LinkEvent) -> Option<Event> {
        match event {
            LinkEvent::Up { resumed, .. } => {
                crate::log_info!("link up, resumed {=bool}", resumed);
                Some(Event::LinkUp)
            }
            LinkEvent::Down { reason } => {
                crate::log_warn!("link down: {}", reason);
                Some(Event::LinkDown)
            }
            LinkEvent::Request { id, message } => {
                crate::log_info!("host asks {=str}", message.name());
                Some(Event::Asked { id, message })
            }
            LinkEvent::Reply { id, message } => self.answered(id, Ok(message)),
            LinkEvent::RequestFailed { id, reason } => self.answered(id, Err(reason)),
            // A kiosk takes no objects, and nothing that is told to it matters to this version.
            _ => None,
        }
    }

    fn answered(&mut self, id: RequestId, answer: Result<Message, RequestFailure>) -> Option<Event> {
        Some(match self.asked.remove(&id)? {
            Asked::Ticket(press) => Event::TicketAnswer { press, answer },
            Asked::Report(press) => Event::ReportAnswer { press, answer },
        })
    }

    fn handle(&mut self, event: Event) {
        match &event {
            Event::Pressed(key) => crate::log_info!("pressed {}", key),
            Event::TicketOut(outcome) => {
                crate::log_info!("ticket printed: {=bool}", *outcome == Outcome::Printed);
            }
            _ => (),
        }
        for action in self.model.handle(now(), event) {
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Accept(id) => self.port.reply(id, &Accepted {}.into()),
            // It fails only if the host has restarted since and waits no more.
            Action::Refuse(id, reason) => drop(self.port.link.refuse(now(), id, reason)),
            Action::RequestTicket(request) => {
                let press = request.press;
                self.ask(&request.into(), Asked::Ticket(press));
            }
            Action::Report(report) => {
                let press = report.press;
                self.ask(&report.into(), Asked::Report(press));
            }
            Action::TellPrinter(status) => {
                crate::log_info!("printer online {=bool}, paper {}", status.online, status.paper);
                // If the link went down meanwhile, the status is told again when it is up.
                let _ = self.port.link.notify(now(), &status.into());
            }
            Action::CheckPrinter => self.give(Job::Check),
            Action::Print(granted) => {
                crate::log_info!("number {=u16} granted", granted.number);
                let service = self.model.service_by_prefix(granted.prefix);
                let mut document = Document::new();
                let face = ticket::Face {
                    office: self.model.office(),
                    service,
                    bring: &[],
                    prefix: granted.prefix,
                    number: granted.number,
                    priority: false,
                    issued: Some((granted.issued_unix, granted.utc_offset_minutes)),
                    ahead: Some((granted.people_before, granted.wait_minutes)),
                    ticket_id: granted.ticket_id,
                    copy: None,
                    paper: Roll::Mm58,
                    alone: false,
                };
                ticket::compose(&face, &mut document);
                let mark = granted.press as u32;
                self.give(Job::Print { document, mark });
            }
        }
    }

    fn ask(&mut self, message: &Message, asked: Asked) {
        match self.port.link.request(now(), message) {
            // The link lets fewer requests wait than the map holds.
            Ok(id) => drop(self.asked.insert(id, asked)),
            Err(error) => {
                crate::log_warn!("request not sent: {}", error);
                match asked {
                    Asked::Ticket(press) | Asked::Report(press) => self.model.not_sent(press),
                }
            }
        }
    }

    fn give(&self, job: Job) {
        // There is room: the model has at most one check and one ticket under way.
        let given = self.jobs.try_send(job);
        debug_assert!(given.is_ok());
    }
}
