//! The one kind of TIFF file that the evaluation images are: 8-bit grey, uncompressed (TIFF 6.0, section 4).

use super::real::ScansError;

// Tags of TIFF 6.0, section 8.
const IMAGE_WIDTH: u16 = 256;
const IMAGE_LENGTH: u16 = 257;
const BITS_PER_SAMPLE: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const STRIP_OFFSETS: u16 = 273;
const SAMPLES_PER_PIXEL: u16 = 277;
const STRIP_BYTE_COUNTS: u16 = 279;

/// Bytes of one entry of an image file directory.
const ENTRY_LENGTH: usize = 12;

/// Byte order of the file: `II` little-endian, `MM` big-endian.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

struct Bytes<'a>(&'a [u8], Order);

impl Bytes<'_> {
    fn u16(&self, offset: usize) -> Option<u16> {
        let bytes = self.0.get(offset..)?.first_chunk()?;
        Some(match self.1 {
            Order::Little => u16::from_le_bytes(*bytes),
            Order::Big => u16::from_be_bytes(*bytes),
        })
    }

    fn u32(&self, offset: usize) -> Option<u32> {
        let bytes = self.0.get(offset..)?.first_chunk()?;
        Some(match self.1 {
            Order::Little => u32::from_le_bytes(*bytes),
            Order::Big => u32::from_be_bytes(*bytes),
        })
    }

    /// The only value of `tag` in the directory at `directory`; `None` if it is missing or a list.
    fn value(&self, directory: usize, tag: u16) -> Option<usize> {
        let entries = usize::from(self.u16(directory)?);
        let entry = (0..entries)
            .map(|i| directory + 2 + i * ENTRY_LENGTH)
            .find(|at| self.u16(*at) == Some(tag))?;
        let (kind, count) = (self.u16(entry + 2)?, self.u32(entry + 4)?);
        match (kind, count) {
            (3, 1) => Some(usize::from(self.u16(entry + 8)?)),
            (4, 1) => usize::try_from(self.u32(entry + 8)?).ok(),
            _ => None,
        }
    }
}

/// Width, height and pixels (0 = black) of a TIFF file.
pub(super) fn grey_pixels(file: &[u8]) -> Result<(usize, usize, Vec<u8>), ScansError> {
    decode(file).ok_or(ScansError::NotGreyTiff)
}

fn decode(file: &[u8]) -> Option<(usize, usize, Vec<u8>)> {
    let order = match file.get(..4)? {
        [b'I', b'I', 42, 0] => Order::Little,
        [b'M', b'M', 0, 42] => Order::Big,
        _ => return None,
    };
    let bytes = Bytes(file, order);
    let directory = bytes.u32(4)? as usize;
    let value = |tag| bytes.value(directory, tag);
    // One byte a pixel, not compressed, black is zero, all in one strip.
    let as_expected = value(BITS_PER_SAMPLE)? == 8
        && value(COMPRESSION).unwrap_or(1) == 1
        && value(PHOTOMETRIC)? == 1
        && value(SAMPLES_PER_PIXEL).unwrap_or(1) == 1;
    let (width, height) = (value(IMAGE_WIDTH)?, value(IMAGE_LENGTH)?);
    let length = width.checked_mul(height)?;
    if !as_expected || value(STRIP_BYTE_COUNTS)? < length {
        return None;
    }
    let begin = value(STRIP_OFFSETS)?;
    let pixels = file.get(begin..begin.checked_add(length)?)?;
    Some((width, height, pixels.to_vec()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A grey TIFF file as the evaluation images are.
    pub(in crate::finger) fn tiff(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
        let entries: [(u16, u16, u32); 7] = [
            (IMAGE_WIDTH, 4, width),
            (IMAGE_LENGTH, 4, height),
            (BITS_PER_SAMPLE, 3, 8),
            (COMPRESSION, 3, 1),
            (PHOTOMETRIC, 3, 1),
            (STRIP_OFFSETS, 4, 8),
            (STRIP_BYTE_COUNTS, 4, pixels.len() as u32),
        ];
        let mut file = b"II\x2a\0".to_vec();
        file.extend_from_slice(&(8 + pixels.len() as u32).to_le_bytes());
        file.extend_from_slice(pixels);
        file.extend_from_slice(&(entries.len() as u16).to_le_bytes());
        for (tag, kind, value) in entries {
            file.extend_from_slice(&tag.to_le_bytes());
            file.extend_from_slice(&kind.to_le_bytes());
            file.extend_from_slice(&1_u32.to_le_bytes());
            file.extend_from_slice(&value.to_le_bytes());
        }
        file
    }

    #[test]
    fn a_grey_tiff_gives_its_pixels() {
        let file = tiff(3, 2, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(grey_pixels(&file).unwrap(), (3, 2, vec![1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn another_file_is_refused() {
        assert!(grey_pixels(b"II\x2b\0").is_err());
        let mut short = tiff(3, 2, &[1, 2, 3, 4, 5, 6]);
        short.truncate(30);
        assert!(grey_pixels(&short).is_err());
    }

    proptest! {
        #[test]
        fn a_damaged_file_never_panics(place in 0..100_usize, value: u8, cut in 0..100_usize) {
            let mut file = tiff(3, 2, &[1, 2, 3, 4, 5, 6]);
            let place = place % file.len();
            file[place] = value;
            file.truncate(file.len() - cut % file.len());
            let _ = grey_pixels(&file);
        }
    }
}
