//! Smart cards: ISO/IEC 7816-4 commands, PC/SC readers, and the chip of the identity card.
//!
//! | module | what |
//! |---|---|
//! | [`apdu`], [`status`], [`fcp`] | the standard's words: commands, status words, file parameters |
//! | [`CardReaders`] | readers by name, whatever stands behind them |
//! | [`transport`] | the wire as the logic sees it; `pcsc` (feature of that name) is the real one |
//! | [`profile`] | how the chip is laid out and filled, as data |
//! | [`content`], [`biodata`], [`office_key`] | what is on the chip, its encoding and its signature |
//! | [`chip`] | what the host does with a chip |
//!
//! Everything but `pcsc` and the key file is free of input and output of its own: a function over a [`CardTransport`].
//!
//! ```no_run
//! # #[cfg(feature = "pcsc")] fn example(content: &host_driver::card::ChipContent) -> Result<(), Box<dyn std::error::Error>> {
//! use host_driver::card::{Chip, pcsc::Readers};
//!
//! let mut readers = Readers::new();
//! readers.wait_for_card("Loket Encoder 00 00", std::time::Duration::from_secs(10))?;
//! let mut card = readers.connect("Loket Encoder 00 00")?;
//! let mut chip = Chip::new(card.transaction()?);
//! println!("{:?}", chip.inspect()?);
//! chip.personalise(content, |progress| println!("{progress:?}"))?;
//! # Ok(()) }
//! ```

pub mod apdu;
pub mod biodata;
mod channel;
pub mod chip;
pub mod content;
pub mod error;
pub mod fcp;
mod files;
pub mod office_key;
#[cfg(feature = "pcsc")]
pub mod pcsc;
pub mod profile;
mod readers;
pub mod status;
pub mod transport;
pub mod uid;

pub use apdu::{Apdu, Instruction};
pub use biodata::Biodata;
pub use channel::Traffic;
pub use chip::{Activation, Activity, Chip, ChipState, Progress};
pub use content::{CardControl, ChipContent, ChipImage, ContentError, DataGroups, KeyId, SignatureBitmap};
pub use error::{CardError, ChipCondition, PrefixFault};
pub use fcp::{Fcp, LifeCycle};
pub use office_key::{OfficeKey, OfficePublicKey};
pub use profile::{CardProfile, DataGroup, FileId, KTP_EL};
pub use readers::CardReaders;
pub use status::StatusWord;
pub use transport::{Awaited, CardTransport, TransportError};
pub use uid::Uid;
