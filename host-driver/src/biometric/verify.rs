//! Same finger or not.

use super::{Advice, MIN_MINUTIAE, Template};

/// Score from which two impressions are of the same finger.
///
/// Measured with these crates: none of 23,040 comparisons of different fingers (FVC2002 and FVC2004, sets B) reached it.
pub const THRESHOLD: u32 = 40;

/// What BOZORTH3 answers when a comparison overflows its tables (`QQ_OVERFLOW_SCORE`). It is no measure of likeness,
/// and as a score it would pass.
const OVERFLOW_SCORE: u32 = 4000;

/// Outcome of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same finger.
    Match {
        /// Best score; at least [`THRESHOLD`].
        score: u32,
    },
    /// Not the same finger, as far as this impression shows.
    NoMatch {
        /// Best score; below [`THRESHOLD`].
        score: u32,
    },
    /// There is too little to go on. This is not a mismatch and must not count as one.
    CannotTell {
        /// What is missing.
        reason: Doubt,
    },
}

impl Verdict {
    /// Whether it is the same finger.
    pub fn is_match(self) -> bool {
        matches!(self, Self::Match { .. })
    }

    /// The score, if there is one.
    pub fn score(self) -> Option<u32> {
        match self {
            Self::Match { score } | Self::NoMatch { score } => Some(score),
            Self::CannotTell { .. } => None,
        }
    }
}

/// Why a comparison says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The live impression has fewer than [`MIN_MINUTIAE`]. Capture again.
    #[error("the captured finger shows too few minutiae to compare")]
    LiveTooFewMinutiae,
    /// There is no enrolled template of this finger. Use the other finger, or record again.
    #[error("no template of this finger is enrolled")]
    NothingEnrolled,
    /// No enrolled template has [`MIN_MINUTIAE`]. Use the other finger, or record again.
    #[error("the enrolled template has too few minutiae to compare")]
    EnrolledTooFewMinutiae,
    /// The matcher gave up. Capture again; if it persists, the enrolled template is unusable.
    #[error("the comparison gave no usable score")]
    Overflow,
}

impl Doubt {
    /// What to tell the operator.
    pub const fn advice(self) -> Advice {
        match self {
            Self::LiveTooFewMinutiae => Advice {
                id: "Sidik jari kurang jelas. Bersihkan jari dan tempelkan sekali lagi.",
                en: "The print is not clear enough. Clean the finger and place it again.",
            },
            Self::NothingEnrolled => Advice {
                id: "Jari ini tidak terekam. Gunakan jari lain atau lakukan perekaman ulang.",
                en: "This finger is not on record. Use another finger, or record again.",
            },
            Self::EnrolledTooFewMinutiae => Advice {
                id: "Rekaman jari ini tidak dapat dipakai. Gunakan jari lain atau lakukan perekaman ulang.",
                en: "The record of this finger is unusable. Use another finger, or record again.",
            },
            Self::Overflow => Advice {
                id: "Perbandingan gagal. Tempelkan jari sekali lagi; jika tetap gagal, gunakan jari lain.",
                en: "The comparison failed. Place the finger again; if it keeps failing, use another finger.",
            },
        }
    }
}

/// Compares a live impression with all enrolled impressions of the finger and takes the best score.
///
/// The scores are not symmetric; the live impression is always the probe.
pub fn verify(live: &Template, enrolled: &[Template]) -> Verdict {
    if enrolled.is_empty() {
        return Verdict::CannotTell {
            reason: Doubt::NothingEnrolled,
        };
    }
    if live.minutiae.len() < MIN_MINUTIAE {
        return Verdict::CannotTell {
            reason: Doubt::LiveTooFewMinutiae,
        };
    }
    let probe = live.to_matcher();
    let mut reason = Doubt::EnrolledTooFewMinutiae;
    let mut best = None;
    for template in enrolled
        .iter()
        .filter(|template| template.minutiae.len() >= MIN_MINUTIAE)
    {
        let score = fprint_bozorth3::match_score(&probe, &template.to_matcher());
        if score >= OVERFLOW_SCORE {
            reason = Doubt::Overflow;
        } else {
            best = best.max(Some(score));
        }
    }
    match best {
        Some(score) if score >= THRESHOLD => Verdict::Match { score },
        // One comparison that overflowed might have matched: a low score of another impression proves nothing then.
        Some(score) if reason != Doubt::Overflow => Verdict::NoMatch { score },
        _ => Verdict::CannotTell { reason },
    }
}

