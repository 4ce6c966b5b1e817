//! The sensor's own templates: two character buffers and its flash.
//!
//! Real sensors keep templates in a form of their own, 512 bytes long. Here these are an ISO/IEC 19794-2 record, filled
//! up with zeros, so that what a client fetches and gives back still matches.

use std::collections::BTreeMap;

use host_driver::biometric::{Template, Verdict, verify};

/// Bytes of a template on the line.
pub(super) const CHARACTER_LENGTH: usize = 512;

/// Scores from which fingers are the same, by security level 1 to 5.
const THRESHOLDS: [u32; 5] = [30, 35, 40, 50, 60];

/// Result of a comparison: the score as the line gives it, 16 bits.
pub(super) type Score = u16;

#[derive(Debug, Default)]
pub(super) struct Library {
    buffers: [Option<Template>; 2],
    flash: BTreeMap<u16, Template>,
}

impl Library {
    /// The character buffer of number 1 or 2. Other numbers mean the second, as in the R307's manual.
    fn slot(number: u8) -> usize {
        usize::from(number != 1)
    }

    pub(super) fn buffer(&self, number: u8) -> Option<&Template> {
        self.buffers[Self::slot(number)].as_ref()
    }

    pub(super) fn set_buffer(&mut self, number: u8, template: Option<Template>) {
        self.buffers[Self::slot(number)] = template;
    }

    /// Both buffers hold the better one afterwards. False if they are not of one finger.
    pub(super) fn merge(&mut self, security: u8) -> bool {
        if self.compare(security).is_none() {
            return false;
        }
        let better = usize::from(self.minutiae(1) > self.minutiae(0));
        let template = self.buffers[better].clone();
        self.buffers[1 - better] = template;
        true
    }

    fn minutiae(&self, slot: usize) -> usize {
        self.buffers[slot]
            .as_ref()
            .map_or(0, |template| template.minutiae.len())
    }

    /// Score of the first buffer against the second, if they are of one finger.
    pub(super) fn compare(&self, security: u8) -> Option<Score> {
        let [Some(live), Some(enrolled)] = &self.buffers else {
            return None;
        };
        score(live, enrolled, security)
    }

    /// First stored template among `count` from `first` that is of the buffer's finger.
    pub(super) fn search(&self, buffer: u8, first: u16, count: u16, security: u8) -> Option<(u16, Score)> {
        let live = self.buffer(buffer)?;
        let end = first.saturating_add(count);
        self.flash
            .range(first..end)
            .find_map(|(place, enrolled)| Some((*place, score(live, enrolled, security)?)))
    }

    /// False if the buffer is empty.
    pub(super) fn store(&mut self, buffer: u8, place: u16) -> bool {
        let template = self.buffer(buffer).cloned();
        template
            .map(|template| self.flash.insert(place, template))
            .is_some()
    }

    /// False if nothing is stored there.
    pub(super) fn load(&mut self, buffer: u8, place: u16) -> bool {
        let template = self.flash.get(&place).cloned();
        let found = template.is_some();
        if found {
            self.set_buffer(buffer, template);
        }
        found
    }

    pub(super) fn delete(&mut self, first: u16, count: u16) {
        let end = first.saturating_add(count);
        self.flash.retain(|place, _| !(first..end).contains(place));
    }

    pub(super) fn empty(&mut self) {
        self.flash.clear();
    }

    pub(super) fn count(&self) -> u16 {
        self.flash.len() as u16
    }

    /// Bits of 256 places from `256 * page`: the lowest bit of the first byte is the first place.
    pub(super) fn index(&self, page: u8) -> [u8; 32] {
        let mut bits = [0; 32];
        let first = u16::from(page) << 8;
        for place in self
            .flash
            .keys()
            .filter_map(|place| place.checked_sub(first))
            .filter(|place| *place < 256)
        {
            bits[usize::from(place / 8)] |= 1 << (place % 8);
        }
        bits
    }
}

fn score(live: &Template, enrolled: &Template, security: u8) -> Option<Score> {
    let threshold = THRESHOLDS[usize::from(security.clamp(1, 5) - 1)];
    match verify(live, std::slice::from_ref(enrolled)) {
        Verdict::Match { score } | Verdict::NoMatch { score } => {
            (score >= threshold).then(|| Score::try_from(score).unwrap_or(Score::MAX))
        }
        Verdict::CannotTell { .. } => None,
    }
}

/// A template as the line carries it.
pub(super) fn to_line(template: &Template) -> Vec<u8> {
    let mut bytes = template.to_iso19794_2();
    bytes.resize(CHARACTER_LENGTH, 0);
    bytes
}

/// A template that the line brought; `None` if it is not one of [`to_line`].
pub(super) fn from_line(bytes: &[u8]) -> Option<Template> {
    // Bytes 8 to 11 of the record are its length; what follows is filling.
    let length = u32::from_be_bytes(*bytes.get(8..)?.first_chunk()?);
    Template::from_iso19794_2(bytes.get(..usize::try_from(length).ok()?)?).ok()
}
