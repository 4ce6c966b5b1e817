//! How the Pico's flash is divided. Bytes from its start, which is `0x1000_0000` in memory. build.rs
//! makes each program's `memory.x` from this file, so it holds nothing but constants.

/// Bytes of the Pico's flash: a W25Q16JV.
pub const SIZE: u32 = 2 * 1024 * 1024;
/// Bytes that are erased at once.
pub const SECTOR: u32 = 4096;
/// The second-stage bootloader, which the chip's ROM loads and checks (RP2040 data sheet, 2.8.1.3.1).
pub const BOOT2: u32 = 0;
/// Its length.
pub const BOOT2_LEN: u32 = 0x100;
/// Our bootloader, which swaps firmwares.
pub const BOOTLOADER: u32 = BOOT2 + BOOT2_LEN;
/// Its end.
pub const BOOTLOADER_END: u32 = 0x8000;
/// What the bootloader and the firmware tell each other.
pub const STATE: u32 = BOOTLOADER_END;
/// Its length: room for a word of 16 bytes for each of four steps for each sector of the firmware, and two more.
pub const STATE_LEN: u32 = 4 * SECTOR;
/// The firmware that runs.
pub const ACTIVE: u32 = 0x1_0000;
/// The most that a firmware may have.
pub const ACTIVE_LEN: u32 = 256 * 1024;
/// The firmware that comes, and after a swap the one before.
pub const DFU: u32 = ACTIVE + ACTIVE_LEN;
/// One sector more than the firmware: the swap moves everything by one.
pub const DFU_LEN: u32 = ACTIVE_LEN + SECTOR;
/// The kiosk's records.
pub const JOURNAL: u32 = 0x10_0000;
/// Their length: 64 sectors, worn in turn.
pub const JOURNAL_LEN: u32 = 64 * SECTOR;

/// Start of the memory that the firmware uses.
pub const RAM: u32 = 0x2000_0000;
/// Its length.
pub const RAM_LEN: u32 = 192 * 1024 - KEPT_LEN;
/// What a firmware leaves for its next start: no linker is told of it.
pub const KEPT: u32 = RAM + RAM_LEN;
/// Its length.
pub const KEPT_LEN: u32 = 256;
/// Start of the bootloader's memory, which is no firmware's, so that what one leaves for its next start survives the bootloader.
pub const BOOTLOADER_RAM: u32 = KEPT + KEPT_LEN;
/// Its length; the chip has 256 KiB in one piece, and two small ones more.
pub const BOOTLOADER_RAM_LEN: u32 = 64 * 1024;

const _: () = {
    assert!(STATE + STATE_LEN <= ACTIVE);
    assert!(DFU + DFU_LEN <= JOURNAL);
    assert!(JOURNAL + JOURNAL_LEN <= SIZE);
    assert!(STATE_LEN / 16 >= 2 + 4 * ACTIVE_LEN / SECTOR);
};
