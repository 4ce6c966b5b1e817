//! What goes onto a chip, and its encoding into the seven elementary files.

use serde::Serialize;
use thiserror::Error;
use time::{Date, Month};

use super::{
    biodata::{Biodata, BiodataError},
    profile::{CardProfile, DataGroup},
};

/// Bytes of the card control file in this project's profile; the shorter of the two known lengths.
pub const CARD_CONTROL_LENGTH: usize = 29;

/// Version of the profile in byte 0 of card control.
const PROFILE_VERSION: u8 = 1;

/// Byte 1 of card control: ECDSA with P-256 and SHA-256, signature as r then s (BSI TR-03111, 5.2.1, plain format).
const ALGORITHM_ECDSA_P256_SHA256: u8 = 1;

/// First bytes of SHA-256 over an office's public key (DER `SubjectPublicKeyInfo`): which key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KeyId(pub [u8; 8]);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for KeyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Card control: what may be known of a card without reading about its holder.
///
/// Wire (EF 6FF0, 29 bytes): `| version = 1 | algorithm = 1 | key: 8 | application: u64 BE | issued: BCD YYYYMMDD | zero: 7 |`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CardControl {
    /// The office key that signed the content.
    pub key: KeyId,
    /// Number of the application that the chip was filled for, so that a card found after a crash tells whose it is.
    pub application: u64,
    /// Date of issue, years 1 to 9999.
    pub issued: Date,
}

/// Two decimal digits in one byte.
const fn to_bcd(number: u8) -> u8 {
    ((number / 10) << 4) | (number % 10)
}

/// One byte of two decimal digits.
fn from_bcd(byte: u8) -> Option<u8> {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    (tens < 10 && ones < 10).then_some(tens * 10 + ones)
}

impl CardControl {
    /// The content of EF 6FF0.
    fn encode(&self) -> Vec<u8> {
        let year = self.issued.year().clamp(0, 9999) as u16;
        let mut bytes = vec![PROFILE_VERSION, ALGORITHM_ECDSA_P256_SHA256];
        bytes.extend_from_slice(&self.key.0);
        bytes.extend_from_slice(&self.application.to_be_bytes());
        bytes.extend_from_slice(&[to_bcd((year / 100) as u8), to_bcd((year % 100) as u8)]);
        bytes.extend_from_slice(&[to_bcd(self.issued.month().into()), to_bcd(self.issued.day())]);
        bytes.resize(CARD_CONTROL_LENGTH, 0);
        bytes
    }

    /// Reads the content of EF 6FF0; reserved bytes are ignored.
    ///
    /// # Errors
    /// [`ContentError::CardControl`] for another profile, algorithm, length or an impossible date.
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let bytes: &[u8; CARD_CONTROL_LENGTH] = bytes.try_into().map_err(|_| ContentError::CardControl)?;
        let [PROFILE_VERSION, ALGORITHM_ECDSA_P256_SHA256, rest @ ..] = bytes else {
            return Err(ContentError::CardControl);
        };
        let (key, rest) = rest.split_first_chunk().ok_or(ContentError::CardControl)?;
        let (application, rest) = rest.split_first_chunk().ok_or(ContentError::CardControl)?;
        let date = |[c, y, m, d]: [u8; 4]| {
            let year = i32::from(from_bcd(c)?) * 100 + i32::from(from_bcd(y)?);
            Date::from_calendar_date(year, Month::try_from(from_bcd(m)?).ok()?, from_bcd(d)?).ok()
        };
        let issued = rest
            .first_chunk()
            .copied()
            .and_then(date)
            .ok_or(ContentError::CardControl)?;
        Ok(Self {
            key: KeyId(*key),
            application: u64::from_be_bytes(*application),
            issued,
        })
    }
}

/// The holder's handwritten signature: 168 × 44 pixels, one bit a pixel.
///
/// Rows from the top, 21 bytes each; in a byte the highest bit is the leftmost pixel; 1 is ink.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureBitmap(Box<[u8; Self::BYTES]>);

