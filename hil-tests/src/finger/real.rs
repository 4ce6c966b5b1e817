//! Real scans, read from their folder where there is one. They are never part of the repository.

use std::io;
use std::path::{Path, PathBuf};

use super::{Impression, tiff};
use host_driver::biometric::NOMINAL_DPI;

/// Environment variable that names the folder.
const VARIABLE: &str = "LOKET_FINGERPRINTS";
/// Where the folder is looked for otherwise: beside the repository.
const BESIDE_REPOSITORY: &str = "shared/fingerprints";

/// Why a scan cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ScansError {
    /// The folder is nowhere. Tests that need it skip.
    #[error("no folder of real scans; set {VARIABLE} to the one that holds fvc2002-db1b")]
    NoFolder,
    /// A file cannot be read.
    #[error("cannot read the scan `{path}`: {source}", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not an image of the expected kind.
    #[error("a scan is not an 8-bit grey, uncompressed TIFF file of one strip")]
    NotGreyTiff,
}

/// A set of evaluation images: fingers 101 to 110, impressions 1 to 8 of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanSet {
    /// FVC2002 DB1, set B: optical sensor, 388 x 374 pixels, 500 dpi.
    Fvc2002Db1B,
    /// FVC2002 DB2, set B: optical sensor, 296 x 560 pixels, 569 dpi.
    Fvc2002Db2B,
}

impl ScanSet {
    /// Numbers of the fingers.
    pub const FINGERS: std::ops::RangeInclusive<u16> = 101..=110;
    /// Numbers of the impressions of each finger.
    pub const IMPRESSIONS: std::ops::RangeInclusive<u16> = 1..=8;

    const fn folder(self) -> &'static str {
        match self {
            Self::Fvc2002Db1B => "fvc2002-db1b",
            Self::Fvc2002Db2B => "fvc2002-db2b",
        }
    }

    /// Nominal resolution in dots per inch.
    const fn dpi(self) -> u16 {
        match self {
            Self::Fvc2002Db1B => 500,
            Self::Fvc2002Db2B => 569,
        }
    }
}

/// The folder of real scans.
#[derive(Debug, Clone)]
pub struct RealScans {
    folder: PathBuf,
}

impl RealScans {
    /// Looks for the folder: `LOKET_FINGERPRINTS`, else `shared/fingerprints` beside the repository or above it.
    ///
    /// # Errors
    /// [`ScansError::NoFolder`].
    pub fn find() -> Result<Self, ScansError> {
        let named = std::env::var_os(VARIABLE).map(PathBuf::from);
        let room = Path::new(env!("CARGO_MANIFEST_DIR"));
        let beside = room
            .ancestors()
            .skip(2)
            .map(|above| above.join(BESIDE_REPOSITORY));
        named
            .into_iter()
            .chain(beside)
            .find(|folder| folder.join(ScanSet::Fvc2002Db1B.folder()).is_dir())
            .map(|folder| Self { folder })
            .ok_or(ScansError::NoFolder)
    }

    /// An impression as the counter's sensor would see it: brought to 500 dpi, the middle of the finger in the middle
    /// of the glass.
    ///
    /// # Errors
    /// If the file is not there, or not of the kind that it should be.
    pub fn impression(&self, set: ScanSet, finger: u16, impression: u16) -> Result<Impression, ScansError> {
        let path = self
            .folder
            .join(set.folder())
            .join(format!("{finger}_{impression}.tif"));
        let file = std::fs::read(&path).map_err(|source| ScansError::Unreadable { path, source })?;
        let (width, height, pixels) = tiff::grey_pixels(&file)?;
        let (width, height, pixels) = to_nominal_dpi(width, height, pixels, set.dpi());
        Ok(Impression::lay(
            width,
            height,
            &pixels,
            middle_of_finger(width, height, &pixels),
        ))
    }
}

