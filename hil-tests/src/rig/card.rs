//! SD cards, as files that QEMU puts into a board's slot.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use aligned::{A1, Aligned};
use anyhow::{Context, bail};
use block_device_driver::BlockDevice;
use embassy_futures::block_on;
use kiosk_fw::journal::sectors::SectorStore;
use kiosk_fw::journal::{MAX_RECORD, Store, StoreError};

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

    /// The newest record of the kiosk's journal on it, if there is one.
    ///
    /// # Errors
    /// If the card holds no journal, or the file cannot be read.
    pub fn newest_record(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut record = [0; MAX_RECORD];
        // A card without a journal would be formatted; nothing is written here, and that says that there is none.
        let mut store = SectorStore::new(ReadOnly(File::open(&self.file)?), 0);
        let opened = block_on(store.open(&mut record));
        match opened {
            Ok(opened) => Ok(opened.newest.map(|length| record[..length].to_vec())),
            Err(StoreError::Full) => Ok(None),
            Err(error) => bail!("the journal in {} cannot be read: {error:?}", self.file.display()),
        }
    }

    /// What puts it into the slot of QEMU's board. A write is in the file before the card says so, so QEMU can be killed where a
    /// board would lose its power.
    pub(super) fn qemu_arguments(&self) -> [String; 2] {
        // QEMU takes two commas for one in a name.
        let file = self.file.display().to_string().replace(',', ",,");
        ["-drive".into(), format!("if=sd,format=raw,file={file}")]
    }
}

/// A card in a reader that cannot write.
struct ReadOnly(File);

impl BlockDevice<{ SECTOR as usize }> for ReadOnly {
    type Error = StoreError;
    type Align = A1;

    async fn read(
        &mut self,
        address: u32,
        data: &mut [Aligned<A1, [u8; SECTOR as usize]>],
    ) -> Result<(), StoreError> {
        for (address, sector) in (u64::from(address)..).zip(data) {
            let read = self.0.read_exact_at(&mut sector[..], address * SECTOR);
            read.map_err(|_| StoreError::Failed)?;
        }
        Ok(())
    }

    async fn write(
        &mut self,
        _address: u32,
        _data: &[Aligned<A1, [u8; SECTOR as usize]>],
    ) -> Result<(), StoreError> {
        Err(StoreError::Full)
    }

    async fn size(&mut self) -> Result<u64, StoreError> {
        Ok(BYTES)
    }
}