impl SignatureBitmap {
    /// Pixels in a row.
    pub const WIDTH: usize = 168;
    /// Rows.
    pub const HEIGHT: usize = 44;
    /// Bytes of the whole bitmap: 924.
    pub const BYTES: usize = Self::WIDTH / 8 * Self::HEIGHT;

    /// Takes the bitmap's 924 bytes.
    ///
    /// # Errors
    /// [`ContentError::SignatureSize`] for any other number of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentError> {
        let bytes: [u8; Self::BYTES] = bytes
            .try_into()
            .map_err(|_| ContentError::SignatureSize(bytes.len()))?;
        Ok(Self(Box::new(bytes)))
    }

    /// The bitmap's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Whether there is ink at column `x`, row `y`; outside there is none.
    pub fn ink(&self, x: usize, y: usize) -> bool {
        x < Self::WIDTH && y < Self::HEIGHT && self.0[y * (Self::WIDTH / 8) + x / 8] & (0x80 >> (x % 8)) != 0
    }
}

impl std::fmt::Debug for SignatureBitmap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignatureBitmap(..)")
    }
}

/// The data groups that an office signs: everything on the chip but the signature itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataGroups {
    /// Card control. Signing sets its `key`.
    pub card_control: CardControl,
    /// The holder's data.
    pub biodata: Biodata,
    /// Portrait: a JPEG file of at most 4,094 bytes.
    pub photo_jpeg: Vec<u8>,
    /// Handwritten signature.
    pub signature: SignatureBitmap,
    /// Minutiae records of the two fingers (ISO/IEC 19794-2:2005, `FMR`), at most 766 bytes each.
    pub templates: [Vec<u8>; 2],
}

/// Everything on a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipContent {
    /// What is signed.
    pub groups: DataGroups,
    /// The office's signature, see [`super::OfficeKey::sign`].
    pub digital_signature: Vec<u8>,
}

/// Why content cannot go onto a chip, or what a chip holds is not such content. Never says what a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ContentError {
    /// More than the file can hold. Nothing was written.
    #[error("the {group} needs {needed} bytes but its file on the chip holds {capacity}: {}", remedy(*.group))]
    TooLarge {
        /// Which part.
        group: DataGroup,
        /// Bytes of content.
        needed: usize,
        /// Bytes the file can hold.
        capacity: usize,
    },
    /// Nothing to write.
    #[error("the {0} is empty: complete the record before the card is made")]
    Empty(DataGroup),
    /// The biodata line.
    #[error(transparent)]
    Biodata(#[from] BiodataError),
    /// Not JPEG.
    #[error("the photo is not a complete JPEG file: take the photo again")]
    PhotoFormat,
    /// Signature bitmap of another size.
    #[error("the signature bitmap has {0} bytes instead of {expected}: scan the signature again", expected = SignatureBitmap::BYTES)]
    SignatureSize(usize),
    /// Not a finger minutiae record.
    #[error("the {0} is not an ISO/IEC 19794-2 record: enrol the finger again")]
    TemplateFormat(DataGroup),
    /// Card control of another profile.
    #[error("the chip's card control is not of this profile: the card was made elsewhere or is damaged")]
    CardControl,
}

/// What to do about a part that is too large.
fn remedy(group: DataGroup) -> &'static str {
    match group {
        DataGroup::Photo => "compress the photo more",
        DataGroup::FirstFinger | DataGroup::SecondFinger => "keep fewer minutiae",
        DataGroup::Biodata => "shorten the address in the record",
        _ => "this is a fault of the program, report it",
    }
}

/// The content of the seven elementary files as bytes, without length prefixes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ChipImage {
    files: [Vec<u8>; 7],
}

impl ChipImage {
    /// Content of the file of `group`; empty when it was not set.
    pub fn get(&self, group: DataGroup) -> &[u8] {
        &self.files[group.index()]
    }

    /// Sets the content of the file of `group`.
    pub fn set(&mut self, group: DataGroup, content: Vec<u8>) {
        self.files[group.index()] = content;
    }

