use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use embassy_futures::{block_on, poll_once};
use embedded_io_async::ErrorType;

use super::packet::packet;
use super::*;

/// A line to a sensor that answers each command with the next of `answers`.
#[derive(Default)]
struct Line {
    answers: RefCell<VecDeque<Vec<u8>>>,
    to_read: RefCell<VecDeque<u8>>,
    asked: RefCell<Vec<Vec<u8>>>,
    /// It waits when there is nothing to read; otherwise it ends there.
    waits: bool,
}

impl Line {
    fn answering(answers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().collect()),
            ..Self::default()
        }
    }
}

impl ErrorType for &Line {
    type Error = core::convert::Infallible;
}

impl Read for &Line {
    async fn read(&mut self, into: &mut [u8]) -> Result<usize, Self::Error> {
        poll_fn(|_| {
            if self.waits && self.to_read.borrow().is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        let mut waiting = self.to_read.borrow_mut();
        let count = into.len().min(waiting.len());
        for (place, byte) in into.iter_mut().zip(waiting.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }
}

impl Write for &Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        let (_, command) = packet(bytes).unwrap();
        self.asked.borrow_mut().push(command.payload.to_vec());
        self.to_read
            .borrow_mut()
            .extend(self.answers.borrow_mut().pop_front().unwrap_or_default());
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn packed(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut out = [0; MAX_PAYLOAD + OVERHEAD];
    let length = encode(DEFAULT_ADDRESS, kind, payload, &mut out);
    out[..length].to_vec()
}

#[test]
fn parameters_are_read_as_the_manual_lays_them_out() {
    let mut answer = vec![0x00];
    for word in [0_u16, 9, 1_000, 3, 0xFFFF, 0xFFFF, 2, 6] {
        answer.extend(word.to_be_bytes());
    }
    let line = Line::answering([packed(Kind::Acknowledge, &answer)]);
    let parameters = block_on(Sensor::new(&line, &line).read_parameters()).unwrap();
    assert_eq!(
        (parameters.system_id, parameters.capacity, parameters.address),
        (9, 1_000, DEFAULT_ADDRESS)
    );
    assert_eq!((parameters.packet_bytes, parameters.baud), (128, 57_600));
}

#[test]
fn no_finger_is_no_error_and_a_refusal_carries_its_code() {
    let answers = [0x02, 0x00, 0x03].map(|code| packed(Kind::Acknowledge, &[code]));
    let line = Line::answering(answers);
    let mut sensor = Sensor::new(&line, &line);
    assert_eq!(block_on(sensor.take_image()), Ok(false));
    assert_eq!(block_on(sensor.take_image()), Ok(true));
    assert_eq!(block_on(sensor.take_image()), Err(SensorError::Refused(0x03)));
    assert_eq!(*line.asked.borrow(), [[0x01]; 3]);
}

#[test]
fn an_image_comes_part_by_part_until_its_last() {
    let answer = [
        packed(Kind::Acknowledge, &[0]),
        packed(Kind::Data, &[1; 128]),
        packed(Kind::EndOfData, &[2; 64]),
    ]
    .concat();
    let line = Line::answering([answer]);
    let mut sensor = Sensor::new(&line, &line);
    block_on(sensor.upload()).unwrap();
    assert_eq!(
        block_on(sensor.next_part()),
        Ok(Part {
            bytes: &[1; 128],
            last: false
        })
    );
    assert_eq!(
        block_on(sensor.next_part()),
        Ok(Part {
            bytes: &[2; 64],
            last: true
        })
    );
}

#[test]
fn a_damaged_part_is_not_given_out() {
    let mut damaged = packed(Kind::Data, &[1; 128]);
    damaged[40] ^= 0x10;
    let line = Line::answering([[packed(Kind::Acknowledge, &[0]), damaged].concat()]);
    let mut sensor = Sensor::new(&line, &line);
    block_on(sensor.upload()).unwrap();
    assert_eq!(block_on(sensor.next_part()), Err(SensorError::BadSum));
}

#[test]
fn what_is_left_of_an_abandoned_image_is_skipped_before_the_next_answer() {
    let mut answer = packed(Kind::Data, &[1; 128]).repeat(200);
    answer.extend(packed(Kind::EndOfData, &[1; 128]));
    answer.extend(packed(Kind::Acknowledge, &[0x02]));
    let line = Line::answering([answer]);
    assert_eq!(block_on(Sensor::new(&line, &line).take_image()), Ok(false));
}

#[test]
fn an_answer_that_came_too_late_is_not_taken_for_the_next() {
    let line = Line::answering([packed(Kind::Acknowledge, &[0x02])]);
    line.to_read
        .borrow_mut()
        .extend(packed(Kind::Acknowledge, &[0x00]));
    assert_eq!(block_on(Sensor::new(&line, &line).take_image()), Ok(false));
}

#[test]
fn the_answer_to_an_instruction_that_was_given_up_is_waited_for_before_the_next() {
    let line = Line {
        waits: true,
        ..Line::answering([vec![], packed(Kind::Acknowledge, &[0x02])])
    };
    let mut sensor = Sensor::new(&line, &line);
    assert!(poll_once(sensor.take_image()).is_pending());
    let mut again = pin!(sensor.take_image());
    let mut context = Context::from_waker(Waker::noop());
    assert!(again.as_mut().poll(&mut context).is_pending());
    assert_eq!(line.asked.borrow().len(), 1);
    // Only now the sensor is done with the first: there was a finger.
    line.to_read
        .borrow_mut()
        .extend(packed(Kind::Acknowledge, &[0x00]));
    assert_eq!(again.as_mut().poll(&mut context), Poll::Ready(Ok(false)));
}

#[test]
fn a_part_of_which_the_end_was_lost_does_not_swallow_the_next_answer() {
    let line = Line::answering([packed(Kind::Acknowledge, &[0x02])]);
    line.to_read
        .borrow_mut()
        .extend(&packed(Kind::Data, &[1; 128])[..100]);
    assert_eq!(block_on(Sensor::new(&line, &line).take_image()), Ok(false));
}
