//! Synthetic fingers and how they touch the sensor.

use std::f32::consts::PI;
use std::fmt;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::growth::{FINGER_HEIGHT, FINGER_WIDTH, grow};
use super::impression::{Impression, SENSOR_HEIGHT, SENSOR_WIDTH};
use super::orientation::OrientationField;
pub use super::orientation::Pattern;

/// A synthetic finger: the ridges of its whole tip. The same seed gives the same finger.
#[derive(Clone)]
pub struct MasterFinger {
    seed: u64,
    pattern: Pattern,
    /// From -1 (valley) to 1 (ridge).
    ridges: Vec<f32>,
}

/// How a finger is laid on the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// As at enrolment, with someone who looks after it: straight, in the middle, dry.
    Careful,
    /// As anyone does it.
    Ordinary,
    /// Only the edge of the tip: too little of the finger to read.
    Edge,
    /// Hardly touching, dry skin: too little contrast to read.
    Faint,
}

impl MasterFinger {
    /// Grows a finger. Of ten fingers about three are whorls, six loops and one an arch, as in nature.
    pub fn grow(seed: u64) -> Self {
        let pattern = match seed % 10 {
            0..=2 => Pattern::RightLoop,
            3..=5 => Pattern::LeftLoop,
            6..=8 => Pattern::Whorl,
            _ => Pattern::Arch,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let field = OrientationField::new(pattern, &mut rng);
        Self {
            seed,
            pattern,
            ridges: grow(&field, &mut rng),
        }
    }

    /// The finger's class.
    pub fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// Lays the finger on the sensor. Each `touch` is another touch; the same number gives the same image.
    pub fn press(&self, touch: u64, press: Press) -> Impression {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ touch.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let skin = Skin::new(press, &mut rng);
        let placed = Placed::new(press, &mut rng);
        let contact = Contact::new(press, &mut rng);
        let mut pixels = Vec::with_capacity(SENSOR_WIDTH * SENSOR_HEIGHT);
        for row in 0..SENSOR_HEIGHT {
            for column in 0..SENSOR_WIDTH {
                let x = column as f32 - SENSOR_WIDTH as f32 / 2.0;
                let y = row as f32 - SENSOR_HEIGHT as f32 / 2.0;
                let touching = contact.at(x, y);
                let glass = GLASS + rng.random_range(-4.0..4.0);
                let grey = if touching > 0.0 {
                    let (from_x, from_y) = placed.at(x, y);
                    let grey = skin.grey(self.ridge(from_x, from_y), &mut rng);
                    grey * touching + glass * (1.0 - touching)
                } else {
                    glass
                };
                pixels.push(grey.clamp(0.0, 255.0) as u8);
            }
        }
        Impression::of_sensor_size(pixels)
    }

    /// Ridge value at a point of the finger, in pixels from its middle, interpolated.
    fn ridge(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x + FINGER_WIDTH as f32 / 2.0, y + FINGER_HEIGHT as f32 / 2.0);
        if x < 0.0 || y < 0.0 {
            return -1.0;
        }
        let (left, top) = (x as usize, y as usize);
        if left + 1 >= FINGER_WIDTH || top + 1 >= FINGER_HEIGHT {
            return -1.0;
        }
        let (u, v) = (x - left as f32, y - top as f32);
        let at = top * FINGER_WIDTH + left;
        let (upper, lower) = (
            &self.ridges[at..at + 2],
            &self.ridges[at + FINGER_WIDTH..at + FINGER_WIDTH + 2],
        );
        (upper[0] * (1.0 - u) + upper[1] * u) * (1.0 - v) + (lower[0] * (1.0 - u) + lower[1] * u) * v
    }
}

impl fmt::Debug for MasterFinger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterFinger(seed {}, {:?})", self.seed, self.pattern)
    }
}

/// Grey of the glass where nothing touches it.
const GLASS: f32 = 236.0;

/// Where on the finger each point of the glass is: turned, shifted, and pulled by the skin's stretching.
struct Placed {
    sine: f32,
    cosine: f32,
    shift: (f32, f32),
    /// Amplitude in pixels, phase, and waves over the sensor's height, for the stretching of x and of y.
    stretch: [(f32, f32, f32); 2],
}

impl Placed {
    fn new(press: Press, rng: &mut ChaCha8Rng) -> Self {
        let (turn, shift, stretch) = match press {
            Press::Careful => (4.0, 6.0, 1.5),
            Press::Ordinary | Press::Edge | Press::Faint => (10.0, 14.0, 2.5),
        };
        let angle: f32 = rng.random_range(-turn..turn) * PI / 180.0;
        let shift = (rng.random_range(-shift..shift), rng.random_range(-shift..shift));
        let mut pull = || {
            (
                rng.random_range(0.3..1.0) * stretch,
                rng.random_range(0.0..2.0 * PI),
                rng.random_range(0.4..1.0),
            )
        };
        Self {
            sine: angle.sin(),
            cosine: angle.cos(),
            shift,
            stretch: [pull(), pull()],
        }
    }

    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let wave = |(amplitude, phase, waves): (f32, f32, f32), along: f32| {
            amplitude * (2.0 * PI * waves * along / SENSOR_HEIGHT as f32 + phase).sin()
        };
        let (x, y) = (x + wave(self.stretch[0], y), y + wave(self.stretch[1], x));
        (
            self.cosine * x - self.sine * y + self.shift.0,
            self.sine * x + self.cosine * y + self.shift.1,
        )
    }
}

