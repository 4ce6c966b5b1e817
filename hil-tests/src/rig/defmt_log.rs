//! Turns a board's defmt log into text, with the format strings of the ELF that wrote it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use defmt_decoder::{DecodeError, Table};

/// Decodes all of a log. Frames that are cut off or malformed are named in the text, not dropped in silence.
///
/// # Errors
/// If the ELF has no defmt table.
pub fn decode(elf: &Path, log: &[u8]) -> anyhow::Result<String> {
    let bytes = std::fs::read(elf).with_context(|| format!("reading {}", elf.display()))?;
    let Some(table) = Table::parse(&bytes).map_err(|error| anyhow::anyhow!("{error}"))? else {
        bail!("{} logs nothing through defmt", elf.display());
    };
    let mut decoder = table.new_stream_decoder();
    decoder.received(log);
    let mut text = String::new();
    loop {
        match decoder.decode() {
            Ok(frame) => {
                let _ = writeln!(text, "{}", frame.display(false));
            }
            Err(DecodeError::UnexpectedEof) => return Ok(text),
            Err(DecodeError::Malformed) => {
                let _ = writeln!(text, "(malformed frame)");
                if !table.encoding().can_recover() {
                    return Ok(text);
                }
            }
        }
    }
}
