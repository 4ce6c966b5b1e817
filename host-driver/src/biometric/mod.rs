//! The biometric test: is the finger on the sensor one of the fingers that were enrolled?
//!
//! An image becomes a [`Template`] ([`extract()`]): the places where ridges end or fork, the minutiae, with the
//! direction of the ridge. [`verify()`] compares a live template with the enrolled ones. Extraction and matching are
//! MINDTCT and BOZORTH3 of NIST's NBIS, in the Rust ports `fprint-mindtct` and `fprint-bozorth3`.
//!
//! Records and chips hold templates as ISO/IEC 19794-2:2005 ([`Template::to_iso19794_2`]). A template in memory has
//! that record's units, so that going through a record changes nothing that the matcher sees.
//!
//! "Cannot tell" is never "no match": an image that cannot be read is [`Unreadable`], a comparison that has too
//! little to go on is [`Verdict::CannotTell`], and both say what the operator can do.
//!
//! # Accuracy
//!
//! Measured as the counter's sensor sees fingers (256 x 288 pixels, 16 greys) and through records of at most 500 bytes,
//! on FVC2002 DB1 and DB2, sets B (`hil-tests`, `finger::accuracy`). Touches of the right finger that stay below
//! [`THRESHOLD`], in per cent, and the highest score of a wrong one:
//!
//! | enrolled | DB1 | DB2 | highest wrong |
//! |---|---|---|---|
//! | one impression | 28 | 19 | 38 |
//! | the most typical of three ([`most_typical`]), as on the chip | 21 | 13 | 38 |
//! | all of three | 16 | 10 | 36 |
//! | as on the chip, all of four tries missed | 5 | 3 | |
//!
//! Much of this is the small glass: with whole images of DB1, one impression misses 16 %.
//!
//! Nothing here does I/O or logs; `Debug` shows counts and sizes, never pixels or minutiae.

mod advice;
mod extract;
mod finger;
mod image;
mod iso19794_2;
mod readability;
mod template;
mod verify;

pub use advice::Advice;
pub use extract::extract;
pub use finger::FingerPosition;
pub use image::{GrayImage, ImageSizeError};
pub use iso19794_2::{MAX_RECORD_LENGTH, RecordError};
pub use readability::Unreadable;
pub use template::{Minutia, MinutiaKind, Template};
pub use verify::{Doubt, THRESHOLD, Verdict, most_typical, verify};

/// The resolution that the matcher's distances are made for, in dots per inch (NBIS; also FBI and ISO practice).
pub const NOMINAL_DPI: u16 = 500;

/// Fewer minutiae than this on either side say nothing: the matcher answers 0 then (`MIN_COMPUTABLE_BOZORTH_MINUTIAE`).
pub const MIN_MINUTIAE: usize = fprint_bozorth3::MIN_COMPUTABLE_BOZORTH_MINUTIAE;
