//! The capture board on a board: carries events to the model, its actions to the devices, and the image to the link.

use core::future::pending;
use core::pin::pin;

use embassy_futures::join::join;
use embassy_futures::select::{Either3, select3};
use embassy_time::{Instant, Timer};
use embedded_io_async::{Read, Write};
use heapless::Vec;
use protocol::link::{Event as LinkEvent, Object, Role};
use protocol::message::{Accepted, Message, ObjectKind};

use super::model::{Action, Event, Model, SensorEvent};
use super::screens;
use super::sensor_task::{self, Command, Commands, Output, Outputs, Run};
use crate::board::{Board, Panel, Parts};
use crate::drivers::zfm::Sensor;
use crate::drivers::zfm::packet::MAX_PAYLOAD;
use crate::health::{Housekeeping, Task};
use crate::link_port::{self, LinkPort, now};
use crate::place::build_in;

/// Runs the capture board for ever.
pub async fn run<B: Board>(board: B) -> ! {
    // Each is built in its place, owned here and lent to the loops: what a future makes or takes by value it may hold twice, and
    // memory is short.
    let (mut parts, mut link, mut station) = (None, None, None);
    let Parts {
        host_reader,
        host_writer,
        device_reader,
        device_writer,
        device_speed,
        panel,
        boot_id,
        ..
    } = build_in(&mut parts, || board.parts());
    let boot_id = *boot_id;
    crate::log_info!("capture on {=str}, boot {=u32:#010x}", B::NAME, boot_id);
    let commands = Commands::new();
    let outputs = Outputs::new();
    let link = build_in(&mut link, || link_port::link(Role::Capture, boot_id));
    let station = build_in(&mut station, || Station {
        port: LinkPort::new(link, host_reader, host_writer),
        house: Housekeeping::of::<B>(),
        model: Model::new(),
        panel,
        commands: &commands,
        waiting: Vec::new(),
        sending: false,
        run: 0,
    });
    let mut sensor = Sensor::new(device_reader, device_writer);
    let pulse = B::pulse();
    join(
        pulse.watch(Task::Main, pin!(station.run(&outputs))),
        pulse.watch(
            Task::Device,
            // Each of its waits has a limit of its own; what the watchdog has to find is a processor that is stuck there.
            pin!(pulse.while_waiting(
                Task::Device,
                pin!(sensor_task::run(&mut sensor, device_speed, &commands, &outputs)),
            )),
        ),
    )
    .await
    .0
}

/// The main loop and what it owns.
struct Station<'a, R, W, P> {
    port: LinkPort<'a, R, W>,
    house: Housekeeping<{ Role::Capture.code() }>,
    model: Model,
    panel: &'a mut P,
    commands: &'a Commands,
    /// Bytes of the image that the link has no room for yet. While there are some, the sensor's task is not heard.
    waiting: Vec<u8, MAX_PAYLOAD>,
    /// The image's transfer has begun and not ended.
    sending: bool,
    /// The capture under way. What the task says of another is not heard.
    run: Run,
}

