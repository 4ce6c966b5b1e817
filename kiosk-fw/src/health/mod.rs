//! How well the board is: signs of life, what it tells the host about itself, what it remembers of its end.
//!
//! Each loop of an application gives signs of life to the [`Pulse`]. [`Housekeeping`] looks at them, feeds the watchdog while
//! all are well, and answers what every board is asked.

mod housekeeping;
pub mod kept;
pub mod load;
pub mod pulse;
pub mod self_test;

pub use housekeeping::{Housekeeping, StorageHealth};
pub use pulse::{Pulse, Task};

/// A source file's name as the words of a panic have it: there is little room, and the folders above the sources say nothing.
///
/// Byte by byte, because a search in a text takes a kilobyte of flash.
#[allow(dead_code)] // The boards' panic handlers use it.
pub(crate) fn below_sources(file: &str) -> &str {
    const SOURCES: &[u8] = b"/src/";
    let folder = file
        .as_bytes()
        .windows(SOURCES.len())
        .rposition(|part| part == SOURCES);
    folder
        .and_then(|at| file.get(at + SOURCES.len()..))
        .unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::below_sources;

    #[test]
    fn a_file_is_named_without_the_folders_above_its_sources() {
        assert_eq!(
            below_sources("/home/src/loket/kiosk-fw/src/kiosk/app.rs"),
            "kiosk/app.rs"
        );
        assert_eq!(below_sources("src/lib.rs"), "src/lib.rs");
        assert_eq!(below_sources(""), "");
    }
}
