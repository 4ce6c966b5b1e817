//! Inputs to begin with: the golden vectors of the protocol.

use std::path::Path;

use anyhow::Context;

use super::Target;
use crate::rig::project;

/// Writes the vectors of every version into `folder`, as inputs of the target.
///
/// # Errors
/// If the vectors cannot be read or the inputs cannot be written.
pub(super) fn write(target: Target, folder: &Path) -> anyhow::Result<()> {
    let vectors = project::root().join("protocol/vectors");
    for file in std::fs::read_dir(&vectors).with_context(|| vectors.display().to_string())? {
        let file = file?.path();
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let version = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for (number, input) in inputs(target, &text).into_iter().enumerate() {
            std::fs::write(folder.join(format!("{version}-{number:03}")), input)?;
        }
    }
    Ok(())
}

/// The vectors of a file that say something to the target, in the target's form.
fn inputs(target: Target, text: &str) -> Vec<Vec<u8>> {
    // What the targets in `protocol/fuzz/src` take such bytes for: three lengths of pieces and "all that follows",
    // or "a message". Programs for links cannot be made of frames, whose sessions are others.
    let (title, form): (&str, &[u8]) = match target {
        Target::Frame => ("frame ", &[1, 7, 30, 2]),
        Target::Message => ("message ", &[0]),
        Target::Link | Target::Pair => return Vec::new(),
    };
    text.split("\n\n")
        .filter(|vector| vector.starts_with(title))
        .map(|vector| {
            let lines = vector.lines().skip(1);
            let bytes = lines.flat_map(|line| line.split('|').next().unwrap_or_default().split_whitespace());
            let bytes = bytes.filter_map(|byte| u8::from_str_radix(byte, 16).ok());
            form.iter().copied().chain(bytes).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_becomes_an_input_of_the_target_that_reads_such() {
        let text = "# Preamble.\n\nmessage A | seal 0\n    01 02 | A {\n    ff    |     b: 255,\n          | }\n\n\
                    frame Hello | seal 0\n    00 | delimiter\n";
        assert_eq!(inputs(Target::Message, text), [[0, 1, 2, 0xff]]);
        assert_eq!(inputs(Target::Frame, text), [[1, 7, 30, 2, 0]]);
        assert!(inputs(Target::Link, text).is_empty());
    }

    #[test]
    fn the_checked_in_vectors_are_seeds_of_both() {
        let folder = tempfile::tempdir().expect("a folder");
        for target in [Target::Frame, Target::Message] {
            write(target, folder.path()).expect("seeds");
            assert!(std::fs::read_dir(folder.path()).expect("a folder").count() > 3);
        }
    }
}
