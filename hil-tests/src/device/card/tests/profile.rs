//! The worked example of the profile's documentation is what really travels.

use host_driver::card::{CardTransport, Chip, TransportError};

use super::{super::Direct, blank, content};

/// Remembers what travels.
struct Recording(Direct, Vec<[Vec<u8>; 2]>);

impl CardTransport for Recording {
    fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
        self.0.transmit(apdu, reply)?;
        self.1.push([apdu.to_vec(), reply.clone()]);
        Ok(())
    }
    fn atr(&self) -> &[u8] {
        self.0.atr()
    }
}

/// The document's lines `> …` and `< …`, without their remarks.
fn worked_example() -> Vec<(char, Vec<&'static str>)> {
    let document = include_str!("../../../../../host-driver/src/card/PROFILE.md");
    let (_, example) = document.split_once("# Worked example").unwrap();
    let lines = example.lines().filter(|line| line.starts_with(['>', '<']));
    lines
        .map(|line| {
            let (direction, bytes) = line.split_at(1);
            let bytes = bytes.trim().split("   ").next().unwrap();
            (direction.chars().next().unwrap(), bytes.split(' ').collect())
        })
        .collect()
}

/// Whether bytes look as written, where `…` stands for any.
fn looks_like(bytes: &[u8], written: &[&str]) -> bool {
    let equal = |bytes: &[u8], written: &[&str]| {
        bytes.len() == written.len()
            && bytes
                .iter()
                .zip(written)
                .all(|(byte, text)| u8::from_str_radix(text, 16) == Ok(*byte))
    };
    match written.iter().position(|text| *text == "…") {
        None => equal(bytes, written),
        Some(gap) => {
            let (start, end) = (&written[..gap], &written[gap + 1..]);
            bytes.len() >= start.len() + end.len()
                && equal(&bytes[..start.len()], start)
                && equal(&bytes[bytes.len() - end.len()..], end)
        }
    }
}

#[test]
fn the_worked_example_is_what_really_travels() {
    let mut recording = Recording(Direct::insert(blank()), Vec::new());
    let mut chip = Chip::new(&mut recording);
    chip.personalise(content(), |_| ()).unwrap();
    chip.activate().unwrap();

    let mut travelled = recording.1.iter();
    let example = worked_example();
    assert!(example.len() > 30 && example.len().is_multiple_of(2));
    for pair in example.chunks(2) {
        let [('>', command), ('<', answer)] = pair else {
            panic!("command and answer take turns: {pair:?}")
        };
        let found = travelled.find(|[sent, _]| looks_like(sent, command));
        let [_, received] = found.unwrap_or_else(|| panic!("never sent, or not in this order: {command:?}"));
        assert!(
            looks_like(received, answer),
            "to {command:?} came {received:02X?}"
        );
    }
}
