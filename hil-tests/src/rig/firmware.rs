//! `cargo rig firmware`: makes the file that `loket board update` sends.
//!
//! Its format is [`protocol::package`]'s. What it says of the program, the program says of itself ([`package::ident`]); the image is what
//! the ELF puts where the board's firmware runs.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use ed25519_dalek::{Signer, SigningKey};
use object::read::elf::{ElfFile32, ProgramHeader as _};
use object::{Endianness, elf};
use protocol::message::Firmware;
use protocol::package::{self, Manifest};
use sha2::{Digest, Sha256};

/// The sentence that the development key is made from. Its public half is `kiosk_fw::update::DEVELOPMENT_KEY`.
const DEVELOPMENT: &[u8] = b"Loket development key: anyone can sign with it";
/// Where the Pico's firmware runs: its flash, after the bootloader's part (`kiosk-fw/src/board/rp2040/flash_map.rs`).
const PICO_FIRMWARE: std::ops::Range<u64> = 0x1001_0000..0x1020_0000;

/// What to do with a firmware.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a signed image from an ELF of the Raspberry Pi Pico.
    Pack {
        /// The ELF, as `cargo rig build` makes it.
        elf: PathBuf,
        /// The private key, as `cargo rig firmware key` makes it. Without: the development key, which anyone can sign with.
        #[arg(long)]
        key: Option<PathBuf>,
        /// Where the image goes.
        #[arg(long, short)]
        output: PathBuf,
    },
    /// Says what an image is.
    Show {
        /// The image.
        image: PathBuf,
    },
    /// Draws a private key and says which public key belongs to it. The firmware trusts that one if it is in the environment variable
    /// `LOKET_UPDATE_KEY` when it is compiled.
    Key {
        /// Where the private key goes: a new file that only its owner can read.
        output: PathBuf,
    },
}

/// Does it.
///
/// # Errors
/// If a file cannot be read, is not what it should be, or cannot be written.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Pack { elf, key, output } => {
            let signer = if let Some(file) = key {
                read_key(file)?
            } else {
                eprintln!(
                    "signed with the development key, which anyone can sign with: not for a board in a lobby"
                );
                development_key()
            };
            let bytes = fs::read(elf).with_context(|| format!("reading {}", elf.display()))?;
            let packed = pack(&flat(&bytes)?, &signer)?;
            fs::write(output, &packed).with_context(|| format!("writing {}", output.display()))?;
            println!("{}: {}", output.display(), describe(&packed)?);
        }
        Command::Show { image } => {
            let bytes = fs::read(image).with_context(|| format!("reading {}", image.display()))?;
            println!("{}: {}", image.display(), describe(&bytes)?);
        }
        Command::Key { output } => println!("LOKET_UPDATE_KEY={}", new_key(output)?),
    }
    Ok(())
}

/// The key that firmware trusts unless it was built for another.
pub fn development_key() -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(DEVELOPMENT).into())
}

/// The signed file of an image.
///
/// # Errors
/// If the program in it does not say what it is.
pub fn pack(image: &[u8], signer: &SigningKey) -> anyhow::Result<Vec<u8>> {
    let manifest = package::manifest_of(image, Sha256::digest(image).into())
        .context("the program does not say what it is; is it one of this checkout's firmwares?")?;
    Ok(sign(&manifest, image, signer))
}

/// The file of an image with a manifest of one's own.
pub fn sign(manifest: &Manifest, image: &[u8], signer: &SigningKey) -> Vec<u8> {
    let manifest = manifest.to_bytes();
    let signature = signer.sign(&manifest).to_bytes();
    [manifest.as_slice(), &signature, image].concat()
}

/// What the ELF puts where the Pico's firmware runs, gaps filled as an erased flash is.
fn flat(elf: &[u8]) -> anyhow::Result<Vec<u8>> {
    let file = ElfFile32::<Endianness>::parse(elf).context("it is not an ELF of a board")?;
    let endian = file.endian();
    let mut image = Vec::new();
    for header in file.elf_program_headers() {
        let at = u64::from(header.p_paddr(endian));
        let bytes = header
            .data(endian, elf)
            .map_err(|()| anyhow::anyhow!("the ELF is cut off"))?;
        if header.p_type(endian) != elf::PT_LOAD || bytes.is_empty() || !PICO_FIRMWARE.contains(&at) {
            continue;
        }
        let start = (at - PICO_FIRMWARE.start) as usize;
        let end = start + bytes.len();
        ensure!(end <= 16 << 20, "the program is longer than any board's flash");
        image.resize(image.len().max(end), 0xFF);
        image[start..end].copy_from_slice(bytes);
    }
    ensure!(
        !image.is_empty(),
        "it has nothing at {:#x}, where the Pico's firmware runs: is it for another board? Only the Pico can be updated over its line",
        PICO_FIRMWARE.start
    );
    Ok(image)
}

fn describe(bytes: &[u8]) -> anyhow::Result<String> {
    let manifest = Manifest::from_bytes(bytes).context("it is not a firmware image")?;
    let image = bytes
        .get(package::HEADER_BYTES..)
        .context("it ends within its header")?;
    ensure!(
        image.len() == manifest.length as usize && *Sha256::digest(image) == manifest.hash,
        "it is damaged"
    );
    let Firmware {
        major,
        minor,
        patch,
        build,
    } = manifest.firmware;
    let board: String = manifest
        .board
        .iter()
        .take_while(|byte| **byte != 0)
        .map(|byte| char::from(*byte))
        .collect();
    let role = protocol::Role::from_code(manifest.role);
    Ok(format!(
        "{role:?} on {board}, version {major}.{minor}.{patch}, build {build:08x}, {} bytes",
        manifest.length
    ))
}

/// Draws a key and returns the public half in hexadecimal digits.
fn new_key(output: &Path) -> anyhow::Result<String> {
    let mut seed = [0; 32];
    let chance = Path::new("/dev/urandom");
    fs::File::open(chance)
        .and_then(|mut chance| chance.read_exact(&mut seed))
        .context("drawing a key")?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(output)
        .with_context(|| format!("making {}", output.display()))?;
    writeln!(file, "{}", hexadecimal(&seed)).with_context(|| format!("writing {}", output.display()))?;
    Ok(hexadecimal(
        SigningKey::from_bytes(&seed).verifying_key().as_bytes(),
    ))
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xF)]])
        .collect()
}

fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let digits = text.trim();
    if digits.len() != 64 || !digits.is_ascii() {
        bail!("{} is not a key of `cargo rig firmware key`", file.display());
    }
    let mut seed = [0; 32];
    for (place, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16)
            .with_context(|| format!("{} is not a key of `cargo rig firmware key`", file.display()))?;
    }
    Ok(SigningKey::from_bytes(&seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firmware_trusts_the_development_key() {
        assert_eq!(
            development_key().verifying_key().as_bytes(),
            &kiosk_fw::update::DEVELOPMENT_KEY
        );
    }

    #[test]
    fn a_key_signs_after_a_way_through_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        let public = new_key(&file).expect("a key");
        let key = read_key(&file).expect("the same key");
        assert_eq!(hexadecimal(key.verifying_key().as_bytes()), public);
        assert!(new_key(&file).is_err(), "a key is not written over");
    }
}
