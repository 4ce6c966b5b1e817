//! What is kept of a finger: its minutiae.

use std::fmt;

use super::{FingerPosition, NOMINAL_DPI};

/// What happens to the ridge at a minutia; the values are the type bits of ISO/IEC 19794-2:2005, 7.5.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinutiaKind {
    /// Not told apart. MINDTCT's port does not report the type, and the matcher does not use it.
    Other,
    /// The ridge ends.
    RidgeEnding,
    /// The ridge forks.
    RidgeBifurcation,
}

/// One minutia, in the units of an ISO/IEC 19794-2 record.
///
/// Only this room's tests can print it: minutiae are biometric data and have no place in a log.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Minutia {
    /// Pixels from the left edge, below the template's width; 14 bits at most.
    pub x: u16,
    /// Pixels from the upper edge, below the template's height; 14 bits at most.
    pub y: u16,
    /// Direction of the ridge at the minutia in units of 360° / 256 = 1.40625°, anticlockwise from the positive x axis.
    pub angle: u8,
    /// What happens to the ridge.
    pub kind: MinutiaKind,
    /// Reliability from 1 to 100; 0 means "not reported".
    pub quality: u8,
}

/// The minutiae of one impression of one finger.
///
/// Its makers ([`extract`](super::extract()) and the record's parser) put the best minutiae first.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    /// Width of the image in pixels.
    pub width: u16,
    /// Height of the image in pixels.
    pub height: u16,
    /// Resolution of the image in dots per inch, the same in both directions.
    pub dpi: u16,
    /// Which finger.
    pub finger: FingerPosition,
    /// Quality of the impression, 0 (worst) to 100 (best): the mean reliability of its minutiae.
    pub quality: u8,
    /// The minutiae, best first.
    pub minutiae: Vec<Minutia>,
}

impl Template {
    /// The same template, said to be of `finger`.
    #[must_use]
    pub fn of(mut self, finger: FingerPosition) -> Self {
        self.finger = finger;
        self
    }

    /// The minutiae as the matcher wants them: NBIS' own convention (origin at the bottom, angle in degrees pointing
    /// away from the ridge), at [`NOMINAL_DPI`], the best 150.
    pub(super) fn to_matcher(&self) -> Vec<fprint_bozorth3::Minutia> {
        let mut best: Vec<&Minutia> = self.minutiae.iter().collect();
        // NBIS' bz_load keeps the best 150 by quality; the port keeps the first 150 that it is given.
        best.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
        best.truncate(fprint_bozorth3::DEFAULT_BOZORTH_MINUTIAE);
        best.into_iter()
            .map(|minutia| fprint_bozorth3::Minutia {
                x: self.to_nominal(minutia.x),
                y: self.to_nominal(self.height.saturating_sub(minutia.y)),
                theta: matcher_degrees(minutia.angle),
            })
            .collect()
    }

    /// A distance of the image's resolution in pixels of [`NOMINAL_DPI`].
    fn to_nominal(&self, pixels: u16) -> i32 {
        // 197 pixels/cm, the record's way to say 500 dpi, must not be rescaled.
        if self.dpi.abs_diff(NOMINAL_DPI) <= 2 || self.dpi == 0 {
            return i32::from(pixels);
        }
        let dpi = i32::from(self.dpi);
        (i32::from(pixels) * i32::from(NOMINAL_DPI) + dpi / 2) / dpi
    }
}

impl fmt::Debug for Template {
    /// Shows counts and sizes only: minutiae are biometric data and have no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Template({:?}, {} minutiae, {} x {} at {} dpi, quality {})",
            self.finger,
            self.minutiae.len(),
            self.width,
            self.height,
            self.dpi,
            self.quality
        )
    }
}

/// A record's angle from NBIS' degrees (0..=359): the record's direction points along the ridge, NBIS' away from it
/// (`xytreps.c`, `lfs2nist_minutia_XYT`: "opposite direction from M1").
pub(super) fn record_angle(degrees: i32) -> u8 {
    // MINDTCT's directions are multiples of 11.25° = 8 units, rounded to degrees: nothing is lost here.
    let opposite = (degrees + 180).rem_euclid(360);
    ((opposite * 256 + 180) / 360) as u8
}

/// NBIS' degrees (0..=359) from a record's angle; undoes [`record_angle`].
fn matcher_degrees(angle: u8) -> i32 {
    // Halves go down: NBIS subtracts a direction whose halves were rounded up.
    ((i32::from(angle) * 360 + 127) / 256 + 180) % 360
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_direction_of_the_extractor_survives_the_record_s_units() {
        for direction in 0..32 {
            // lfs2nist_minutia_XYT: sround(direction * 11.25), then (270 - degrees) mod 360.
            let degrees = (270 - (f64::from(direction) * 11.25).round() as i32).rem_euclid(360);
            assert_eq!(
                matcher_degrees(record_angle(degrees)),
                degrees,
                "direction {direction}"
            );
        }
        assert_eq!(record_angle(180), 0);
        assert_eq!(record_angle(270), 64);
    }

    #[test]
    fn another_resolution_is_brought_to_the_nominal_one() {
        let minutia = Minutia {
            x: 569,
            y: 0,
            angle: 0,
            kind: MinutiaKind::Other,
            quality: 50,
        };
        let template = |dpi| Template {
            width: 1000,
            height: 569,
            dpi,
            finger: FingerPosition::Unknown,
            quality: 50,
            minutiae: vec![minutia],
        };
        let at = |dpi| (template(dpi).to_matcher()[0].x, template(dpi).to_matcher()[0].y);
        assert_eq!(at(569), (500, 500));
        assert_eq!(at(500), (569, 569));
        assert_eq!(at(501), (569, 569));
    }

    #[test]
    fn debug_output_shows_no_minutiae() {
        let template = Template {
            width: 256,
            height: 288,
            dpi: 500,
            finger: FingerPosition::RightIndex,
            quality: 7,
            minutiae: Vec::new(),
        };
        assert_eq!(
            format!("{template:?}"),
            "Template(RightIndex, 0 minutiae, 256 x 288 at 500 dpi, quality 7)"
        );
    }
}
