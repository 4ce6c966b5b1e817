//! Which bytes of an object have been seen.

/// How many gaps are remembered; a line that bad has nothing to tell by them.
const MAX_GAPS: usize = 64;

/// Where a piece belongs among those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Right after the last.
    Next,
    /// Further on: so many bytes are missing.
    After(u32),
    /// In a gap.
    FillsGap,
    /// All of it was seen before.
    Again,
}

/// What has been seen: all before `end` but the gaps.
#[derive(Debug)]
pub(super) struct Seen {
    end: u32,
    /// Start and end of each.
    gaps: Vec<(u32, u32)>,
}

impl Seen {
    /// Nothing from `start` on; what is before does not matter.
    pub(super) const fn from(start: u32) -> Self {
        Self {
            end: start,
            gaps: Vec::new(),
        }
    }

    /// Notes a piece; says where it belongs, and how many of its bytes are new.
    pub(super) fn note(&mut self, start: u32, len: u32) -> (Place, u32) {
        let end = start.saturating_add(len);
        let mut new = 0;
        let mut gaps = Vec::with_capacity(self.gaps.len());
        for (from, to) in self.gaps.drain(..) {
            let (left, right) = (from.max(start), to.min(end));
            if left >= right {
                gaps.push((from, to));
                continue;
            }
            new += right - left;
            gaps.extend(
                [(from, left), (right, to)]
                    .into_iter()
                    .filter(|(from, to)| from < to),
            );
        }
        let mut place = if new > 0 { Place::FillsGap } else { Place::Again };
        if start > self.end {
            place = Place::After(start - self.end);
            gaps.push((self.end, start));
        } else if end > self.end {
            place = Place::Next;
        }
        if end > self.end {
            new += end - self.end.max(start);
            self.end = end;
        }
        let excess = gaps.len().saturating_sub(MAX_GAPS);
        gaps.drain(..excess);
        self.gaps = gaps;
        (place, new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gaps_are_told_from_repeats() {
        let mut seen = Seen::from(0);
        assert_eq!(seen.note(0, 100), (Place::Next, 100));
        assert_eq!(seen.note(300, 100), (Place::After(200), 100));
        assert_eq!(seen.note(150, 50), (Place::FillsGap, 50));
        assert_eq!(seen.note(120, 80), (Place::FillsGap, 30));
        assert_eq!(seen.note(150, 50), (Place::Again, 0));
        assert_eq!(seen.note(350, 100), (Place::Next, 50));
    }

    proptest! {
        #[test]
        fn every_byte_is_new_once(pieces in prop::collection::vec((0..2000_u32, 0..300_u32), 0..40)) {
            let mut seen = Seen::from(0);
            let mut bytes = vec![false; 2300];
            for (start, len) in pieces {
                let expected = bytes[start as usize..][..len as usize].iter().filter(|seen| !**seen).count();
                bytes[start as usize..][..len as usize].fill(true);
                prop_assert_eq!(seen.note(start, len).1 as usize, expected);
            }
        }

        #[test]
        fn any_offset_is_taken(pieces in prop::collection::vec((any::<u32>(), any::<u32>()), 0..200)) {
            let mut seen = Seen::from(0);
            for (start, len) in pieces {
                seen.note(start, len);
            }
        }
    }
}
