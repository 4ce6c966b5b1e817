//! Ridges that grow along an orientation field.
//!
//! Random specks are filtered again and again with a bank of Gabor kernels, each place with the kernel of its own
//! direction and period (Cappelli's generator `SFinGe` works like this). Ridges form and join; where they meet out of step, minutiae
//! appear. The work is done at half the sensor's resolution, where a kernel has a quarter of the points and the image a
//! quarter of the pixels, and enlarged once at the end.

use std::f32::consts::PI;

use rand::Rng;

use super::orientation::OrientationField;

/// Width of a finger in pixels of 500 dpi: wider than the sensor, so that it can be shifted and turned.
pub(super) const FINGER_WIDTH: usize = 352;
/// Height of a finger in pixels of 500 dpi.
pub(super) const FINGER_HEIGHT: usize = 400;

/// Pixels of 500 dpi along one side of a pixel that ridges grow on.
const COARSE: usize = 2;
const WIDTH: usize = FINGER_WIDTH / COARSE;
const HEIGHT: usize = FINGER_HEIGHT / COARSE;

const DIRECTIONS: usize = 32;
const PERIODS: usize = 5;
/// Shortest and longest ridge period in pixels of 500 dpi; an adult's is 8 to 10 (0.4 to 0.5 mm).
const SHORTEST_PERIOD: f32 = 8.0;
const LONGEST_PERIOD: f32 = 10.0;
/// Half the side of a kernel, in coarse pixels.
const RADIUS: usize = 5;
const SIDE: usize = 2 * RADIUS + 1;
/// Standard deviation of a kernel's bell, in periods.
const BELL: f32 = 0.42;

/// Specks to start from.
const SPECKS: usize = 900;
/// Rounds of filtering after which the pattern no longer changes much.
const ROUNDS: usize = 12;
/// Steepness of the saturation after each round.
const STEEPNESS: f32 = 6.0;

/// Rows of a field have a margin, so that a kernel never looks beyond them.
const PADDED_WIDTH: usize = WIDTH + 2 * RADIUS;
const PADDED_HEIGHT: usize = HEIGHT + 2 * RADIUS;

/// Grows the ridges of a finger: [`FINGER_WIDTH`] x [`FINGER_HEIGHT`] values from -1 (valley) to 1 (ridge).
pub(super) fn grow(field: &OrientationField, rng: &mut impl Rng) -> Vec<f32> {
    let bank = kernels();
    let choice = kernel_of_each_pixel(field, rng);
    let mut ridges = vec![0.0_f32; PADDED_WIDTH * PADDED_HEIGHT];
    for _ in 0..SPECKS {
        let (x, y) = (rng.random_range(0..WIDTH), rng.random_range(0..HEIGHT));
        ridges[(y + RADIUS) * PADDED_WIDTH + x + RADIUS] = 1.0;
    }
    let mut next = ridges.clone();
    for _ in 0..ROUNDS {
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let sum = filtered(&ridges, &bank[choice[y * WIDTH + x]], x, y);
                next[(y + RADIUS) * PADDED_WIDTH + x + RADIUS] = (STEEPNESS * sum).tanh();
            }
        }
        std::mem::swap(&mut ridges, &mut next);
    }
    enlarge(&ridges)
}

type Kernel = [[f32; SIDE]; SIDE];

/// The kernel's sum at a pixel. Plain loops over arrays: they are what is left of the time, also without an optimiser.
fn filtered(ridges: &[f32], kernel: &Kernel, x: usize, y: usize) -> f32 {
    let mut sum = 0.0;
    for (row, weights) in kernel.iter().enumerate() {
        let begin = (y + row) * PADDED_WIDTH + x;
        let values = &ridges[begin..begin + SIDE];
        for (value, weight) in values.iter().zip(weights) {
            sum += value * weight;
        }
    }
    sum
}

/// All kernels: for each period, one for each direction.
fn kernels() -> Vec<Kernel> {
    (0..PERIODS * DIRECTIONS)
        .map(|index| kernel(index % DIRECTIONS, index / DIRECTIONS))
        .collect()
}

