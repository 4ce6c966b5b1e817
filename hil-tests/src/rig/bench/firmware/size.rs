//! What a firmware takes of its board, as its file says.

use std::path::Path;

use anyhow::Context;
use object::{Object, ObjectSection, ObjectSymbol};

/// Where the boards' RAM begins: the same for both (LM3S6965 data sheet, 2.4; RP2040 data sheet, 2.2).
const RAM: u64 = 0x2000_0000;
/// Bytes without access where the LM3S6965's stack ends, and bytes that are kept over a reset.
const GUARD_AND_KEPT: u64 = 512;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// All that is flashed.
    pub flash: u64,
    /// Of it, instructions.
    pub code: u64,
    /// Of it, constants.
    pub constants: u64,
    /// Variables, and what is reserved beside them.
    pub variables: u64,
    /// Room of the stack, below the variables.
    pub stack: u64,
}

/// Looks into a firmware.
pub(super) fn of(elf: &Path) -> anyhow::Result<Size> {
    let bytes = std::fs::read(elf).with_context(|| format!("reading {}", elf.display()))?;
    let file = object::File::parse(bytes.as_slice())?;
    let size = |names: &[&str]| -> u64 {
        names
            .iter()
            .filter_map(|name| file.section_by_name(name))
            .map(|section| section.size())
            .sum()
    };
    let stack_start = file
        .symbols()
        .find(|symbol| symbol.name() == Ok("_stack_start"))
        .with_context(|| format!("{} does not say where its stack is", elf.display()))?
        .address();
    Ok(Size {
        flash: size(&[".boot2", ".vector_table", ".text", ".rodata", ".data"]),
        code: size(&[".boot2", ".vector_table", ".text"]),
        constants: size(&[".rodata"]),
        variables: size(&[".data", ".bss", ".uninit"]) + GUARD_AND_KEPT,
        stack: (stack_start - RAM).saturating_sub(GUARD_AND_KEPT / 2),
    })
}
