//! ZMODEM, as `sz` and `rz` of Debian's `lrzsz` speak it.

use super::direction::Mark;
use super::line::End;
use super::programs::{FILE, Programs};
use super::setting::Setting;
use crate::rig::process::Process;

/// What somebody who knows it would choose. Without a window the sender streams, and repeats from an error on, all that
/// was under way included; a window bounds that. Sub-packets are up to 8 KiB. All have a 32-bit checksum.
///
/// Chosen by trial, with the image, of some twenty combinations of `-8`, `-4`, `-l`, `-L`, `-w`, `-e`, `-o` and `-t` on each
/// line: these came first or near it. `rz` waits as short as it can (`-t 10`; what it makes of that is 3 s, which is what a
/// lost answer costs); `sz` is left its usual time-out, because with one as short it gave up.
pub(super) const SETTINGS: [Setting; 6] = [
    Setting::new("-8 -8", &[0.0, 1e-6]),
    Setting::new("-w 4096 -l 1024", &[0.0, 1e-6]),
    Setting::new("-w 1024 -l 256", &[1e-5, 1e-4]),
    Setting::new("-w 512 -l 128", &[1e-5]),
    Setting::new("-l 64", &[1e-4, 1e-3]),
    Setting::new("-w 256 -l 32", &[1e-3]),
];

const fn exactly(byte: u8) -> (u8, u8) {
    (byte, 0xff)
}

/// The header `ZFILE`, binary, with either checksum: `*`, ZDLE, `A` or `C`, 4.
const BEGIN: Mark = Mark::new([exactly(b'*'), exactly(0x18), (b'A', !2), exactly(4)]);
/// The header `ZFIN`, hexadecimal. ZDLE never occurs in data.
const END: Mark = Mark::new([
    exactly(b'*'),
    exactly(b'*'),
    exactly(0x18),
    exactly(b'B'),
    exactly(b'0'),
    exactly(b'8'),
]);

/// The programs with a setting.
pub(super) fn programs(setting: Setting) -> Programs {
    let mut sender = Process::command("sz");
    sender.args(["-q", "-b"]).args(setting.text.split(' ')).arg(FILE);
    let mut receiver = Process::command("rz");
    receiver.args(["-q", "-b", "-y", "-t", "10"]);
    Programs {
        sender,
        receiver,
        ends: End::Socket,
        output: true,
        marks: [BEGIN, END],
    }
}
