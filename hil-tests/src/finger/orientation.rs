//! Which way the ridges of a synthetic finger run: the zero-pole model of Sherlock and Monro (1993).
//!
//! Around a core the direction turns by half a turn, around a delta by half a turn the other way:
//! θ(z) = ½ [Σ arg(z − core) − Σ arg(z − delta)]. Arches have neither; their ridges follow a hump.

use std::f32::consts::PI;

use rand::Rng;

/// Class of a finger's pattern (Henry).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Ridges rise in the middle.
    Arch,
    /// One core, the delta to its right below.
    LeftLoop,
    /// One core, the delta to its left below.
    RightLoop,
    /// Two cores, two deltas.
    Whorl,
}

/// A point in pixels of 500 dpi, y upwards, the origin in the middle of the finger.
#[derive(Debug, Clone, Copy)]
struct Point {
    x: f32,
    y: f32,
}

/// The direction of ridges everywhere on one finger.
#[derive(Debug, Clone)]
pub(super) struct OrientationField {
    cores: Vec<Point>,
    deltas: Vec<Point>,
    /// Height of an arch's hump in pixels; unused by the other patterns.
    hump: f32,
    /// Coefficients of x², xy and y² that bend x and y: no two fingers of a pattern run alike.
    bend_x: [f32; 3],
    bend_y: [f32; 3],
    /// Waves that ripple the direction locally.
    ripples: [Ripple; RIPPLES],
}

/// One wave over the finger that turns the ridges' direction to and fro.
#[derive(Debug, Clone, Copy)]
struct Ripple {
    /// Radians a pixel in x and y.
    wave: Point,
    /// Radians at the origin.
    phase: f32,
    /// Largest turn in radians.
    turn: f32,
}

const RIPPLES: usize = 5;

/// Distance in pixels over which a bend is measured: about half of the finger's height.
const BEND_SCALE: f32 = 200.0;

impl OrientationField {
    pub(super) fn new(pattern: Pattern, rng: &mut impl Rng) -> Self {
        let mut around = |x: f32, y: f32, spread: f32| Point {
            x: x + rng.random_range(-spread..spread),
            y: y + rng.random_range(-spread..spread),
        };
        let (cores, deltas) = match pattern {
            Pattern::Arch => (Vec::new(), Vec::new()),
            Pattern::LeftLoop => (vec![around(0.0, 20.0, 25.0)], vec![around(85.0, -100.0, 40.0)]),
            Pattern::RightLoop => (vec![around(0.0, 20.0, 25.0)], vec![around(-85.0, -100.0, 40.0)]),
            Pattern::Whorl => (
                vec![around(0.0, 38.0, 10.0), around(0.0, -18.0, 10.0)],
                vec![around(-105.0, -110.0, 25.0), around(105.0, -110.0, 25.0)],
            ),
        };
        let hump = rng.random_range(28.0..48.0);
        let mut bend = || std::array::from_fn(|_| rng.random_range(-0.2..0.2));
        let (bend_x, bend_y) = (bend(), bend());
        let ripples = std::array::from_fn(|_| Ripple::new(rng));
        Self {
            cores,
            deltas,
            hump,
            bend_x,
            bend_y,
            ripples,
        }
    }

    /// Direction of the ridge in radians, anticlockwise from the x axis, `x` and `y` in pixels from the middle, y
    /// upwards. Any multiple of π may be added: ridges have no sense of direction.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let ripple: f32 = self.ripples.iter().map(|ripple| ripple.at(x, y)).sum();
        let (u, v) = (x / BEND_SCALE, y / BEND_SCALE);
        let bend = |[a, b, c]: [f32; 3]| BEND_SCALE * (a * u * u + b * u * v + c * v * v);
        let (x, y) = (x + bend(self.bend_x), y + bend(self.bend_y));
        if self.cores.is_empty() {
            return self.arch(x, y) + ripple;
        }
        let turn = |points: &[Point]| -> f32 { points.iter().map(|p| (y - p.y).atan2(x - p.x)).sum() };
        (turn(&self.cores) - turn(&self.deltas)) / 2.0 + ripple
    }

    /// Slope of a hump that is highest in the middle and flattens towards the tip.
    fn arch(&self, x: f32, y: f32) -> f32 {
        const HALF_WIDTH: f32 = 150.0;
        let strength = (1.0 - (y + 20.0) / 260.0).clamp(0.1, 1.2);
        let across = (x / HALF_WIDTH).clamp(-1.0, 1.0);
        // Derivative of hump * (1 + cos(π x / width)) / 2.
        (-self.hump * strength * PI / (2.0 * HALF_WIDTH) * 2.0 * (PI * across).sin()).atan()
    }
}

impl Ripple {
    fn new(rng: &mut impl Rng) -> Self {
        let (heading, length) = (rng.random_range(0.0..2.0 * PI), rng.random_range(80.0..200.0));
        let wave = 2.0 * PI / length;
        Self {
            wave: Point {
                x: wave * heading.cos(),
                y: wave * heading.sin(),
            },
            phase: rng.random_range(0.0..2.0 * PI),
            turn: rng.random_range(0.04..0.12),
        }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        self.turn * (self.wave.x * x + self.wave.y * y + self.phase).sin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// By how much the direction turns on a circle around a point, in turns.
    fn winding(field: &OrientationField, x: f32, y: f32, radius: f32) -> f32 {
        let at = |step: i32| {
            let angle = 2.0 * PI * step as f32 / 360.0;
            field.at(x + radius * angle.cos(), y + radius * angle.sin())
        };
        let mut turned = 0.0;
        for step in 0..360 {
            let change = at(step + 1) - at(step);
            turned += change - (change / PI).round() * PI;
        }
        turned / (2.0 * PI)
    }

    #[test]
    fn ridges_turn_by_half_a_turn_around_a_core_and_back_around_a_delta() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for pattern in [Pattern::LeftLoop, Pattern::RightLoop, Pattern::Whorl] {
            let mut field = OrientationField::new(pattern, &mut rng);
            (field.bend_x, field.bend_y) = ([0.0; 3], [0.0; 3]);
            for core in &field.cores {
                assert!(
                    (winding(&field, core.x, core.y, 5.0) - 0.5).abs() < 0.01,
                    "{pattern:?}"
                );
            }
            for delta in &field.deltas {
                assert!(
                    (winding(&field, delta.x, delta.y, 5.0) + 0.5).abs() < 0.01,
                    "{pattern:?}"
                );
            }
        }
    }

    #[test]
    fn an_arch_has_no_core() {
        let field = OrientationField::new(Pattern::Arch, &mut ChaCha8Rng::seed_from_u64(2));
        assert!(winding(&field, 0.0, 0.0, 80.0).abs() < 0.01);
    }
}
