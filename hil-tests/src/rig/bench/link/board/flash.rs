//! How much of a firmware's flash is there because of the crate `protocol`.
//!
//! The linker puts everything together and inlines across crates, so no symbol tells. The debug information does: for each
//! instruction it names the function and those that it was inlined into, each with its source file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

/// Bytes of flash that are there because of `protocol`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    /// Instructions written in `protocol`.
    pub own: u64,
    /// Instructions of other crates, inlined into functions of `protocol`.
    pub inlined: u64,
    /// Functions of the crates that `protocol` is built on, not inlined: by name. Others may use them, too.
    pub libraries: BTreeMap<String, u64>,
    /// Tables of the checksum.
    pub tables: u64,
}

impl Flash {
    /// All of it. Of the functions of other crates those count that `protocol` uses, which are `used`.
    pub fn total(&self, used: &BTreeSet<String>) -> u64 {
        self.own + self.inlined + self.tables + self.libraries_of(used)
    }

    /// Bytes of the functions of other crates that are among `used`.
    pub fn libraries_of(&self, used: &BTreeSet<String>) -> u64 {
        let used = self.libraries.iter().filter(|(name, _)| used.contains(*name));
        used.map(|(_, bytes)| bytes).sum()
    }

    /// The functions of other crates that are there.
    pub fn library_functions(&self) -> BTreeSet<String> {
        self.libraries.keys().cloned().collect()
    }
}

/// Files of `protocol`, as the debug information names them.
const OWN: &str = "protocol/src/";
/// Crates that `protocol` is built on.
const LIBRARIES: [&str; 3] = ["/heapless-", "/nom-", "/crc-"];
/// The first entries of the table of CRC-32, and how many there are.
const CRC_TABLE: [u32; 4] = [0, 0x7707_3096, 0xee0e_612c, 0x9909_51ba];
const CRC_TABLE_BYTES: u64 = 256 * 4;
/// Instructions of the Cortex-M3 are two or four bytes long.
const STEP: u64 = 2;

/// Whose an instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Own,
    Inlined,
    Library,
    Others,
}

/// Looks into a firmware.
///
/// # Errors
/// If the file cannot be read or has no debug information.
pub fn of(elf: &Path) -> anyhow::Result<Flash> {
    let loader = addr2line::Loader::new(elf)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .with_context(|| format!("reading the debug information of {}", elf.display()))?;
    let bytes = std::fs::read(elf)?;
    let file = object::File::parse(bytes.as_slice())?;
    let mut flash = Flash::default();
    for (start, end) in functions_of(&file) {
        for address in (start..end).step_by(STEP as usize) {
            let (whose, function) = look(&loader, address)?;
            let part = match whose {
                Whose::Own => &mut flash.own,
                Whose::Inlined => &mut flash.inlined,
                Whose::Library => flash.libraries.entry(function).or_default(),
                Whose::Others => continue,
            };
            *part += STEP.min(end - address);
        }
    }
    if flash.own == 0 {
        bail!(
            "{} has no code of `protocol`, or no debug information",
            elf.display()
        );
    }
    flash.tables = crc_tables(&file)?;
    Ok(flash)
}

/// Bytes of flash that a firmware takes: code, constants, and what variables are made from.
///
/// # Errors
/// If the file cannot be read.
pub fn size(elf: &Path) -> anyhow::Result<u64> {
    let bytes = std::fs::read(elf)?;
    let file = object::File::parse(bytes.as_slice())?;
    let flashed = [".vector_table", ".text", ".rodata", ".data"];
    Ok(flashed
        .iter()
        .filter_map(|name| file.section_by_name(name))
        .map(|section| section.size())
        .sum())
}

/// Where the functions lie, each once.
fn functions_of(file: &object::File<'_>) -> Vec<(u64, u64)> {
    let mut functions: Vec<(u64, u64)> = file
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0)
        // The lowest bit only says that it is Thumb code.
        .map(|symbol| (symbol.address() & !1, (symbol.address() & !1) + symbol.size()))
        .collect();
    functions.sort_unstable();
    // Several names for one function, or inside one.
    let mut reached = 0;
    functions.retain(|&(start, end)| {
        let new = start >= reached;
        reached = reached.max(end);
        new
    });
    functions
}

/// Whose the instruction at `address` is, and the function that it lies in.
fn look(loader: &addr2line::Loader, address: u64) -> anyhow::Result<(Whose, String)> {
    let mut frames = loader
        .find_frames(address)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut innermost = true;
    let mut whose = Whose::Others;
    let mut outermost = None;
    while let Some(frame) = frames.next()? {
        let file = frame.location.as_ref().and_then(|location| location.file);
        if file.is_some_and(|file| file.contains(OWN)) && whose != Whose::Own {
            whose = if innermost { Whose::Own } else { Whose::Inlined };
        }
        innermost = false;
        outermost = Some((file.unwrap_or_default().to_owned(), frame.function));
    }
    let Some((file, function)) = outermost else {
        return Ok((Whose::Others, String::new()));
    };
    if whose == Whose::Others && LIBRARIES.iter().any(|library| file.contains(library)) {
        whose = Whose::Library;
    }
    let name = function.and_then(|function| function.demangle().ok().map(Cow::into_owned));
    Ok((whose, name.unwrap_or_default()))
}

/// Bytes of all copies of the checksum's table.
fn crc_tables(file: &object::File<'_>) -> anyhow::Result<u64> {
    let section = file.section_by_name(".rodata").context("no constants")?;
    let constants = section.data()?;
    let first: Vec<u8> = CRC_TABLE.iter().flat_map(|entry| entry.to_le_bytes()).collect();
    let copies = constants
        .windows(first.len())
        .filter(|bytes| **bytes == *first)
        .count();
    Ok(copies as u64 * CRC_TABLE_BYTES)
}