/// What part of the glass the finger touches: an ellipse with a soft edge, and spots that do not touch.
struct Contact {
    centre: (f32, f32),
    radii: (f32, f32),
    /// Place and radius in pixels of each spot.
    spots: Vec<(f32, f32, f32)>,
}

impl Contact {
    fn new(press: Press, rng: &mut ChaCha8Rng) -> Self {
        let half_height = SENSOR_HEIGHT as f32 / 2.0;
        let (centre, radii, spots) = match press {
            Press::Careful => ((0.0, 0.0), (128.0, 150.0), 2),
            Press::Ordinary | Press::Faint => ((0.0, 0.0), (120.0, 142.0), 8),
            Press::Edge => ((0.0, half_height), (70.0, 34.0), 2),
        };
        let mut vary = |value: f32, by: f32| value + rng.random_range(-by..by);
        let centre = (vary(centre.0, 6.0), vary(centre.1, 6.0));
        let radii = (vary(radii.0, 6.0), vary(radii.1, 6.0));
        let spots = (0..spots)
            .map(|_| (vary(0.0, 120.0), vary(0.0, 140.0), vary(3.0, 1.5)))
            .collect();
        Self { centre, radii, spots }
    }

    /// 0 (glass) to 1 (skin).
    fn at(&self, x: f32, y: f32) -> f32 {
        /// Width of the soft edge, as a part of the radius squared.
        const EDGE: f32 = 0.1;
        let (u, v) = (
            (x - self.centre.0) / self.radii.0,
            (y - self.centre.1) / self.radii.1,
        );
        let inside = ((1.0 - u * u - v * v) / EDGE).clamp(0.0, 1.0);
        let on_spot = |(spot_x, spot_y, radius): &(f32, f32, f32)| {
            let (dx, dy) = (x - spot_x, y - spot_y);
            dx * dx + dy * dy < radius * radius
        };
        if inside > 0.0 && self.spots.iter().any(on_spot) {
            inside * 0.3
        } else {
            inside
        }
    }
}

/// How ridges show: wet skin makes them broad and dark, dry skin thin, broken and pale.
struct Skin {
    /// Added to the ridge value: above 0 wet, below 0 dry.
    wetness: f32,
    /// Grey values between valley and ridge.
    contrast: f32,
    /// Range of noise in grey values.
    noise: f32,
}

impl Skin {
    fn new(press: Press, rng: &mut ChaCha8Rng) -> Self {
        let (wetness, contrast, noise) = match press {
            Press::Careful => (0.1, 170.0, 14.0),
            Press::Ordinary | Press::Edge => (0.3, 150.0, 26.0),
            Press::Faint => (0.0, 9.0, 6.0),
        };
        Self {
            wetness: rng.random_range(-wetness..=wetness),
            contrast,
            noise,
        }
    }

    fn grey(&self, ridge: f32, rng: &mut ChaCha8Rng) -> f32 {
        /// Grey of a valley: the skin shades the glass a little.
        const VALLEY: f32 = 214.0;
        let pressed = (ridge * 0.8 + self.wetness / 2.0 + 0.5).clamp(0.0, 1.0);
        VALLEY - self.contrast * pressed + rng.random_range(-self.noise..=self.noise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host_driver::biometric::{THRESHOLD, Unreadable, Verdict, extract, verify};

    #[test]
    fn one_seed_is_one_finger_and_one_touch_one_image() {
        let (a, b) = (MasterFinger::grow(7), MasterFinger::grow(7));
        assert_eq!(a.press(1, Press::Ordinary), b.press(1, Press::Ordinary));
        assert_ne!(a.press(1, Press::Ordinary), b.press(2, Press::Ordinary));
    }

    #[test]
    fn touches_of_one_finger_match_and_those_of_another_do_not() {
        let (owner, stranger) = (MasterFinger::grow(11), MasterFinger::grow(16));
        let enrolled: Vec<_> = (0..3)
            .map(|touch| extract(owner.press(touch, Press::Careful).image()).unwrap())
            .collect();
        let verdict = |finger: &MasterFinger| {
            verify(
                &extract(finger.press(100, Press::Ordinary).image()).unwrap(),
                &enrolled,
            )
        };
        assert!(
            matches!(verdict(&owner), Verdict::Match { score } if score >= 2 * THRESHOLD),
            "{:?}",
            verdict(&owner)
        );
        assert!(
            matches!(verdict(&stranger), Verdict::NoMatch { .. }),
            "{:?}",
            verdict(&stranger)
        );
    }

    #[test]
    fn a_bad_touch_is_unreadable_and_says_why() {
        let finger = MasterFinger::grow(3);
        let reason = |press| extract(finger.press(5, press).image()).unwrap_err();
        assert_eq!(reason(Press::Edge), Unreadable::TooLittleFinger);
        assert_eq!(reason(Press::Faint), Unreadable::ContrastTooLow);
    }
}
