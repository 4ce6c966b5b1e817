//! Puts the board's linker scripts where the linker finds them and sets the log level.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DEFMT_LOG");
    if env::var_os("CARGO_FEATURE_LM3S6965").is_some() {
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
    // defmt leaves out everything below `error` unless this says otherwise, at compile time.
    if env::var_os("DEFMT_LOG").is_none() {
        println!("cargo:rustc-env=DEFMT_LOG=info");
    }
}
