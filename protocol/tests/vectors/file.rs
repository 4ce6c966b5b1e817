//! The files of vectors: how they are read, written and sealed.

use std::fmt::Write;

use crc::{CRC_32_ISCSI, Crc};

/// The vectors of each version, from 1.
pub const FILES: [&str; 3] = [
    include_str!("../../vectors/v1.txt"),
    include_str!("../../vectors/v2.txt"),
    include_str!("../../vectors/v3.txt"),
];

/// The version that is still in the making, if one is: no released program speaks it, so `rewrite.rs` may make its file
/// anew. `None` seals all for ever.
pub const IN_THE_MAKING: Option<u8> = None;

/// How many vectors each file has, and the checksum of their text. A vector that is appended adds to both; nothing else
/// may change them.
const SEALS: [(usize, u32); 3] = [
    (81, 0x53bb_a9f3),
    (8, 0xae3d_7fe0),
    (51, 0x6c37_5642), // v3
];

/// Another checksum than that of frames, which would be the same for all bytes that end with their own.
const SEAL: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// Bytes in a line of the file; the description stands after them.
const BYTES_PER_LINE: usize = 8;

/// A vector as it stands in the file.
pub struct Vector {
    /// The version whose form it has.
    pub version: u8,
    /// First line, without the seal.
    pub title: &'static str,
    /// Checksum of the bytes when the vector was written.
    seal: u32,
    /// All bytes of its lines.
    pub bytes: Vec<u8>,
    /// The whole of it.
    pub text: String,
}

/// The bytes that stand on lines of a vector.
fn hex<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let bytes = lines.flat_map(|line| line.split('|').next().unwrap().split_whitespace());
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

impl Vector {
    /// The bytes of a frame as they are on the wire.
    pub fn wire(&self) -> Vec<u8> {
        let lines = self.text.lines();
        hex(lines.skip_while(|line| !line.ends_with("on the wire")))
    }
}

/// The vectors of a version.
pub fn vectors_of(version: u8) -> Vec<Vector> {
    vectors_in(version, FILES[usize::from(version) - 1])
}

/// The vectors in a file's text: paragraphs of a title line and indented lines, after a preamble of `#` lines.
pub fn vectors_in(version: u8, text: &'static str) -> Vec<Vector> {
    let paragraphs = text.split("\n\n").map(str::trim_end);
    paragraphs
        .filter(|paragraph| !paragraph.trim_start().starts_with('#') && !paragraph.is_empty())
        .map(|paragraph| {
            let first = paragraph.lines().next().unwrap();
            let (title, seal) = first.split_once(" | seal ").expect("a title ends with its seal");
            Vector {
                version,
                title,
                seal: u32::from_str_radix(seal, 16).unwrap(),
                bytes: hex(paragraph.lines().skip(1)),
                text: format!("{paragraph}\n"),
            }
        })
        .collect()
}

/// The vectors of all versions.
pub fn vectors() -> Vec<Vector> {
    (1..=FILES.len() as u8).flat_map(vectors_of).collect()
}

/// Bytes, and what they are.
pub type Line = (Vec<u8>, String);

/// Writes a vector as it should stand in the file: each piece of its bytes beside what it is.
pub fn render(title: &str, lines: &[Line]) -> String {
    let bytes: Vec<_> = lines.iter().flat_map(|(bytes, _)| bytes).copied().collect();
    let mut out = format!("{title} | seal {:08x}\n", SEAL.checksum(&bytes));
    for (bytes, what) in lines {
        let mut rows = bytes.chunks(BYTES_PER_LINE);
        let mut what = what.as_str();
        loop {
            let row = rows.next().unwrap_or_default();
            let hex: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            let width = BYTES_PER_LINE * 3 - 1;
            let line = format!("    {:width$} | {what}", hex.join(" "));
            writeln!(out, "{}", line.trim_end()).unwrap();
            what = "";
            if rows.len() == 0 {
                break;
            }
        }
    }
    out
}

/// Number and checksum of vectors, as they stand in `SEALS`.
pub fn seal(vectors: &[Vector]) -> String {
    let sum = checksum(vectors);
    format!("({}, 0x{:04x}_{:04x})", vectors.len(), sum >> 16, sum & 0xffff)
}

fn checksum<'a>(vectors: impl IntoIterator<Item = &'a Vector>) -> u32 {
    let mut digest = SEAL.digest();
    for vector in vectors {
        digest.update(vector.text.as_bytes());
    }
    digest.finalize()
}

/// What is wrong with a file's vectors, if its first `count` should have this checksum and there should be no more.
fn breach(vectors: &[Vector], (count, sealed): (usize, u32)) -> Option<String> {
    let kept = vectors.get(..count).map(checksum) == Some(sealed);
    if !kept {
        Some("a vector was changed, moved or deleted: put it back, and fix the code".to_owned())
    } else if vectors.len() > count {
        let new: Vec<_> = vectors[count..].iter().map(|vector| vector.title).collect();
        let seal = seal(vectors);
        Some(format!("{new:?} appended; when that is right, seal: {seal}"))
    } else {
        None
    }
}

#[test]
fn no_vector_has_changed_or_gone() {
    for (version, seal) in (1..).zip(SEALS) {
        let vectors = vectors_of(version);
        for vector in &vectors {
            let bytes = SEAL.checksum(&vector.bytes);
            assert_eq!(
                vector.seal, bytes,
                "somebody has changed a vector\n{}",
                vector.text
            );
        }
        if let Some(breach) = breach(&vectors, seal) {
            panic!("vectors/v{version}.txt: {breach}");
        }
    }
}

#[test]
fn a_seal_notices_what_happens_to_a_vector() {
    let whole = || vectors_of(1);
    let seal = (whole().len(), checksum(&whole()));
    assert_eq!(breach(&whole(), seal), None);
    for at in [0, whole().len() / 2, whole().len() - 1] {
        let mut deleted = whole();
        deleted.remove(at);
        assert!(
            breach(&deleted, seal).unwrap().contains("put it back"),
            "deleted {at}"
        );
        let mut changed = whole();
        changed[at].text = changed[at].text.replacen(' ', "x", 1);
        assert!(
            breach(&changed, seal).unwrap().contains("put it back"),
            "changed {at}"
        );
    }
    let mut replaced = whole();
    replaced.remove(0);
    replaced.extend(whole().pop());
    assert!(breach(&replaced, seal).unwrap().contains("put it back"));
    let mut appended = whole();
    appended.extend(whole().pop());
    assert!(breach(&appended, seal).unwrap().contains("appended"));
}

#[test]
fn every_file_of_vectors_is_read_and_every_version_has_one() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let expected: Vec<_> = (1..=protocol::version::CURRENT)
        .map(|version| format!("v{version}.txt"))
        .collect();
    assert_eq!(names, expected);
    assert_eq!(FILES.len(), names.len());
}