/// Brings an image to [`NOMINAL_DPI`] by linear interpolation.
fn to_nominal_dpi(width: usize, height: usize, pixels: Vec<u8>, dpi: u16) -> (usize, usize, Vec<u8>) {
    if dpi == NOMINAL_DPI {
        return (width, height, pixels);
    }
    let scale = f32::from(dpi) / f32::from(NOMINAL_DPI);
    let new_width = (width as f32 / scale) as usize;
    let new_height = (height as f32 / scale) as usize;
    let mut scaled = Vec::with_capacity(new_width * new_height);
    for y in 0..new_height {
        for x in 0..new_width {
            let (from_x, from_y) = (x as f32 * scale, y as f32 * scale);
            let (left, top) = (from_x as usize, from_y as usize);
            let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
            let (u, v) = (from_x - left as f32, from_y - top as f32);
            let at = |x: usize, y: usize| f32::from(pixels[y * width + x]);
            let upper = at(left, top) * (1.0 - u) + at(right, top) * u;
            let lower = at(left, bottom) * (1.0 - u) + at(right, bottom) * u;
            scaled.push((upper * (1.0 - v) + lower * v).round() as u8);
        }
    }
    (new_width, new_height, scaled)
}

/// Side of the squares in which ridges are looked for, in pixels.
const BLOCK: usize = 16;
/// Range of grey values in a square that shows ridges.
const RIDGE_RANGE: u8 = 80;

/// Where the middle of the ridges is; the middle of the image if there are none.
fn middle_of_finger(width: usize, height: usize, pixels: &[u8]) -> (usize, usize) {
    let (mut sum_x, mut sum_y, mut count) = (0, 0, 0_usize);
    for top in (0..height.saturating_sub(BLOCK)).step_by(BLOCK) {
        for left in (0..width.saturating_sub(BLOCK)).step_by(BLOCK) {
            let rows = (top..top + BLOCK).map(|y| &pixels[y * width + left..y * width + left + BLOCK]);
            let (low, high) = rows.flatten().fold((u8::MAX, u8::MIN), |(low, high), pixel| {
                (low.min(*pixel), high.max(*pixel))
            });
            if high - low >= RIDGE_RANGE {
                sum_x += left + BLOCK / 2;
                sum_y += top + BLOCK / 2;
                count += 1;
            }
        }
    }
    let mean = |sum: usize| sum.checked_div(count);
    mean(sum_x).zip(mean(sum_y)).unwrap_or((width / 2, height / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use host_driver::biometric::extract;

    #[test]
    fn the_finger_is_laid_in_the_middle_of_the_glass() {
        // Stripes in the lower right corner of a white image.
        let (width, height) = (388, 374);
        let mut pixels = vec![255; width * height];
        for y in 240..368 {
            for x in 256..384 {
                pixels[y * width + x] = if y % 9 < 5 { 20 } else { 230 };
            }
        }
        let (x, y) = middle_of_finger(width, height, &pixels);
        assert!(x.abs_diff(320) <= 8 && y.abs_diff(304) <= 8, "{x} {y}");
    }

    #[test]
    fn another_resolution_is_brought_to_500_dpi() {
        let (width, height, pixels) = to_nominal_dpi(296, 560, vec![77; 296 * 560], 569);
        assert_eq!((width, height), (260, 492));
        assert!(pixels.iter().all(|pixel| *pixel == 77));
    }

    #[test]
    fn real_scans_can_be_read_if_their_folder_is_there() {
        let scans = match RealScans::find() {
            Ok(scans) => scans,
            Err(reason) => return eprintln!("skipped: {reason}"),
        };
        for set in [ScanSet::Fvc2002Db1B, ScanSet::Fvc2002Db2B] {
            let impression = scans.impression(set, 101, 1).unwrap();
            let template = extract(impression.image()).unwrap();
            assert!(template.minutiae.len() >= 20, "{set:?}: {template:?}");
        }
    }
}
