//! Finding a sensor at whatever speed it speaks, and making it speak faster.

use embassy_time::{Duration, Timer};
use embedded_io_async::{Read, Write};

use super::{ImageSize, Parameters, Sensor, SensorError};
use crate::board::DeviceSpeed;

/// The fastest speed of the family: an image takes 3.5 s instead of 7.
pub const FASTEST: u32 = 115_200;
/// What sensors leave the factory with (R307 manual: N = 6).
pub const FACTORY: u32 = 57_600;
/// Speeds at which a sensor is looked for, the likeliest first.
const SPEEDS: [u32; 5] = [FASTEST, FACTORY, 9_600, 19_200, 38_400];
/// How long a sensor may take to change its speed after it has said that it will.
const CHANGE: Duration = Duration::from_millis(50);
/// How often a sensor is greeted at its new speed before it is taken back to the old.
const GREETINGS: u32 = 3;

/// A sensor that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Found {
    /// What it says of itself.
    pub parameters: Parameters,
    /// What its images measure.
    pub image: ImageSize,
    /// Speed of its line now, in bits a second.
    pub baud: u32,
}

/// Looks for the sensor at each speed that it may speak at, checks its password, makes it speak as fast as it can and asks
/// it what it is. With `raise` false its speed is left as it is.
///
/// # Errors
///
/// [`SensorError::NoAnswer`] if none answers at any speed; `Refused(0x13)` if it has another password.
pub async fn find<R: Read, W: Write>(
    sensor: &mut Sensor<R, W>,
    line: &mut impl DeviceSpeed,
    password: u32,
    raise: bool,
) -> Result<Found, SensorError> {
    let mut baud = greet(sensor, line, password).await?;
    if raise && baud != FASTEST && speed_up(sensor, line, password, baud).await? {
        baud = FASTEST;
    }
    let parameters = sensor.read_parameters().await?;
    // Most do not know the question; their images are all alike.
    let image = sensor.image_size().await.unwrap_or(ImageSize::R307);
    Ok(Found {
        parameters,
        image,
        baud,
    })
}

/// The speed at which the sensor takes the password.
async fn greet<R: Read, W: Write>(
    sensor: &mut Sensor<R, W>,
    line: &mut impl DeviceSpeed,
    password: u32,
) -> Result<u32, SensorError> {
    for baud in SPEEDS {
        line.set(baud);
        match sensor.verify_password(password).await {
            Ok(()) => return Ok(baud),
            // It is there and means it: at a wrong speed nothing with a right sum comes.
            Err(SensorError::Refused(code)) => return Err(SensorError::Refused(code)),
            Err(_) => (),
        }
    }
    Err(SensorError::NoAnswer)
}

/// Makes the sensor speak at [`FASTEST`]. False if it does not; then it speaks at `baud` as before.
async fn speed_up<R: Read, W: Write>(
    sensor: &mut Sensor<R, W>,
    line: &mut impl DeviceSpeed,
    password: u32,
    baud: u32,
) -> Result<bool, SensorError> {
    match sensor.set_baud(FASTEST).await {
        Ok(()) => (),
        Err(SensorError::Refused(_)) => return Ok(false),
        Err(error) => return Err(error),
    }
    line.set(FASTEST);
    for _ in 0..GREETINGS {
        Timer::after(CHANGE).await;
        if sensor.verify_password(password).await.is_ok() {
            return Ok(true);
        }
    }
    line.set(baud);
    sensor.verify_password(password).await.map(|()| false)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Line;
    use super::*;

    fn found(line: &Line, raise: bool) -> Result<Found, SensorError> {
        let mut sensor = Sensor::new(line, line);
        let mut speed = line;
        virtual_time::run(find(&mut sensor, &mut speed, 0, raise))
    }

    #[test]
    fn a_sensor_from_the_factory_is_made_to_speak_twice_as_fast() {
        let line = Line::new();
        let found = found(&line, true).unwrap();
        assert_eq!((found.baud, found.parameters.baud), (FASTEST, FASTEST));
        assert_eq!(found.image, ImageSize::R307);
        let script = line.0.borrow();
        assert_eq!((script.baud, script.line_baud), (FASTEST, FASTEST));
    }

    #[test]
    fn a_sensor_is_found_at_any_speed_that_it_was_left_at() {
        for baud in SPEEDS {
            let line = Line::new();
            line.0.borrow_mut().baud = baud;
            assert_eq!(found(&line, false).map(|found| found.baud), Ok(baud));
        }
    }

    #[test]
    fn a_sensor_that_is_fast_already_is_not_told_to_be() {
        let line = Line::new();
        line.0.borrow_mut().baud = FASTEST;
        found(&line, true).unwrap();
        assert_eq!(line.heard(0x0E), 0);
    }

    #[test]
    fn a_sensor_that_does_not_become_faster_is_used_as_it_is() {
        let line = Line::new();
        line.0.borrow_mut().stubborn = true;
        assert_eq!(found(&line, true).map(|found| found.baud), Ok(FACTORY));
        assert_eq!(line.0.borrow().line_baud, FACTORY);
    }

    #[test]
    fn another_password_is_not_taken_for_a_missing_sensor() {
        let line = Line::new();
        line.0.borrow_mut().password = 1;
        assert_eq!(found(&line, true), Err(SensorError::Refused(0x13)));
    }

    #[test]
    fn a_sensor_that_is_not_there_is_looked_for_in_two_seconds() {
        let line = Line::new();
        line.0.borrow_mut().baud = 1;
        let mut sensor = Sensor::new(&line, &line);
        let mut speed = &line;
        let took = virtual_time::run(async {
            assert_eq!(
                find(&mut sensor, &mut speed, 0, true).await,
                Err(SensorError::NoAnswer)
            );
            embassy_time::Instant::now().as_millis()
        });
        assert!(took < 2_000, "{took} ms");
    }
}
