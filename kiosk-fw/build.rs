//! Puts the board's linker scripts where the linker finds them and sets the log level.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

#[path = "src/board/rp2040/flash_map.rs"]
#[allow(dead_code, unreachable_pub)]
mod pico;

/// Where the flash begins in the Pico's memory.
const XIP: u32 = 0x1000_0000;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DEFMT_LOG");
    if has("LM3S6965") {
        let root = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .unwrap_or_default();
        println!(
            "cargo:rustc-link-search={}",
            root.join("src/board/lm3s6965").display()
        );
        println!("cargo:rerun-if-changed=src/board/lm3s6965/memory.x");
        println!("cargo:rerun-if-changed=src/board/lm3s6965/device.x");
    }
    if has("RP2040") {
        // Whoever flashes a firmware with a probe writes the second stage, too; it is the same in both programs.
        pico_memory(pico::ACTIVE, pico::ACTIVE_LEN, pico::RAM, pico::RAM_LEN);
        link_with(&["-Tlink.x", "-Tlink-rp.x", "-Tdefmt.x", "--nmagic"]);
    }
    if has("BOOTLOADER") {
        pico_memory(
            pico::BOOTLOADER,
            pico::BOOTLOADER_END - pico::BOOTLOADER,
            pico::BOOTLOADER_RAM,
            pico::BOOTLOADER_RAM_LEN,
        );
        link_with(&["-Tlink.x", "-Tlink-rp.x", "--nmagic"]);
    }
    if has("BOARD") {
        build_in_elf();
    }
    // The test harness asks for it in what it makes of the tests.
    println!("cargo:rustc-check-cfg=cfg(rust_analyzer)");
    if has("ON_TARGET") {
        println!("cargo:rustc-link-arg-bin=on-target=-Tembedded-test.x");
    }
    // defmt leaves out everything below `error` unless this says otherwise, at compile time.
    if env::var_os("DEFMT_LOG").is_none() {
        println!("cargo:rustc-env=DEFMT_LOG=info");
    }
}

fn has(feature: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
}

/// Writes the build into the ELF, as a symbol that takes no place on the board: so `loket board logs` tells whether the ELF has
/// the words of a board's log. The firmware itself has it from the same variable (`src/link_port.rs`).
fn build_in_elf() {
    println!("cargo:rerun-if-env-changed=LOKET_BUILD");
    let digits = env::var("LOKET_BUILD").unwrap_or_default();
    let build = u32::from_str_radix(&digits, 16).unwrap_or(0);
    println!("cargo:rustc-link-arg-bins=--defsym=__loket_build={build:#010x}");
}

/// Writes the Pico's `memory.x` for a program at `flash` bytes from the flash's start.
fn pico_memory(flash: u32, flash_len: u32, ram: u32, ram_len: u32) {
    println!("cargo:rerun-if-changed=src/board/rp2040/flash_map.rs");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    let mut text = String::from("MEMORY\n{\n");
    for (name, origin, length) in [
        ("BOOT2", XIP + pico::BOOT2, pico::BOOT2_LEN),
        ("FLASH", XIP + flash, flash_len),
        ("RAM", ram, ram_len),
    ] {
        let _ = writeln!(text, "    {name} : ORIGIN = {origin:#010x}, LENGTH = {length:#x}");
    }
    text.push_str("}\n");
    let file = out.join("memory.x");
    if let Err(error) = fs::write(&file, text) {
        println!("cargo:error={}: {error}", file.display());
    }
    println!("cargo:rustc-link-search={}", out.display());
}

fn link_with(arguments: &[&str]) {
    for argument in arguments {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}