    /// Bytes of all files together, without length prefixes.
    pub fn total(&self) -> usize {
        self.files.iter().map(Vec::len).sum()
    }

    /// Checks that every part is there and fits its file in `profile`.
    ///
    /// # Errors
    /// [`ContentError::Empty`] or [`ContentError::TooLarge`] for the first part that does not.
    pub fn check_fits(&self, profile: &CardProfile) -> Result<(), ContentError> {
        for group in DataGroup::ALL {
            let (needed, capacity) = (self.get(group).len(), profile.capacity(group));
            if needed == 0 {
                return Err(ContentError::Empty(group));
            }
            if needed > capacity {
                return Err(ContentError::TooLarge {
                    group,
                    needed,
                    capacity,
                });
            }
        }
        Ok(())
    }

    /// The first place where `other` differs: the part, and the offset in it.
    pub fn first_difference(&self, other: &Self) -> Option<(DataGroup, usize)> {
        DataGroup::ALL.into_iter().find_map(|group| {
            let (ours, theirs) = (self.get(group), other.get(group));
            let same = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
            (same < ours.len().max(theirs.len())).then_some((group, same))
        })
    }

    /// Reads the bytes as content.
    ///
    /// # Errors
    /// [`ContentError`] when a part is not what its file should hold.
    pub fn decode(&self) -> Result<ChipContent, ContentError> {
        let groups = DataGroups {
            card_control: CardControl::decode(self.get(DataGroup::CardControl))?,
            biodata: Biodata::decode(self.get(DataGroup::Biodata))?,
            photo_jpeg: self.get(DataGroup::Photo).to_vec(),
            signature: SignatureBitmap::from_bytes(self.get(DataGroup::Signature))?,
            templates: [
                self.get(DataGroup::FirstFinger).to_vec(),
                self.get(DataGroup::SecondFinger).to_vec(),
            ],
        };
        groups.check_formats()?;
        Ok(ChipContent {
            groups,
            digital_signature: self.get(DataGroup::DigitalSignature).to_vec(),
        })
    }
}

/// Shows sizes only.
impl std::fmt::Debug for ChipImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes = DataGroup::ALL.map(|group| (group.name(), self.get(group).len()));
        f.write_str("ChipImage ")?;
        f.debug_map().entries(sizes).finish()
    }
}

impl DataGroups {
    /// Checks the parts that are files of a public format.
    fn check_formats(&self) -> Result<(), ContentError> {
        // Start and end of image (ITU-T T.81, B.1.1.3): finds a photo that was cut off.
        if !(self.photo_jpeg.starts_with(&[0xFF, 0xD8]) && self.photo_jpeg.ends_with(&[0xFF, 0xD9])) {
            return Err(ContentError::PhotoFormat);
        }
        let groups = [DataGroup::FirstFinger, DataGroup::SecondFinger];
        for (group, template) in groups.into_iter().zip(&self.templates) {
            // Format identifier (ISO/IEC 19794-2:2005, 7.3.1).
            if !template.starts_with(b"FMR\0") {
                return Err(ContentError::TemplateFormat(group));
            }
        }
        Ok(())
    }

    /// The data groups as the bytes of their files; the digital signature stays empty.
    ///
    /// # Errors
    /// [`ContentError`] for a part that is not of its format.
    pub fn encode(&self) -> Result<ChipImage, ContentError> {
        self.check_formats()?;
        let [first, second] = &self.templates;
        let mut image = ChipImage::default();
        image.set(DataGroup::CardControl, self.card_control.encode());
        image.set(DataGroup::Biodata, self.biodata.encode()?);
        image.set(DataGroup::Photo, self.photo_jpeg.clone());
        image.set(DataGroup::Signature, self.signature.as_bytes().to_vec());
        image.set(DataGroup::FirstFinger, first.clone());
        image.set(DataGroup::SecondFinger, second.clone());
        Ok(image)
    }
}

