//! SD cards, as files that QEMU puts into a board's slot.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Size of a card. QEMU wants a power of two; the file is sparse and takes only what was written.
const BYTES: u64 = 64 << 20;
/// Bytes of a sector.
const SECTOR: u64 = 512;

/// A card in a file. It keeps what boards write, and can be put into one after another.
#[derive(Clone, Debug)]
pub struct CardImage {
    file: PathBuf,
}

impl CardImage {
    /// A card with nothing on it, in a new file.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn blank(file: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let file = file.into();
        let made = File::create(&file).and_then(|card| card.set_len(BYTES));
        made.with_context(|| format!("making a card in {}", file.display()))?;
        Ok(Self { file })
    }

    /// The card in a file that is there.
    ///
    /// # Errors
    /// If it is not there.
    pub fn existing(file: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let file = file.into();
        File::open(&file).with_context(|| format!("looking for a card in {}", file.display()))?;
        Ok(Self { file })
    }

    /// Where it is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Writes over a sector, as another computer would.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_sector(&self, sector: u64, content: &[u8; SECTOR as usize]) -> anyhow::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.file)?;
        file.write_all_at(content, sector * SECTOR)
            .with_context(|| format!("writing to the card in {}", self.file.display()))
    }

    /// What puts it into the slot of QEMU's board. A write is in the file before the card says so, so QEMU can be killed where a
    /// board would lose its power.
    pub(super) fn qemu_arguments(&self) -> [String; 2] {
        // QEMU takes two commas for one in a name.
        let file = self.file.display().to_string().replace(',', ",,");
        ["-drive".into(), format!("if=sd,format=raw,file={file}")]
    }
}