/// Which of several impressions of a finger stands best for all of them, for a place that holds only one (the chip):
/// the one with the highest sum of scores against the others. `None` if there is none.
pub fn most_typical(impressions: &[Template]) -> Option<&Template> {
    let sum = |candidate: &Template| -> u32 {
        let others = impressions
            .iter()
            .filter(|other| !std::ptr::eq(*other, candidate));
        others
            .filter_map(|live| verify(live, std::slice::from_ref(candidate)).score())
            .sum()
    };
    // The first of equals, so that the choice does not depend on the iterator.
    impressions
        .iter()
        .rev()
        .max_by_key(|candidate| (sum(candidate), candidate.minutiae.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::biometric::{FingerPosition, Minutia, MinutiaKind};

    /// A template of `count` minutiae spread over the image by a generator with `seed`.
    fn scattered(seed: u32, count: usize) -> Template {
        let mut state = seed;
        let mut next = |range: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % range
        };
        let minutiae = (0..count).map(|_| Minutia {
            x: 28 + next(200) as u16,
            y: 28 + next(230) as u16,
            angle: next(256) as u8,
            kind: MinutiaKind::Other,
            quality: 50,
        });
        let minutiae = minutiae.collect();
        Template {
            width: 256,
            height: 288,
            dpi: 500,
            finger: FingerPosition::RightIndex,
            quality: 50,
            minutiae,
        }
    }

    #[test]
    fn a_template_matches_itself_and_no_other() {
        assert!(verify(&scattered(1, 40), &[scattered(1, 40)]).is_match());
        assert!(matches!(
            verify(&scattered(1, 40), &[scattered(2, 40)]),
            Verdict::NoMatch { .. }
        ));
    }

    #[test]
    fn the_best_of_the_enrolled_impressions_counts() {
        let enrolled = [scattered(2, 40), scattered(1, 40), scattered(3, 5)];
        assert_eq!(
            verify(&scattered(1, 40), &enrolled),
            verify(&scattered(1, 40), &enrolled[1..2])
        );
    }

    #[test]
    fn too_little_to_compare_is_not_a_mismatch() {
        let full = scattered(1, 40);
        let reason = |verdict| match verdict {
            Verdict::CannotTell { reason } => Some(reason),
            _ => None,
        };
        assert_eq!(reason(verify(&full, &[])), Some(Doubt::NothingEnrolled));
        assert_eq!(
            reason(verify(&scattered(1, 9), std::slice::from_ref(&full))),
            Some(Doubt::LiveTooFewMinutiae)
        );
        assert_eq!(
            reason(verify(&full, &[scattered(1, 9)])),
            Some(Doubt::EnrolledTooFewMinutiae)
        );
    }

    #[test]
    fn a_comparison_that_overflows_is_never_a_match() {
        // All minutiae alike: every pair of edges fits every other, the matcher's tables run over.
        let mut grid = scattered(1, 0);
        for i in 0..150_u16 {
            let quality = 50;
            let (x, y) = (100 + i % 2, 2 * (i / 2));
            grid.minutiae.push(Minutia {
                x,
                y,
                angle: 0,
                kind: MinutiaKind::Other,
                quality,
            });
        }
        let verdict = verify(&grid, &[grid.clone()]);
        assert!(
            verdict.score().is_none_or(|score| score < OVERFLOW_SCORE),
            "{verdict:?}"
        );
    }

    #[test]
    fn the_most_typical_impression_is_the_one_that_fits_the_others() {
        let mut half = scattered(1, 40);
        half.minutiae.truncate(25);
        let impressions = [scattered(2, 40), half, scattered(1, 40)];
        let chosen = most_typical(&impressions).unwrap();
        assert!(*chosen != impressions[0], "the stranger was chosen");
        assert!(most_typical(&[]).is_none());
    }
}
