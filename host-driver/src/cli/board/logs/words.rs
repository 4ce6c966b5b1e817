//! The words of a firmware's log, from its ELF.

use std::path::{Path, PathBuf};

use defmt_decoder::Table;
use object::{Object as _, ObjectSymbol as _};

use super::super::super::failure::{Exit, Failure};

/// The symbol whose value is the build (`kiosk-fw/build.rs`).
const BUILD: &str = "__loket_build";

/// What a firmware's ELF says of its log.
pub(super) struct Words {
    elf: PathBuf,
    pub(super) table: Table,
    /// The build; 0 if it is not known.
    pub(super) build: u32,
}

impl Words {
    /// Reads an ELF.
    pub(super) fn read(elf: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(elf).map_err(|error| unusable(elf, &error.to_string()))?;
        let table = Table::parse(&bytes).map_err(|error| unusable(elf, &error.to_string()))?;
        Ok(Self {
            elf: elf.to_owned(),
            table: table.ok_or_else(|| unusable(elf, "it has no words of a log"))?,
            build: build(&bytes),
        })
    }

    /// Whether these are surely not the words of a firmware of this build; then why.
    pub(super) fn foreign_to(&self, build: u32) -> Option<String> {
        (self.build != 0 && build != 0 && self.build != build).then(|| {
            format!(
                "the log is of build {build:08x}, and `{}` is build {:08x}",
                self.elf.display(),
                self.build
            )
        })
    }

    /// What is to be said if one of the two does not know its build.
    pub(super) fn doubt(&self, build: u32) -> Option<String> {
        let whose = match (self.build, build) {
            (0, _) => format!("`{}` does not say its build", self.elf.display()),
            (_, 0) => "the board does not say its build".to_owned(),
            _ => return None,
        };
        Some(format!(
            "{whose}: if these are not its words, what follows is wrong"
        ))
    }
}

/// The build of an ELF; 0 if it does not say.
fn build(elf: &[u8]) -> u32 {
    object::File::parse(elf)
        .ok()
        .and_then(|file| {
            file.symbols()
                .find(|symbol| symbol.name() == Ok(BUILD))
                .map(|symbol| symbol.address())
        })
        .map_or(0, |build| build as u32)
}

fn unusable(elf: &Path, cause: &str) -> Failure {
    let problem = format!(
        "`{}` cannot be used: {cause}; give the firmware that the board runs",
        elf.display()
    );
    Failure::new(Exit::Input, problem)
}