impl ChipContent {
    /// The content as the bytes of the seven files.
    ///
    /// # Errors
    /// [`ContentError`] for a part that is not of its format.
    pub fn encode(&self) -> Result<ChipImage, ContentError> {
        let mut image = self.groups.encode()?;
        image.set(DataGroup::DigitalSignature, self.digital_signature.clone());
        Ok(image)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use time::macros::date;

    use super::*;
    use crate::card::{biodata, profile::KTP_EL};

    /// Content of an invented person, with a photo of `photo` bytes.
    pub(crate) fn invented(photo: usize) -> DataGroups {
        let mut photo_jpeg = vec![0xFF, 0xD8];
        photo_jpeg.extend((2..photo - 2).map(|i| (i * 7) as u8));
        photo_jpeg.extend_from_slice(&[0xFF, 0xD9]);
        let template = |seed: u8| {
            let mut record = b"FMR\0 20\0".to_vec();
            record.extend((0..392u16).map(|i| (i as u8).wrapping_mul(seed)));
            record
        };
        DataGroups {
            card_control: CardControl {
                key: KeyId::default(),
                application: 42,
                issued: date!(2024 - 05 - 17),
            },
            biodata: biodata::tests::invented(),
            photo_jpeg,
            signature: SignatureBitmap::from_bytes(&[0x5A; SignatureBitmap::BYTES]).unwrap(),
            templates: [template(3), template(5)],
        }
    }

    fn content() -> ChipContent {
        ChipContent {
            groups: invented(3000),
            digital_signature: vec![7; 64],
        }
    }

    #[test]
    fn content_survives_the_chip() {
        let image = content().encode().unwrap();
        assert_eq!(image.check_fits(&KTP_EL), Ok(()));
        assert_eq!(image.decode(), Ok(content()));
    }

    #[test]
    fn card_control_has_its_documented_bytes() {
        let mut control = content().groups.card_control;
        control.key = KeyId([1, 2, 3, 4, 5, 6, 7, 8]);
        #[rustfmt::skip]
        let expected = [
            0x01, 0x01,                                     // version, algorithm
            0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, // key
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2A, // application 42
            0x20, 0x24, 0x05, 0x17,                         // 17 May 2024
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,       // reserved
        ];
        assert_eq!(control.encode(), expected);
        assert_eq!(CardControl::decode(&expected), Ok(control));
    }

    #[test]
    fn a_photo_that_does_not_fit_is_named_with_its_size() {
        let image = ChipContent {
            groups: invented(4095),
            ..content()
        }
        .encode()
        .unwrap();
        let error = image.check_fits(&KTP_EL).unwrap_err();
        assert_eq!(
            error,
            ContentError::TooLarge {
                group: DataGroup::Photo,
                needed: 4095,
                capacity: 4094
            }
        );
        assert!(error.to_string().contains("compress the photo"));
    }

    #[test]
    fn a_missing_part_or_a_cut_photo_is_refused() {
        let unsigned = content().groups.encode().unwrap();
        assert_eq!(
            unsigned.check_fits(&KTP_EL),
            Err(ContentError::Empty(DataGroup::DigitalSignature))
        );
        let mut cut = content();
        cut.groups.photo_jpeg.pop();
        assert_eq!(cut.encode(), Err(ContentError::PhotoFormat));
    }

    #[test]
    fn a_difference_is_found_where_it_is() {
        let image = content().encode().unwrap();
        assert_eq!(image.first_difference(&image), None);
        let mut other = image.clone();
        other.files[3][100] ^= 1;
        assert_eq!(image.first_difference(&other), Some((DataGroup::Signature, 100)));
        other = image.clone();
        other.files[6].push(0);
        assert_eq!(
            image.first_difference(&other),
            Some((DataGroup::DigitalSignature, 64))
        );
    }

    #[test]
    fn ink_is_where_the_bit_is() {
        let mut bytes = [0; SignatureBitmap::BYTES];
        bytes[21] = 0x40;
        let bitmap = SignatureBitmap::from_bytes(&bytes).unwrap();
        assert!(bitmap.ink(1, 1) && !bitmap.ink(0, 1) && !bitmap.ink(1, 0) && !bitmap.ink(168, 43));
    }
}
