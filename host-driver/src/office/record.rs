//! The resident's record as the office holds it: what is printed, what goes on the chip, and the enrolled fingers.
//!
//! This is the JSON that `loket record import` takes. Bytes are base64 (RFC 4648, with padding).

use super::nik::{KkNumber, Nik};
pub use crate::biometric::FingerPosition;
use serde::{Deserialize, Serialize};
use std::fmt;
use time::Date;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// Largest photograph, in bytes of JPEG: what an 8 KB chip has room for beside the other files.
pub const MAX_PHOTO_BYTES: usize = 3 * 1024;
/// Size of a signature: 168 x 44 pixels, one bit each (chip file 6FF3).
pub const SIGNATURE_BYTES: usize = 168 * 44 / 8;
/// Most impressions of one finger that are kept. Three are enrolled because the best of three misses far fewer rightful owners.
pub const MAX_IMPRESSIONS: usize = 3;

/// One resident's record.
///
/// `Debug` shows the status only: everything else is personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Number of the person.
    pub nik: Nik,
    /// Number of the person's family card.
    pub kk: KkNumber,
    /// How far the record has come at the data centre.
    pub status: RecordStatus,
    /// What is printed on the card's face and written to the chip.
    pub biodata: Biodata,
    /// Portrait, JPEG of at most [`MAX_PHOTO_BYTES`].
    #[serde(with = "base64_bytes")]
    pub photo_jpeg: Vec<u8>,
    /// Signature, 168 x 44 pixels, one bit each, rows top down, leftmost pixel in the highest bit, 1 = ink.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
    /// Enrolled fingers, in the order in which the applicant is asked for them. By default right and left index.
    pub fingers: Vec<EnrolledFinger>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The printed particulars, spelled as the card spells them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Biodata {
    /// Full name.
    pub nama: String,
    /// Place of birth.
    pub tempat_lahir: String,
    /// Date of birth, `YYYY-MM-DD`.
    #[serde(with = "iso_date")]
    pub tanggal_lahir: Date,
    /// Sex.
    pub jenis_kelamin: Sex,
    /// Blood group, or `-` when it is not known.
    pub golongan_darah: String,
    /// Street address.
    pub alamat: String,
    /// Neighbourhood unit (rukun tetangga), three digits.
    pub rt: String,
    /// Community unit (rukun warga), three digits.
    pub rw: String,
    /// Village or urban ward (kelurahan or desa).
    pub kelurahan: String,
    /// District.
    pub kecamatan: String,
    /// Regency or city, with the word: `KOTA PADANG PANJANG`.
    pub kabupaten: String,
    /// Province, without the word: `SUMATERA BARAT`.
    pub provinsi: String,
    /// Religion.
    pub agama: String,
    /// Marital status.
    pub status_perkawinan: String,
    /// Occupation.
    pub pekerjaan: String,
    /// Citizenship, `WNI` or `WNA`.
    pub kewarganegaraan: String,
}

impl fmt::Debug for Biodata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Biodata(..)")
    }
}

/// Sex, in the card's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    /// `LAKI-LAKI`
    #[serde(rename = "LAKI-LAKI")]
    Male,
    /// `PEREMPUAN`
    #[serde(rename = "PEREMPUAN")]
    Female,
}

impl Sex {
    /// The word printed on the card.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Male => "LAKI-LAKI",
            Self::Female => "PEREMPUAN",
        }
    }
}

/// A finger with its enrolled impressions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledFinger {
    /// Which finger.
    pub position: FingerPosition,
    /// One to [`MAX_IMPRESSIONS`] templates of it, each an ISO/IEC 19794-2:2005 record.
    #[serde(with = "base64_list")]
    pub templates: Vec<Vec<u8>>,
}

impl fmt::Debug for EnrolledFinger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EnrolledFinger({}, {} templates)",
            finger_name(self.position),
            self.templates.len()
        )
    }
}

/// The name of a finger in JSON: `right_index` and so on.
pub fn finger_name(position: FingerPosition) -> &'static str {
    match position {
        FingerPosition::Unknown => "unknown",
        FingerPosition::RightThumb => "right_thumb",
        FingerPosition::RightIndex => "right_index",
        FingerPosition::RightMiddle => "right_middle",
        FingerPosition::RightRing => "right_ring",
        FingerPosition::RightLittle => "right_little",
        FingerPosition::LeftThumb => "left_thumb",
        FingerPosition::LeftIndex => "left_index",
        FingerPosition::LeftMiddle => "left_middle",
        FingerPosition::LeftRing => "left_ring",
        FingerPosition::LeftLittle => "left_little",
    }
}

