//! Sample applicants: people who do not exist, with all that they bring to the counter.
//!
//! Everything about them is made up. Their NIKs are well-formed, but of province 99, which there is not, so they are
//! nobody's. Their fingers are grown from seeds, or, where the folder of real scans is, taken from there.

mod hand;
mod portrait;
mod samples;
mod signature;

use host_driver::biometric::{FingerPosition, Unreadable, extract};
use host_driver::office::nik::Nik;
use host_driver::office::record::{EnrolledFinger, Record};

pub use hand::Hand;
pub use portrait::{PortraitError, portrait};
pub use samples::Sample;
pub use signature::{SIGNATURE_HEIGHT, SIGNATURE_WIDTH, signature};

use crate::finger::{Impression, RealScans, ScansError};

/// The fingers that a record holds, in the order in which they are asked for: those on a KTP-el's chip.
pub const ENROLLED_FINGERS: [FingerPosition; 2] = [FingerPosition::RightIndex, FingerPosition::LeftIndex];
/// Impressions enrolled of each finger; the best of three misses far fewer rightful owners than one does.
pub const ENROLLED_IMPRESSIONS: u64 = 3;

/// Somebody who comes to the counter.
#[derive(Debug)]
pub struct Applicant {
    /// Which of the samples.
    pub sample: Sample,
    /// Full name, as the operator would hear it.
    pub name: &'static str,
    /// The NIK that the applicant says.
    pub nik: Nik,
    /// The contact number that the applicant leaves.
    pub contact: &'static str,
    /// Whether the documents are all there.
    pub documents_complete: bool,
    /// What the population database knows about this NIK; `None`: nothing.
    pub record: Option<Record>,
    hand: Hand,
}

/// Why a sample applicant cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ApplicantError {
    /// An enrolment impression is unreadable; choose another seed.
    #[error("an enrolment impression of a sample applicant is unreadable: {0}")]
    Enrolment(#[from] Unreadable),
    /// The portrait cannot be drawn.
    #[error(transparent)]
    Portrait(#[from] PortraitError),
    /// The real scans cannot be read.
    #[error(transparent)]
    Scans(#[from] ScansError),
}

impl Applicant {
    /// Makes a sample applicant with synthetic fingers. Takes some 0.3 s.
    ///
    /// # Errors
    /// If fingers or portrait do not come out as they should, which the tests exclude.
    pub fn new(sample: Sample) -> Result<Self, ApplicantError> {
        let [owner, brings] = samples::synthetic_hands(sample);
        Self::with_hands(sample, &owner, brings)
    }

    /// Makes a sample applicant whose fingers are real scans.
    ///
    /// # Errors
    /// As [`Applicant::new`], and if the scans cannot be read.
    pub fn with_real_fingers(sample: Sample, scans: &RealScans) -> Result<Self, ApplicantError> {
        let [owner, brings] = samples::real_hands(sample, scans);
        Self::with_hands(sample, &owner, brings)
    }

    /// `owner` is the hand that was enrolled, `brings` the one that comes to the counter.
    fn with_hands(sample: Sample, owner: &Hand, brings: Hand) -> Result<Self, ApplicantError> {
        let person = samples::person(sample);
        let record = match person.status {
            None => None,
            Some(status) => Some(Record {
                nik: person.nik.clone(),
                kk: person.kk,
                status,
                photo_jpeg: portrait(&person.biodata)?,
                signature: signature(person.signature_seed),
                biodata: person.biodata,
                fingers: enrol(owner)?,
            }),
        };
        Ok(Self {
            sample,
            name: person.name,
            nik: person.nik,
            contact: person.contact,
            documents_complete: person.documents_complete,
            record,
            hand: brings,
        })
    }

    /// What the sensor sees when the applicant is asked for a finger. Each `touch` is another one.
    ///
    /// # Errors
    /// Only with real scans: if the file cannot be read.
    pub fn touch(&self, finger: FingerPosition, touch: u64) -> Result<Impression, ScansError> {
        self.hand.touch(finger, touch)
    }

    /// The record as `loket record import` takes it; `None` if there is none.
    ///
    /// # Errors
    /// Never in practice: a record of strings and bytes is always JSON.
    pub fn record_json(&self) -> Result<Option<String>, serde_json::Error> {
        self.record.as_ref().map(serde_json::to_string_pretty).transpose()
    }
}

/// Three careful impressions of both index fingers.
fn enrol(hand: &Hand) -> Result<Vec<EnrolledFinger>, ApplicantError> {
    ENROLLED_FINGERS
        .into_iter()
        .map(|position| {
            let templates = (0..ENROLLED_IMPRESSIONS)
                .map(|impression| {
                    let template = extract(hand.enrol(position, impression)?.image())?;
                    Ok(template.of(position).to_iso19794_2())
                })
                .collect::<Result<_, ApplicantError>>()?;
            Ok(EnrolledFinger { position, templates })
        })
        .collect()
}

#[cfg(test)]
mod tests;
