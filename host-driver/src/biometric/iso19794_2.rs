//! Finger minutiae records, ISO/IEC 19794-2:2005, clause 8 (the record format, not the card formats).
//!
//! All numbers are big-endian:
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | `FMR\0` |
//! | 4 | 4 | version, ` 20\0` |
//! | 8 | 4 | length of the record in bytes |
//! | 12 | 2 | capture equipment: 4 bits of certification, 12 bits of device type; 0 = not reported |
//! | 14 | 2 | width of the image in pixels |
//! | 16 | 2 | height |
//! | 18 | 2 | horizontal resolution in pixels per centimetre; 197 is 500 dpi |
//! | 20 | 2 | vertical resolution |
//! | 22 | 1 | number of finger views |
//! | 23 | 1 | reserved, 0 |
//!
//! then for each view:
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 1 | finger position |
//! | 1 | 1 | view number (4 bits), impression type (4 bits; 0 = live-scan plain) |
//! | 2 | 1 | finger quality, 0 to 100 |
//! | 3 | 1 | number of minutiae |
//! | 4 | 6 each | type (2 bits) and x (14 bits); reserved (2 bits) and y (14 bits); angle; quality |
//! | | 2 | length of the extended data that follows |

use nom::bytes::complete::{tag, take};
use nom::multi::count;
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};

use super::{FingerPosition, Minutia, MinutiaKind, Template};

/// Longest record that [`Template::to_iso19794_2`] makes, in bytes: two of them fit the chip beside all else.
pub const MAX_RECORD_LENGTH: usize = 500;

const MAGIC: &[u8] = b"FMR\0";
const VERSION: &[u8] = b" 20\0";
const HEADER_LENGTH: usize = 24;
const VIEW_HEADER_LENGTH: usize = 4;
const MINUTIA_LENGTH: usize = 6;
const EXTENDED_LENGTH: usize = 2;

/// Minutiae that a record of [`MAX_RECORD_LENGTH`] holds: 78.
const MAX_MINUTIAE: usize =
    (MAX_RECORD_LENGTH - HEADER_LENGTH - VIEW_HEADER_LENGTH - EXTENDED_LENGTH) / MINUTIA_LENGTH;

/// Coordinates have 14 bits; the two above are the type, or reserved.
const COORDINATE_MASK: u16 = 0x3FFF;

/// Centimetres per inch, times 100.
const CENTIMETRES_PER_INCH_X100: u32 = 254;

/// Why bytes are not a record that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It does not begin with `FMR\0`.
    #[error("this is not a finger minutiae record (ISO/IEC 19794-2)")]
    NotARecord,
    /// It is not of the 2005 edition. Ask whoever made it for that edition.
    #[error("the finger minutiae record is not of the 2005 edition (version ` 20`)")]
    Version,
    /// It ends too early, or a count in it is too large.
    #[error("the finger minutiae record ends too early")]
    Truncated,
    /// The length it states is not the length it has.
    #[error("the finger minutiae record says it has {stated} bytes, but has {actual}")]
    Length {
        /// Length in the header, in bytes.
        stated: u32,
        /// Bytes that there are.
        actual: usize,
    },
    /// It holds several impressions; see [`Template::all_from_iso19794_2`].
    #[error("the finger minutiae record holds {0} finger views where one is expected")]
    Views(u8),
    /// The resolution is 0, beyond 16 bits in dpi, or not the same in both directions.
    #[error(
        "the finger minutiae record has a resolution of {x} x {y} pixels/cm; usable is one for both directions"
    )]
    Resolution {
        /// Horizontal, in pixels per centimetre.
        x: u16,
        /// Vertical.
        y: u16,
    },
    /// There is no such finger (code above 10).
    #[error("the finger minutiae record names finger {0}; there are 0 to 10")]
    Finger(u8),
    /// A minutia has the reserved type 3.
    #[error("the finger minutiae record has a minutia of a type that the standard reserves")]
    MinutiaKind,
    /// A minutia is outside the image.
    #[error("the finger minutiae record has a minutia outside its image")]
    OutsideImage,
}