/// Status of a record at the data centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecordStatus {
    /// The NIK is known, nothing has been recorded.
    Unregistered,
    /// Recorded, not yet sent.
    BioCaptured,
    /// Being prepared for sending.
    Processing,
    /// Sent (SFE); from minutes to weeks.
    SentForEnrollment,
    /// Arrived at the data centre.
    ReceivedAtCentral,
    /// Biometrics incomplete or unreadable, found in the region.
    EnrollFailureAtRegional,
    /// Biometrics incomplete or unreadable, found at the centre.
    EnrollFailureAtCentral,
    /// The search for duplicates failed.
    SearchFailureAtCentral,
    /// A similar print exists.
    AdjudicateRecord,
    /// Needs validation.
    RequestValidation,
    /// The person is already recorded elsewhere.
    DuplicateRecord,
    /// Unique, may be printed (PRR).
    PrintReadyRecord,
    /// Handed to card production.
    SentForCardPrinting,
    /// A card has been printed.
    CardPrinted,
    /// A card is on its way.
    CardShipped,
    /// A card has been handed over.
    CardIssued,
}

impl RecordStatus {
    /// Whether a card may be printed for a record of this status. Only [`Self::PrintReadyRecord`] may.
    pub fn may_be_printed(self) -> bool {
        self == Self::PrintReadyRecord
    }
}

/// What is wrong with a record, besides its JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The text is not the JSON of a record.
    #[error("the file is not a record: {0}; export it again from the population database")]
    Json(String),
    /// A printed field is empty.
    #[error("`biodata.{0}` is empty; fill it in (write `-` where nothing is known)")]
    Empty(&'static str),
    /// RT or RW is not three digits.
    #[error("`biodata.{0}` must be three digits, such as 004")]
    NeighbourhoodUnit(&'static str),
    /// The photograph is not a JPEG.
    #[error("`photo_jpeg` does not start like a JPEG; export the portrait again")]
    NotAJpeg,
    /// The photograph has no room on the chip.
    #[error("`photo_jpeg` has {found} bytes, the chip takes {MAX_PHOTO_BYTES}; compress the portrait more")]
    PhotoTooLarge {
        /// Its size in bytes.
        found: usize,
    },
    /// The signature has another size than 168 x 44 bits.
    #[error("`signature` has {found} bytes instead of {SIGNATURE_BYTES} (168 x 44 pixels, one bit each)")]
    SignatureSize {
        /// Its size in bytes.
        found: usize,
    },
    /// No finger is enrolled, so that no biometric test is possible.
    #[error("`fingers` is empty; the applicant must be recorded again")]
    NoFingers,
    /// One finger is listed twice.
    #[error("finger `{0}` is listed twice")]
    FingerTwice(&'static str),
    /// A finger without templates, or with too many.
    #[error("finger `{finger}` has {found} templates, 1 to {MAX_IMPRESSIONS} are expected")]
    TemplateCount {
        /// Which finger.
        finger: &'static str,
        /// How many there were.
        found: usize,
    },
    /// A template that does not start with `FMR\0`.
    #[error(
        "a template of finger `{0}` is not an ISO/IEC 19794-2 record; the applicant must be recorded again"
    )]
    NotATemplate(&'static str),
}

impl Record {
    /// Reads and validates the JSON of a record.
    ///
    /// # Errors
    /// [`RecordError`]: the first thing found wrong. The message names fields, never their content.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        let record: Self =
            serde_json::from_str(text).map_err(|error| RecordError::Json(without_values(&error)))?;
        record.validate()?;
        Ok(record)
    }

    /// Checks everything that the types leave open.
    ///
    /// # Errors
    /// [`RecordError`]: the first thing found wrong.
    pub fn validate(&self) -> Result<(), RecordError> {
        let b = &self.biodata;
        let printed = [
            ("nama", &b.nama),
            ("tempat_lahir", &b.tempat_lahir),
            ("golongan_darah", &b.golongan_darah),
            ("alamat", &b.alamat),
            ("kelurahan", &b.kelurahan),
            ("kecamatan", &b.kecamatan),
            ("kabupaten", &b.kabupaten),
            ("provinsi", &b.provinsi),
            ("agama", &b.agama),
            ("status_perkawinan", &b.status_perkawinan),
            ("pekerjaan", &b.pekerjaan),
            ("kewarganegaraan", &b.kewarganegaraan),
        ];
        if let Some((name, _)) = printed.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(RecordError::Empty(name));
        }
        for (name, unit) in [("rt", &b.rt), ("rw", &b.rw)] {
            if unit.len() != 3 || !unit.bytes().all(|c| c.is_ascii_digit()) {
                return Err(RecordError::NeighbourhoodUnit(name));
            }
        }
        if !self.photo_jpeg.starts_with(&JPEG_START) {
            return Err(RecordError::NotAJpeg);
        }
        if self.photo_jpeg.len() > MAX_PHOTO_BYTES {
            return Err(RecordError::PhotoTooLarge {
                found: self.photo_jpeg.len(),
            });
        }
        if self.signature.len() != SIGNATURE_BYTES {
            return Err(RecordError::SignatureSize {
                found: self.signature.len(),
            });
        }
        self.validate_fingers()
    }

    fn validate_fingers(&self) -> Result<(), RecordError> {
        if self.fingers.is_empty() {
            return Err(RecordError::NoFingers);
        }
        for (index, finger) in self.fingers.iter().enumerate() {
            let name = finger_name(finger.position);
            if self.fingers[..index]
                .iter()
                .any(|earlier| earlier.position == finger.position)
            {
                return Err(RecordError::FingerTwice(name));
            }
            let found = finger.templates.len();
            if found == 0 || found > MAX_IMPRESSIONS {
                return Err(RecordError::TemplateCount { finger: name, found });
            }
            if !finger
                .templates
                .iter()
                .all(|template| template.starts_with(b"FMR\0"))
            {
                return Err(RecordError::NotATemplate(name));
            }
        }
        Ok(())
    }
}

