//! Which program has a port open: for the message to whoever wants it too.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::sys::stat::{major, minor};

/// Names the program that uses the port at `path`, as far as `/proc` tells: `process 4711 (minicom)`.
pub(super) fn holder_of(path: &Path) -> String {
    // Links such as those under /dev/serial/by-id lead to the device whose node is locked.
    let device = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    locked_by(&device)
        .or_else(|| opened_by(&device))
        .map_or_else(|| "another program".into(), name_of)
}

/// Names another process that has the port at `path` open, if there is one and it can be seen.
///
/// Not of a pseudo-terminal: whoever plays the board keeps both of its ends open, so that it survives this program.
pub(super) fn opened_by_another(path: &Path) -> Option<String> {
    let device = fs::canonicalize(path).ok()?;
    if device.starts_with("/dev/pts") {
        return None;
    }
    opened_by(&device).map(name_of)
}

fn name_of(process: u32) -> String {
    match fs::read_to_string(format!("/proc/{process}/comm")) {
        Ok(name) => format!("process {process} ({})", name.trim_end()),
        Err(_) => format!("process {process}"),
    }
}

/// The process that holds a lock on the file, from the kernel's list of locks. Every user may read that list.
fn locked_by(device: &Path) -> Option<u32> {
    let node = fs::metadata(device).ok()?;
    let file = format!(
        "{:02x}:{:02x}:{}",
        major(node.dev()),
        minor(node.dev()),
        node.ino()
    );
    process_of_lock(&fs::read_to_string("/proc/locks").ok()?, &file)
}

/// Looks for a line such as `3: FLOCK  ADVISORY  WRITE 4711 00:18:5 0 EOF`.
fn process_of_lock(locks: &str, file: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let kind = words.next()?;
        let process = words.nth(2)?;
        // Whoever waits for a lock does not hold it (`->`). Locks from other machines and containers have no process.
        (kind == "FLOCK" && words.next()? == file)
            .then(|| process.parse().ok())
            .flatten()
    })
}

/// Another process that has the file open. Only root sees those of other users.
fn opened_by(device: &Path) -> Option<u32> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        let opened = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
        let has_it = opened
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|file| file == device);
        (has_it && process != std::process::id()).then_some(process)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_found_among_others() {
        let locks = "\
            1: POSIX  ADVISORY  WRITE 10 00:18:5 0 EOF\n\
            2: FLOCK  ADVISORY  READ 11 00:18:6 0 EOF\n\
            3: FLOCK  ADVISORY  WRITE 12 00:18:5 0 EOF\n\
            3: -> FLOCK  ADVISORY  WRITE 13 00:18:5 0 EOF\n";
        assert_eq!(process_of_lock(locks, "00:18:5"), Some(12));
        assert_eq!(process_of_lock(locks, "00:18:7"), None);
        assert_eq!(process_of_lock("what is this\n\n1:\n", "00:18:5"), None);
    }
}
