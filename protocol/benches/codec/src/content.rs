//! What is sent: the same for all.

use protocol::message::TicketGranted;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// What the bytes of a large payload are like.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Any byte as often as any other.
    Random,
    /// Ridges of a finger, 4 bits a pixel, dark on white.
    Image,
    /// One byte in four is zero, as in a table of numbers.
    ManyZeros,
    /// All but one byte in 32 is zero, as in memory that was hardly written.
    MostlyZeros,
    /// No byte is zero: the longest that byte stuffing can make it.
    NoZeros,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Image => "image",
            Self::ManyZeros => "a quarter zeros",
            Self::MostlyZeros => "mostly zeros",
            Self::NoZeros => "no zeros",
        }
    }
}

/// Replies with a queue number, as an office gives them in a day.
pub fn tickets(count: usize) -> Vec<TicketGranted> {
    let mut rng = SmallRng::seed_from_u64(1);
    let boot = u64::from(rng.random::<u32>()) << 32;
    (0..count as u64)
        .map(|index| TicketGranted {
            press: boot + index,
            ticket_id: rng.random(),
            prefix: rng.random_range(b'A'..=b'D'),
            number: rng.random_range(1..=999),
            people_before: rng.random_range(0..40),
            wait_minutes: rng.random_range(0..200),
            issued_unix: 1_795_000_000 + 60 * index,
            utc_offset_minutes: 420,
        })
        .collect()
}

/// Pieces of an object.
pub fn objects(kind: Kind, count: usize, length: usize) -> Vec<Vec<u8>> {
    let mut rng = SmallRng::seed_from_u64(2);
    let object: Vec<u8> = match kind {
        Kind::Random => (0..count * length).map(|_| rng.random()).collect(),
        Kind::NoZeros => (0..count * length).map(|_| rng.random_range(1..=255)).collect(),
        Kind::ManyZeros => (0..count * length)
            .map(|_| {
                if rng.random_ratio(1, 4) {
                    0
                } else {
                    rng.random_range(1..=255)
                }
            })
            .collect(),
        // The last byte of each piece is none: mavlink leaves zeros at the end out.
        Kind::MostlyZeros => (0..count * length)
            .map(|index| u8::from(index % length == length - 1 || rng.random_ratio(1, 32)))
            .collect(),
        Kind::Image => (0..count * length)
            .map(|index| image_byte(index, &mut rng))
            .collect(),
    };
    object.chunks(length).map(<[u8]>::to_vec).collect()
}

/// Two pixels of a whorl of 256 × 288 pixels; after its last row the next image begins.
fn image_byte(index: usize, rng: &mut SmallRng) -> u8 {
    const WIDTH: usize = 256;
    const HEIGHT: usize = 288;
    let first = (2 * index) % (WIDTH * HEIGHT);
    let (x, y) = ((first % WIDTH) as f64 - 128.0, (first / WIDTH) as f64 - 144.0);
    let mut pixel = |x: f64| {
        // Ridges 9 pixels apart; outside of the finger all is white.
        let (radius, noise) = (x.hypot(y * 0.8), rng.random_range(-2.0..2.0));
        let ridge = 7.5 + 9.0 * (radius * std::f64::consts::TAU / 9.0).sin() + noise;
        if radius > 115.0 {
            15
        } else {
            ridge.clamp(0.0, 15.0) as u8
        }
    };
    pixel(x) << 4 | pixel(x + 1.0)
}