impl<R: Read, W: Write, P: Panel> Station<'_, R, W, P> {
    async fn run(&mut self, outputs: &Outputs) -> ! {
        let mut shown = None;
        loop {
            while let Some(event) = self.house.poll(&mut self.port) {
                if let Some(event) = self.interpret(event) {
                    self.handle(event);
                }
            }
            self.pass_on();
            let view = self.model.view();
            if shown != Some(view) {
                shown = Some(view);
                screens::draw(self.panel, view);
                self.panel.show().await;
            }
            let timeout = self
                .model
                .next_timeout()
                .map_or(Instant::MAX, Instant::from_micros);
            let held_back = !self.waiting.is_empty();
            let hear = async {
                if held_back {
                    pending().await
                } else {
                    outputs.receive().await
                }
            };
            match select3(self.port.turn(), hear, Timer::at(timeout)).await {
                Either3::Second(Output::Part(run, bytes)) if run == self.run => self.waiting = bytes,
                Either3::Second(Output::Event(run, event)) if run == self.run => {
                    self.handle(Event::Sensor(event));
                }
                Either3::Second(Output::Presence(event)) => self.handle(Event::Sensor(event)),
                Either3::First(()) | Either3::Second(Output::Part(..) | Output::Event(..)) => (),
                Either3::Third(()) => self.handle(Event::Timeout),
            }
        }
    }

    /// Gives the link as much of the image as it has room for.
    fn pass_on(&mut self) {
        if !self.sending {
            // What is left of an image that was given up.
            self.waiting.clear();
        }
        if !self.waiting.is_empty() {
            let taken = self.port.link.bulk_write(&self.waiting);
            self.waiting.rotate_left(taken);
            self.waiting.truncate(self.waiting.len() - taken);
        }
    }

    /// What an event of the link means to the capture board.
    fn interpret(&mut self, event: LinkEvent) -> Option<Event> {
        match event {
            LinkEvent::Up { resumed, .. } => {
                crate::log_info!("link up, resumed {=bool}", resumed);
                Some(Event::LinkUp { resumed })
            }
            LinkEvent::Down { reason } => {
                crate::log_warn!("link down: {}", reason);
                Some(Event::LinkDown)
            }
            LinkEvent::Request { id, message } => {
                crate::log_info!("host asks {=u16:#06x}", message.code());
                Some(Event::Asked { id, message })
            }
            LinkEvent::Notification(message) => Some(Event::Told(message)),
            LinkEvent::BulkSent { outcome, .. } => {
                self.sending = false;
                crate::log_info!("image: {}", outcome);
                Some(Event::BulkSent(outcome))
            }
            // The board asks for nothing and takes no objects.
            _ => None,
        }
    }

    fn handle(&mut self, event: Event) {
        if let Event::Sensor(event) = &event {
            self.house.device_heard |= matches!(event, SensorEvent::Ready(_));
            crate::log_info!("sensor: {}", event);
        }
        for action in self.model.handle(now(), event) {
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Accept(id) => self.port.reply(id, &Accepted {}.into()),
            Action::RefuseCapture(id, refused) => self.port.reply(id, &refused.into()),
            // It fails only if the host has restarted since and waits no more.
            Action::Refuse(id, reason) => drop(self.port.link.refuse(now(), id, reason)),
            Action::Progress(progress) => self.tell(&progress.into()),
            Action::Captured(captured) => self.tell(&captured.into()),
            Action::Failed(failed) => self.tell(&failed.into()),
            Action::StartSensor { lift_first } => {
                self.run = self.run.wrapping_add(1);
                self.command(Command::Start {
                    run: self.run,
                    lift_first,
                });
            }
            Action::Upload => self.command(Command::Upload),
            Action::StopSensor => {
                self.run = self.run.wrapping_add(1);
                self.waiting.clear();
                self.command(Command::Stop);
            }
            Action::BeginImage { id, length } => {
                let object = Object {
                    kind: ObjectKind::Image,
                    id,
                    length,
                };
                match self.port.link.bulk_begin(now(), object) {
                    Ok(_) => self.sending = true,
                    Err(error) => {
                        crate::log_warn!("image not sent: {}", error);
                        self.handle(Event::BulkRefused);
                    }
                }
            }
            Action::AbortImage => {
                self.sending = false;
                self.port.link.bulk_cancel();
            }
        }
    }

    fn tell(&mut self, message: &Message) {
        if let Err(error) = self.port.link.notify(now(), message) {
            crate::log_warn!("message {=u16:#06x} not sent: {}", message.code(), error);
        }
    }

    fn command(&self, command: Command) {
        // There is room: the model starts, uploads and stops in turn, and the task takes commands at once while capturing
        // and throws them away while it seeks the sensor.
        let given = self.commands.try_send(command);
        debug_assert!(given.is_ok());
    }
}
