//! C-Kermit, Debian's `ckermit`.

use super::direction::Mark;
use super::line::End;
use super::programs::{FILE, Programs};
use super::setting::Setting;
use crate::rig::process::Process;

/// What somebody who knows it would choose: window, packet length, and whether it streams, which is without any
/// acknowledgement, so that one error ends it.
///
/// Chosen by trial, with the image, of some forty combinations on each line: these came first or near it. (On a bad line
/// larger windows do worse: a packet that is asked for too late ends the transfer, "NAK out of window".)
pub(super) const SETTINGS: [Setting; 7] = [
    Setting::new("window 31, packet-length 9024, streaming on", &[0.0]),
    Setting::new("window 31, packet-length 2000, streaming off", &[0.0, 1e-6]),
    Setting::new("window 31, packet-length 250, streaming off", &[1e-6, 1e-5]),
    Setting::new("window 4, packet-length 250, streaming off", &[1e-5]),
    Setting::new("window 1, packet-length 250, streaming off", &[1e-4, 1e-3]),
    Setting::new("window 1, packet-length 400, streaming off", &[1e-4]),
    Setting::new("window 2, packet-length 90, streaming off", &[1e-3]),
];

/// On both ends: the strongest checksum on every packet; as few bytes prefixed as a clear line allows; the shortest
/// time-outs there are; never give up; nothing sent that the file does not need.
const COMMON: &str = "set carrier-watch off, set flow none, set block-check 5, set transfer mode manual, \
    set file type binary, set file collision overwrite, set control unprefixed all, set control prefixed 1, \
    set transfer slow-start off, set transfer cancellation off, set retry 200, set send timeout 1 fixed, \
    set receive timeout 1, set delay 0, set repeat counts off, set attributes off";

const fn exactly(byte: u8) -> (u8, u8) {
    (byte, 0xff)
}

const ANY: (u8, u8) = (0, 0);

/// The packet with the file's name: start, length, number 1, `F`. A start does not occur in data.
const BEGIN: Mark = Mark::new([exactly(1), ANY, exactly(b'!'), exactly(b'F')]);
/// The packet that ends the session, which follows the acknowledgement of the file's end.
const END: Mark = Mark::new([exactly(1), ANY, ANY, exactly(b'B')]);

/// The commands that make a setting.
fn commands(text: &str) -> String {
    let commands: Vec<String> = text
        .split(", ")
        .map(|item| match item.split_once(' ') {
            Some(("packet-length", length)) => {
                format!("set send packet-length {length}, set receive packet-length {length}")
            }
            // It streams only on what it is told to be reliable.
            Some(("streaming", on)) => format!("set reliable {on}, set streaming {on}"),
            _ => format!("set {item}"),
        })
        .collect();
    commands.join(", ")
}

/// The programs with a setting.
pub(super) fn programs(setting: Setting) -> Programs {
    let common = format!("{COMMON}, {}", commands(setting.text));
    let command = |last: String| {
        // Number 3, because it looks for keys pressed on its standard input. By number, because by name it locks the
        // port for the whole machine.
        let mut command = Process::command("sh");
        command
            .args([
                "-c",
                r#"exec 3<&0 0</dev/null; exec kermit -Y -H -l 3 -C "$1""#,
                "kermit",
            ])
            .arg(format!("{common}, {last}, exit"));
        command
    };
    Programs {
        sender: command(format!("send {FILE}")),
        receiver: command("receive".to_owned()),
        ends: End::Terminal,
        output: false,
        marks: [BEGIN, END],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_becomes_commands() {
        assert_eq!(
            commands("window 4, packet-length 250, streaming off"),
            "set window 4, set send packet-length 250, set receive packet-length 250, set reliable off, \
             set streaming off"
        );
    }
}
