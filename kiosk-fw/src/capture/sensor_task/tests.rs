use std::vec::Vec as Growing;

use embassy_futures::select::select;

use super::*;
use crate::drivers::zfm::ImageSize;
use crate::drivers::zfm::testing::{Line, Sending};

const GOOD: u8 = 0x00;
const MESSY: u8 = 0x06;
const TOO_FEW: u8 = 0x07;
const NO_IMAGE: u8 = 0x15;

/// What one capture told, and the bytes of each upload. The main loop is a reader who has the image sent each time that there is one to send.
fn captured(line: &Line, lift_first: bool) -> (Growing<SensorEvent>, Growing<usize>) {
    let (commands, outputs) = (Commands::new(), Outputs::new());
    let mut sensor = Sensor::new(line, line);
    let mut speed = line;
    let main = async {
        let mut told = Growing::new();
        let mut uploads = Growing::new();
        loop {
            match outputs.receive().await {
                Output::Presence(SensorEvent::Ready(_)) => {
                    commands.send(Command::Start { run: 1, lift_first }).await;
                }
                Output::Presence(event) => told.push(event),
                Output::Part(run, bytes) => {
                    assert_eq!(run, 1);
                    *uploads.last_mut().unwrap() += bytes.len();
                }
                Output::Event(run, event) => {
                    assert_eq!(run, 1);
                    told.push(event);
                    match event {
                        SensorEvent::FingerPlaced(_) | SensorEvent::Damaged => {
                            commands.send(Command::Upload).await;
                        }
                        SensorEvent::Reading => uploads.push(0),
                        SensorEvent::Read | SensorEvent::Failed(_) => return (told, uploads),
                        _ => (),
                    }
                }
            }
        }
    };
    let task = run(&mut sensor, &mut speed, &commands, &outputs);
    match virtual_time::run(select(main, task)) {
        Either::First(all) => all,
        Either::Second(()) => panic!("the task ended"),
    }
}

const WHOLE: usize = ImageSize::R307.bytes() as usize;
const PLACED: SensorEvent = SensorEvent::FingerPlaced(FingerQuality::Good);

#[test]
fn a_good_finger_is_read_at_once() {
    let (told, uploads) = captured(&Line::new(), false);
    assert_eq!(told, [PLACED, SensorEvent::Reading, SensorEvent::Read]);
    assert_eq!(uploads, [WHOLE]);
}

#[test]
fn a_finger_that_is_too_wet_and_then_too_dry_is_asked_for_each_time_it_was_lifted() {
    let line = Line::new();
    line.0.borrow_mut().finger = [true, true, false, true, false, true].into();
    line.0.borrow_mut().assessments = [MESSY, TOO_FEW, GOOD].into();
    let (told, _) = captured(&line, false);
    assert_eq!(
        told,
        [
            SensorEvent::Poor(FingerQuality::TooWet),
            SensorEvent::Lifted,
            SensorEvent::Poor(FingerQuality::TooDry),
            SensorEvent::Lifted,
            PLACED,
            SensorEvent::Reading,
            SensorEvent::Read
        ]
    );
}

#[test]
fn a_finger_that_stays_dry_is_read_all_the_same() {
    let line = Line::new();
    line.0.borrow_mut().finger = [true, false, true, false, true].into();
    line.0.borrow_mut().assessments = [TOO_FEW; 3].into();
    let (told, uploads) = captured(&line, false);
    assert!(told.contains(&SensorEvent::FingerPlaced(FingerQuality::TooDry)));
    assert_eq!(uploads, [WHOLE]);
}

#[test]
fn an_image_that_is_none_is_never_sent() {
    let line = Line::new();
    line.0.borrow_mut().finger = [true, false, true, false, true, false, true, false, true].into();
    line.0.borrow_mut().assessments = [NO_IMAGE, NO_IMAGE, NO_IMAGE, NO_IMAGE, GOOD].into();
    let (told, uploads) = captured(&line, false);
    let poor = SensorEvent::Poor(FingerQuality::Unusable);
    assert_eq!(told.iter().filter(|event| **event == poor).count(), 4);
    assert_eq!(uploads, [WHOLE]);
}

#[test]
fn the_finger_before_has_to_go_first() {
    let line = Line::new();
    line.0.borrow_mut().finger = [true, true, true, false, false, true].into();
    let (told, _) = captured(&line, true);
    assert_eq!(told[..2], [SensorEvent::Lifted, PLACED]);
}

#[test]
fn an_image_that_comes_damaged_short_or_not_to_its_end_is_sent_again() {
    for sending in [Sending::BadSum, Sending::Stall, Sending::Short] {
        let line = Line::new();
        line.0.borrow_mut().sendings = [sending].into();
        let (told, uploads) = captured(&line, false);
        assert_eq!(
            told,
            [
                PLACED,
                SensorEvent::Reading,
                SensorEvent::Damaged,
                SensorEvent::Reading,
                SensorEvent::Read
            ],
            "{sending:?}"
        );
        assert!(uploads[0] < WHOLE);
        assert_eq!(uploads[1], WHOLE);
        // The finger need not come back for it.
        assert_eq!(line.heard(0x01), 1);
    }
}

#[test]
fn a_sensor_that_starts_anew_in_the_middle_asks_for_the_finger_again() {
    let line = Line::new();
    line.0.borrow_mut().sendings = [Sending::Reset].into();
    let (told, uploads) = captured(&line, false);
    assert_eq!(
        told,
        [
            PLACED,
            SensorEvent::Reading,
            SensorEvent::Damaged,
            SensorEvent::Poor(FingerQuality::Unknown),
            PLACED,
            SensorEvent::Reading,
            SensorEvent::Read
        ]
    );
    assert_eq!(uploads, [10 * 128, WHOLE]);
}

#[test]
fn a_sensor_that_dies_at_any_command_ends_the_capture() {
    // Five commands find it and make it faster; each one further belongs to the capture.
    for commands in 5..8 {
        let line = Line::new();
        line.0.borrow_mut().dies_after = Some(commands);
        let (told, _) = captured(&line, false);
        assert_eq!(
            told.last(),
            Some(&SensorEvent::Failed(SensorError::NoAnswer)),
            "after {commands} commands: {told:?}, heard {:02x?}",
            line.0.borrow().heard
        );
    }
}