/// First bytes of every JPEG: start of image, then the next marker.
const JPEG_START: [u8; 3] = [0xFF, 0xD8, 0xFF];

/// What `serde_json` found, without quoting what stood there: the message may end in a log.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    // Field names and our own messages are worth keeping; `invalid type: string "…"` would show the value.
    if text.starts_with("missing field") || text.starts_with("unknown field") || text.starts_with("it has") {
        text
    } else {
        format!("unexpected content at {place}")
    }
}

mod base64_bytes {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

mod base64_list {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(list: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|bytes| STANDARD.encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .into_iter()
            .map(|text| STANDARD.decode(text).map_err(D::Error::custom))
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use time::macros::date;

    /// A record of nobody, valid in form; its templates hold no minutiae.
    pub(crate) fn record_of_nobody() -> Record {
        Record {
            nik: Nik::parse("1374025203900001").unwrap(),
            kk: KkNumber::parse("1374021203120004").unwrap(),
            status: RecordStatus::PrintReadyRecord,
            biodata: Biodata {
                nama: "CONTOH SAJA".into(),
                tempat_lahir: "PADANG PANJANG".into(),
                tanggal_lahir: date!(1990 - 03 - 12),
                jenis_kelamin: Sex::Female,
                golongan_darah: "-".into(),
                alamat: "JL. CONTOH NO. 1".into(),
                rt: "004".into(),
                rw: "002".into(),
                kelurahan: "CONTOH".into(),
                kecamatan: "PADANG PANJANG TIMUR".into(),
                kabupaten: "KOTA PADANG PANJANG".into(),
                provinsi: "SUMATERA BARAT".into(),
                agama: "ISLAM".into(),
                status_perkawinan: "BELUM KAWIN".into(),
                pekerjaan: "WIRASWASTA".into(),
                kewarganegaraan: "WNI".into(),
            },
            photo_jpeg: vec![0xFF, 0xD8, 0xFF, 0xE0],
            signature: vec![0; SIGNATURE_BYTES],
            fingers: vec![
                EnrolledFinger {
                    position: FingerPosition::RightIndex,
                    templates: vec![b"FMR\0 20\0".to_vec()],
                },
                EnrolledFinger {
                    position: FingerPosition::LeftIndex,
                    templates: vec![b"FMR\0 20\0".to_vec()],
                },
            ],
        }
    }

    #[test]
    fn a_record_survives_its_json() {
        let record = record_of_nobody();
        let json = serde_json::to_string(&record).unwrap();
        assert!(json.contains(r#""status":"PRINT_READY_RECORD""#));
        assert!(json.contains(r#""tanggal_lahir":"1990-03-12""#));
        assert!(json.contains(r#""position":"right_index""#));
        assert!(Record::from_json(&json).unwrap() == record);
    }

    #[test]
    fn a_wrong_nik_is_told_what_is_wrong_but_not_repeated() {
        let json = serde_json::to_string(&record_of_nobody()).unwrap();
        let error = Record::from_json(&json.replace("1374025203900001", "137402520390000")).unwrap_err();
        assert!(
            error.to_string().contains("15 characters instead of 16"),
            "{error}"
        );
        assert!(!error.to_string().contains("13740252"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_not_quoted() {
        let json = serde_json::to_string(&record_of_nobody()).unwrap();
        let error = Record::from_json(&json.replace("\"LAKI-LAKI\"", "3").replace("PEREMPUAN", "RAHASIA"));
        assert!(!error.unwrap_err().to_string().contains("RAHASIA"));
    }

    #[test]
    fn a_signature_of_the_wrong_size_is_refused() {
        let mut record = record_of_nobody();
        record.signature.pop();
        assert_eq!(record.validate(), Err(RecordError::SignatureSize { found: 923 }));
    }

    #[test]
    fn a_photo_that_does_not_fit_the_chip_is_refused() {
        let mut record = record_of_nobody();
        record.photo_jpeg.resize(MAX_PHOTO_BYTES + 1, 0);
        assert_eq!(record.validate(), Err(RecordError::PhotoTooLarge { found: 3073 }));
    }

    #[test]
    fn one_finger_twice_is_refused() {
        let mut record = record_of_nobody();
        record.fingers[1].position = FingerPosition::RightIndex;
        assert_eq!(record.validate(), Err(RecordError::FingerTwice("right_index")));
    }

    #[test]
    fn a_finger_is_called_as_in_json() {
        for finger in FingerPosition::ALL {
            let json = serde_json::to_string(&finger).unwrap();
            assert_eq!(json, format!("{:?}", finger_name(finger)));
        }
    }
}