/// A wave across the ridge's direction under a bell; its values sum to 0, their magnitudes to 1.
fn kernel(direction: usize, period: usize) -> Kernel {
    let period = SHORTEST_PERIOD + (LONGEST_PERIOD - SHORTEST_PERIOD) * period as f32 / (PERIODS - 1) as f32;
    let period = period / COARSE as f32;
    let bell = BELL * period;
    let angle = PI * direction as f32 / DIRECTIONS as f32;
    // Images have y downwards, directions y upwards: the ridge runs along (cos, -sin), the wave along (sin, cos).
    let (across_x, across_y) = (angle.sin(), angle.cos());
    let mut kernel = [[0.0; SIDE]; SIDE];
    let mut mean = 0.0;
    for (row, values) in kernel.iter_mut().enumerate() {
        for (column, value) in values.iter_mut().enumerate() {
            let (x, y) = (column as f32 - RADIUS as f32, row as f32 - RADIUS as f32);
            let distance = x * across_x + y * across_y;
            let height = (-(x * x + y * y) / (2.0 * bell * bell)).exp();
            *value = height * (2.0 * PI * distance / period).cos();
            mean += *value / (SIDE * SIDE) as f32;
        }
    }
    let mut magnitude = 0.0;
    for value in kernel.iter_mut().flatten() {
        *value -= mean;
        magnitude += value.abs();
    }
    for value in kernel.iter_mut().flatten() {
        *value /= magnitude;
    }
    kernel
}

/// Index of the kernel for each coarse pixel.
fn kernel_of_each_pixel(field: &OrientationField, rng: &mut impl Rng) -> Vec<usize> {
    // The period differs from finger to finger and slowly over each.
    let middle: f32 = rng.random_range(0.8..(PERIODS - 1) as f32 - 0.8);
    let (slope_x, slope_y): (f32, f32) = (rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0));
    let mut choice = Vec::with_capacity(WIDTH * HEIGHT);
    for row in 0..HEIGHT {
        for column in 0..WIDTH {
            let x = (column * COARSE) as f32 - FINGER_WIDTH as f32 / 2.0;
            let y = FINGER_HEIGHT as f32 / 2.0 - (row * COARSE) as f32;
            let steps = field.at(x, y) / PI * DIRECTIONS as f32;
            let direction = (steps.round() as i32).rem_euclid(DIRECTIONS as i32) as usize;
            let period = middle + slope_x * x / FINGER_WIDTH as f32 + slope_y * y / FINGER_HEIGHT as f32;
            let period = (period.round().max(0.0) as usize).min(PERIODS - 1);
            choice.push(period * DIRECTIONS + direction);
        }
    }
    choice
}

/// Weights of four neighbours for a point half-way between the inner two: Catmull and Rom's spline.
const HALF_WAY: [f32; 4] = [-0.0625, 0.5625, 0.5625, -0.0625];

/// From coarse pixels to pixels of 500 dpi: the pixels between two are interpolated, first along rows, then columns.
fn enlarge(coarse: &[f32]) -> Vec<f32> {
    // Reads beyond the last pixel fall into the margin, which grew nothing and is 0.
    let mut wide = vec![0.0; FINGER_WIDTH * PADDED_HEIGHT];
    for y in 0..PADDED_HEIGHT {
        for x in 0..WIDTH {
            let at = y * PADDED_WIDTH + x + RADIUS;
            let around = &coarse[at - 1..at + 3];
            wide[y * FINGER_WIDTH + COARSE * x] = coarse[at];
            wide[y * FINGER_WIDTH + COARSE * x + 1] = around.iter().zip(HALF_WAY).map(|(v, w)| v * w).sum();
        }
    }
    let mut full = vec![0.0; FINGER_WIDTH * FINGER_HEIGHT];
    for y in 0..HEIGHT {
        for x in 0..FINGER_WIDTH {
            let row = |offset: usize| wide[(y + RADIUS + offset - 1) * FINGER_WIDTH + x];
            full[COARSE * y * FINGER_WIDTH + x] = row(1);
            full[(COARSE * y + 1) * FINGER_WIDTH + x] = (0..4).map(|i| row(i) * HALF_WAY[i]).sum();
        }
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_ignore_brightness_and_do_not_amplify() {
        for kernel in kernels() {
            let sum: f32 = kernel.iter().flatten().sum();
            let magnitude: f32 = kernel.iter().flatten().map(|value| value.abs()).sum();
            assert!(sum.abs() < 1e-4 && (magnitude - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn the_kernel_of_direction_zero_makes_horizontal_ridges() {
        let kernel = kernel(0, 2);
        let middle = kernel[RADIUS];
        assert!(
            middle[RADIUS] > 0.0 && middle[RADIUS + 1] > 0.0,
            "along the ridge"
        );
        assert!(kernel[RADIUS + 2][RADIUS] < 0.0, "half a period across it");
    }
}