impl Template {
    /// The template as an ISO/IEC 19794-2:2005 record of at most [`MAX_RECORD_LENGTH`] bytes: if there are more than
    /// 78 minutiae, the best ones.
    pub fn to_iso19794_2(&self) -> Vec<u8> {
        let mut minutiae: Vec<&Minutia> = self.minutiae.iter().collect();
        minutiae.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
        minutiae.truncate(MAX_MINUTIAE);
        let length = HEADER_LENGTH + VIEW_HEADER_LENGTH + minutiae.len() * MINUTIA_LENGTH + EXTENDED_LENGTH;
        let resolution = pixels_per_centimetre(self.dpi).to_be_bytes();

        let mut record = Vec::with_capacity(length);
        record.extend_from_slice(MAGIC);
        record.extend_from_slice(VERSION);
        record.extend_from_slice(&(length as u32).to_be_bytes());
        record.extend_from_slice(&[0, 0]);
        record.extend_from_slice(&self.width.to_be_bytes());
        record.extend_from_slice(&self.height.to_be_bytes());
        record.extend_from_slice(&resolution);
        record.extend_from_slice(&resolution);
        record.extend_from_slice(&[1, 0]);
        record.extend_from_slice(&[self.finger.code(), 0, self.quality.min(100), minutiae.len() as u8]);
        for minutia in minutiae {
            let kind = match minutia.kind {
                MinutiaKind::Other => 0,
                MinutiaKind::RidgeEnding => 1,
                MinutiaKind::RidgeBifurcation => 2,
            };
            record.extend_from_slice(&((kind << 14) | (minutia.x & COORDINATE_MASK)).to_be_bytes());
            record.extend_from_slice(&(minutia.y & COORDINATE_MASK).to_be_bytes());
            record.extend_from_slice(&[minutia.angle, minutia.quality.min(100)]);
        }
        record.extend_from_slice(&[0, 0]);
        record
    }

    /// Reads a record with exactly one finger view, such as [`to_iso19794_2`](Self::to_iso19794_2) makes.
    ///
    /// # Errors
    /// What is wrong with the record; nothing in it is trusted.
    pub fn from_iso19794_2(record: &[u8]) -> Result<Self, RecordError> {
        let mut views = Self::all_from_iso19794_2(record)?;
        match (views.pop(), views.len()) {
            (Some(view), 0) => Ok(view),
            (view, others) => Err(RecordError::Views(others as u8 + u8::from(view.is_some()))),
        }
    }

    /// Reads a record with any number of finger views (none to 255), for instance several impressions of a finger.
    ///
    /// Extended data (ridge counts, cores, deltas, vendors' own) is passed over.
    ///
    /// # Errors
    /// What is wrong with the record; nothing in it is trusted.
    pub fn all_from_iso19794_2(record: &[u8]) -> Result<Vec<Self>, RecordError> {
        let (rest, ()) = magic(record, MAGIC).map_err(|_| RecordError::NotARecord)?;
        let (rest, ()) = magic(rest, VERSION).map_err(|_| RecordError::Version)?;
        let (rest, header) = header(rest).map_err(|_| RecordError::Truncated)?;
        if usize::try_from(header.length) != Ok(record.len()) {
            return Err(RecordError::Length {
                stated: header.length,
                actual: record.len(),
            });
        }
        let dpi = header.dpi()?;
        let (_, views) = count(view, usize::from(header.views))
            .parse(rest)
            .map_err(|_| RecordError::Truncated)?;
        views
            .into_iter()
            .map(|view| view.template(&header, dpi))
            .collect()
    }
}

/// The record's fields between version and first view.
struct Header {
    length: u32,
    width: u16,
    height: u16,
    x_resolution: u16,
    y_resolution: u16,
    views: u8,
}

