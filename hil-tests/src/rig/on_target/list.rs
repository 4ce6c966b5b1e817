//! The tests in a program, as `embedded-test` writes them into its ELF: a symbol a test in the section `.embedded_test`, whose name
//! is an object in JSON and whose value is the address of a function and the name of its module.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags};
use serde::Deserialize;

/// A test.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test {
    /// Its module and function.
    pub(super) name: String,
    /// Address of the function that runs it and ends the program.
    pub(super) function: u32,
    pub(super) ignored: bool,
    pub(super) should_panic: bool,
    pub(super) timeout: Option<Duration>,
}

/// The symbol's name.
#[derive(Deserialize)]
struct Symbol {
    name: String,
    ignored: bool,
    should_panic: bool,
    /// In seconds.
    timeout: Option<u64>,
}

const SECTION: &str = ".embedded_test";

/// The tests of a program, in the order of their names.
pub(super) fn of(elf: &Path) -> anyhow::Result<Vec<Test>> {
    let bytes = std::fs::read(elf).with_context(|| format!("reading {}", elf.display()))?;
    let file = object::File::parse(&*bytes).context("the program is not an ELF")?;
    let section = file
        .section_by_name(SECTION)
        .context("the program holds no tests")?;
    let mut tests = Vec::new();
    for symbol in file.symbols() {
        let (Ok(name), Some(index)) = (symbol.name(), symbol.section_index()) else {
            continue;
        };
        if index != section.index() || !name.starts_with('{') {
            continue;
        }
        let said: Symbol = serde_json::from_str(name).with_context(|| format!("a test's name is {name}"))?;
        let entry = section
            .data_range(symbol.address(), 12)?
            .context("a test lies outside of its section")?;
        let [function, module, length] = words(entry)?;
        let module = text(&file, module, length)?;
        // Of `on_target::time::tests` only `time` says something.
        let module = module.split("::").nth(1).unwrap_or(&module).to_owned();
        tests.push(Test {
            name: format!("{module}::{}", said.name),
            function,
            ignored: said.ignored,
            should_panic: said.should_panic,
            timeout: said.timeout.map(Duration::from_secs),
        });
    }
    tests.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(tests)
}

fn words(entry: &[u8]) -> anyhow::Result<[u32; 3]> {
    let (words, []) = entry.as_chunks::<4>() else {
        bail!("a test's entry is not made of words");
    };
    let [function, module, length] = *words else {
        bail!("a test's entry has {} words", words.len());
    };
    Ok([function, module, length].map(u32::from_le_bytes))
}

/// A string of the program.
fn text(file: &object::File<'_>, address: u32, length: u32) -> anyhow::Result<String> {
    let (address, length) = (u64::from(address), u64::from(length));
    // What is not in the board's memory, debug information for one, has addresses from 0 as well.
    let in_memory = |section: &object::Section<'_, '_>| matches!(section.flags(), SectionFlags::Elf { sh_flags } if sh_flags & u64::from(object::elf::SHF_ALLOC) != 0);
    for section in file.sections().filter(in_memory) {
        if let Ok(Some(bytes)) = section.data_range(address, length) {
            return Ok(String::from_utf8_lossy(bytes).into_owned());
        }
    }
    bail!("there is nothing at {address:#x}")
}
