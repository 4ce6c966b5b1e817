//! The fingers of one person.

use std::fmt;

use host_driver::biometric::FingerPosition;

use super::ENROLLED_IMPRESSIONS;
use crate::finger::{Impression, MasterFinger, Press, RealScans, ScanSet, ScansError};

/// The two fingers of somebody that are asked for. Any other finger is one that nobody enrolled.
#[derive(Clone)]
pub enum Hand {
    /// Grown fingers.
    Synthetic {
        /// Right index finger.
        right: MasterFinger,
        /// Left index finger.
        left: MasterFinger,
        /// Any other finger.
        other: MasterFinger,
        /// How the fingers touch the sensor at the counter.
        press: Press,
    },
    /// Real scans of FVC2002 DB2, set B.
    Real {
        /// Where the scans are.
        scans: RealScans,
        /// Number of the right index finger.
        right: u16,
        /// Number of the left index finger.
        left: u16,
        /// Number of any other finger.
        other: u16,
    },
}

/// Touches at enrolment have numbers that touches at the counter never reach.
const ENROLMENT: u64 = 1 << 32;
const SET: ScanSet = ScanSet::Fvc2002Db2B;

impl Hand {
    /// Grows the fingers of a person from consecutive seeds.
    pub(super) fn grow(seed: u64, press: Press) -> Self {
        Self::Synthetic {
            right: MasterFinger::grow(seed),
            left: MasterFinger::grow(seed + 1),
            other: MasterFinger::grow(seed + 2),
            press,
        }
    }

    /// A careful touch at enrolment.
    pub(super) fn enrol(&self, finger: FingerPosition, impression: u64) -> Result<Impression, ScansError> {
        match self {
            Self::Synthetic {
                right, left, other, ..
            } => {
                let master = of(finger, right, left, other);
                Ok(master.press(ENROLMENT + impression, Press::Careful))
            }
            Self::Real {
                scans,
                right,
                left,
                other,
            } => scans.impression(SET, *of(finger, right, left, other), 1 + impression as u16),
        }
    }

    /// A touch at the counter. Real fingers have five that were not enrolled; they come round again.
    pub(super) fn touch(&self, finger: FingerPosition, touch: u64) -> Result<Impression, ScansError> {
        match self {
            Self::Synthetic {
                right,
                left,
                other,
                press,
            } => Ok(of(finger, right, left, other).press(touch, *press)),
            Self::Real {
                scans,
                right,
                left,
                other,
            } => {
                let others = u64::from(*ScanSet::IMPRESSIONS.end()) - ENROLLED_IMPRESSIONS;
                let impression = 1 + ENROLLED_IMPRESSIONS + touch % others;
                scans.impression(SET, *of(finger, right, left, other), impression as u16)
            }
        }
    }
}

fn of<'a, T>(finger: FingerPosition, right: &'a T, left: &'a T, other: &'a T) -> &'a T {
    match finger {
        FingerPosition::RightIndex => right,
        FingerPosition::LeftIndex => left,
        _ => other,
    }
}

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Synthetic { .. } => "Hand(synthetic)",
            Self::Real { .. } => "Hand(real)",
        })
    }
}