impl Header {
    fn dpi(&self) -> Result<u16, RecordError> {
        let refused = RecordError::Resolution {
            x: self.x_resolution,
            y: self.y_resolution,
        };
        let dpi = (u32::from(self.x_resolution) * CENTIMETRES_PER_INCH_X100 + 50) / 100;
        match u16::try_from(dpi) {
            Ok(dpi) if dpi > 0 && self.x_resolution == self.y_resolution => Ok(dpi),
            _ => Err(refused),
        }
    }
}

/// One finger view as it stands in the record.
struct View {
    finger: u8,
    quality: u8,
    minutiae: Vec<RawMinutia>,
}

/// One minutia as it stands in the record.
struct RawMinutia {
    kind_and_x: u16,
    reserved_and_y: u16,
    angle: u8,
    quality: u8,
}

impl View {
    fn template(self, header: &Header, dpi: u16) -> Result<Template, RecordError> {
        let mut minutiae = Vec::with_capacity(self.minutiae.len());
        for raw in self.minutiae {
            let (x, y) = (
                raw.kind_and_x & COORDINATE_MASK,
                raw.reserved_and_y & COORDINATE_MASK,
            );
            if x >= header.width || y >= header.height {
                return Err(RecordError::OutsideImage);
            }
            let kind = match raw.kind_and_x >> 14 {
                0 => MinutiaKind::Other,
                1 => MinutiaKind::RidgeEnding,
                2 => MinutiaKind::RidgeBifurcation,
                _ => return Err(RecordError::MinutiaKind),
            };
            // The standard reserves qualities above 100; some makers write 255 for "none".
            let quality = if raw.quality > 100 { 0 } else { raw.quality };
            minutiae.push(Minutia {
                x,
                y,
                angle: raw.angle,
                kind,
                quality,
            });
        }
        minutiae.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
        Ok(Template {
            width: header.width,
            height: header.height,
            dpi,
            finger: FingerPosition::from_code(self.finger).ok_or(RecordError::Finger(self.finger))?,
            quality: if self.quality > 100 { 0 } else { self.quality },
            minutiae,
        })
    }
}

fn pixels_per_centimetre(dpi: u16) -> u16 {
    let rounded = (u32::from(dpi) * 100 + CENTIMETRES_PER_INCH_X100 / 2) / CENTIMETRES_PER_INCH_X100;
    rounded.max(1) as u16
}

fn magic<'a>(input: &'a [u8], word: &'static [u8]) -> IResult<&'a [u8], ()> {
    tag(word).map(|_| ()).parse(input)
}

fn header(input: &[u8]) -> IResult<&[u8], Header> {
    let (input, (length, _equipment, width, height)) = (be_u32, be_u16, be_u16, be_u16).parse(input)?;
    let (input, (x_resolution, y_resolution, views, _reserved)) =
        (be_u16, be_u16, be_u8, be_u8).parse(input)?;
    Ok((
        input,
        Header {
            length,
            width,
            height,
            x_resolution,
            y_resolution,
            views,
        },
    ))
}

fn view(input: &[u8]) -> IResult<&[u8], View> {
    let (input, (finger, _number_and_impression, quality, minutiae)) =
        (be_u8, be_u8, be_u8, be_u8).parse(input)?;
    let (input, minutiae) = count(minutia, usize::from(minutiae)).parse(input)?;
    let (input, extended) = be_u16(input)?;
    let (input, _) = take(extended).parse(input)?;
    Ok((
        input,
        View {
            finger,
            quality,
            minutiae,
        },
    ))
}

fn minutia(input: &[u8]) -> IResult<&[u8], RawMinutia> {
    (be_u16, be_u16, be_u8, be_u8)
        .map(|(kind_and_x, reserved_and_y, angle, quality)| RawMinutia {
            kind_and_x,
            reserved_and_y,
            angle,
            quality,
        })
        .parse(input)
}

#[cfg(test)]
mod tests;
