//! Makes the file of a version anew while that version is still in the making, and seals it.

use std::fs;
use std::path::Path;

use crate::file::{IN_THE_MAKING, seal, vectors_in, vectors_of};
use crate::{codes, frames, messages};

/// All that a version must have vectors of, after the file's preamble.
fn whole(version: u8, preamble: &str) -> String {
    let before: Vec<_> = (1..version).flat_map(vectors_of).collect();
    let parts = [
        format!("{preamble}\n\n"),
        messages::missing(version, &[]),
        frames::missing(version, Vec::new()),
        codes::missing_codes(&before),
        codes::missing_fields(version, &[]),
    ];
    format!("{}\n", parts.concat().trim_end())
}

#[test]
fn the_version_in_the_making_has_the_vectors_that_the_code_makes() {
    let Some(version) = IN_THE_MAKING else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join(format!("vectors/v{version}.txt"));
    let text = fs::read_to_string(&path).unwrap();
    let (preamble, _) = text.split_once("\n\n").expect("a preamble, and an empty line");
    let made = whole(version, preamble);
    if std::env::var_os("UPDATE_VECTORS").is_none() {
        assert!(
            text == made,
            "version {version} has changed: UPDATE_VECTORS=1 cargo test -p protocol --test vectors"
        );
        return;
    }
    fs::write(&path, &made).unwrap();
    let seals = folder.join("tests/vectors/file.rs");
    let mark = format!(", // v{version}");
    let code = fs::read_to_string(&seals).unwrap();
    let seal = seal(&vectors_in(version, made.leak()));
    let lines = code.lines().map(|line| {
        if line.ends_with(&mark) {
            format!("    {seal}{mark}\n")
        } else {
            format!("{line}\n")
        }
    });
    fs::write(&seals, lines.collect::<String>()).unwrap();
}
