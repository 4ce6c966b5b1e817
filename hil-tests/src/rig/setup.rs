//! `cargo rig setup`: finds out what the machine lacks and installs it.
//!
//! Looking is quick (files and `--version` calls only), so that `demo` and `test` can do it every time.

mod clients;

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::project;
use super::toolchain::{self, Compiler, DEBIAN_PACKAGES};
use clients::PYPI;
pub use clients::{escpos_decoder, venv_python};

/// What the machine is to be made ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The emulated office.
    Demo,
    /// All tests: the office, and independent clients for the emulated devices.
    Test,
    /// Measurements: the office, and what is measured beside it.
    Bench,
    /// Fuzzing of the protocol, which needs none of the others.
    Fuzz,
}

impl Purpose {
    /// Whether what `other` needs is needed.
    fn includes(self, other: Self) -> bool {
        self == other || (other == Self::Demo && self != Self::Fuzz)
    }
}

/// A Debian or Ubuntu package and the file that shows that it is there.
struct Package {
    name: &'static str,
    /// A file that the package, and nothing else, brings. Any one of them is enough.
    shown_by: &'static [&'static str],
    /// What Loket does with it, for the person who is asked.
    reason: &'static str,
    purpose: Purpose,
}

const PACKAGES: &[Package] = &[
    Package {
        name: "qemu-system-arm",
        shown_by: &["/usr/bin/qemu-system-arm"],
        reason: "runs the boards' firmware",
        purpose: Purpose::Demo,
    },
    Package {
        name: "pcscd",
        shown_by: &["/usr/sbin/pcscd"],
        reason: "smart-card service (PC/SC)",
        purpose: Purpose::Demo,
    },
    Package {
        name: "libpcsclite-dev",
        shown_by: &["/usr/include/PCSC/winscard.h"],
        reason: "the operator's program is linked with it",
        purpose: Purpose::Demo,
    },
    Package {
        name: "pkg-config",
        shown_by: &["/usr/bin/pkg-config"],
        reason: "finds the PC/SC library",
        purpose: Purpose::Demo,
    },
    Package {
        name: "vsmartcard-vpcd",
        shown_by: &["/usr/lib/pcsc/drivers/serial/libifdvpcd.so"],
        reason: "virtual card readers",
        purpose: Purpose::Demo,
    },
    Package {
        name: "iproute2",
        shown_by: &["/usr/bin/ip", "/bin/ip", "/usr/sbin/ip", "/sbin/ip"],
        reason: "private loopback network for the readers",
        purpose: Purpose::Demo,
    },
    Package {
        name: "opensc",
        shown_by: &["/usr/bin/opensc-tool"],
        reason: "independent check of the virtual card",
        purpose: Purpose::Test,
    },
    Package {
        name: "pcsc-tools",
        shown_by: &["/usr/bin/pcsc_scan"],
        reason: "independent check of the virtual card",
        purpose: Purpose::Test,
    },
    Package {
        name: "zbar-tools",
        shown_by: &["/usr/bin/zbarimg"],
        reason: "independent check of the ticket's QR code",
        purpose: Purpose::Test,
    },
    Package {
        name: "python3-venv",
        shown_by: &[VENV_PYTHON_SENTINEL],
        reason: "independent clients from PyPI",
        purpose: Purpose::Test,
    },
    Package {
        name: "lrzsz",
        shown_by: &["/usr/bin/rz"],
        reason: "ZMODEM, measured beside our link",
        purpose: Purpose::Bench,
    },
    Package {
        name: "ckermit",
        shown_by: &["/usr/bin/kermit"],
        reason: "C-Kermit, measured beside our link",
        purpose: Purpose::Bench,
    },
    Package {
        name: "g++",
        shown_by: &["/usr/bin/c++", "/usr/bin/g++"],
        reason: "compiles libFuzzer",
        purpose: Purpose::Fuzz,
    },
];

/// Any of these shows that Python can make a virtual environment; looked for by [`clients::python_has_venv`].
const VENV_PYTHON_SENTINEL: &str = "python3 -m venv";

/// The version of the firmware's linker that was tried.
const FLIP_LINK: &str = "0.1.12";

/// One thing that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A Debian package: its name, and what for.
    Apt(&'static str, &'static str),
    /// A compiler for the boards' processor.
    ThumbCompiler,
    /// The firmware's linker.
    FlipLink,
    /// Independent clients from `PyPI`.
    PythonClients,
    /// An independent decoder of ESC/POS, built from crates.io.
    EscposDecoder,
    /// Cargo's command for libFuzzer.
    CargoFuzz,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Apt(name, reason) => write!(f, "{:<36} {reason}", format!("Debian package {name}")),
            Self::ThumbCompiler => write!(
                f,
                "{:<36} `rustup target add {}`, else Debian's {}",
                "compiler for the boards",
                toolchain::TARGETS.join(" "),
                DEBIAN_PACKAGES.join(" and ")
            ),
            Self::FlipLink => write!(
                f,
                "{:<36} links the firmware so that its stack cannot harm its data",
                format!("crates.io: flip-link {FLIP_LINK}")
            ),
            Self::EscposDecoder => {
                write!(
                    f,
                    "{:<36} independent check of the ticket",
                    "crates.io: hardless-escpos"
                )
            }
            Self::CargoFuzz => write!(f, "{:<36} builds the fuzz targets", "crates.io: cargo-fuzz"),
            Self::PythonClients => {
                write!(
                    f,
                    "{:<36} independent checks, into .rig/venv",
                    format!("PyPI: {}", PYPI.join(", "))
                )
            }
        }
    }
}

/// Lists what is missing for a purpose. Installs nothing.
pub fn missing(purpose: Purpose) -> Vec<Missing> {
    let mut missing: Vec<Missing> = PACKAGES
        .iter()
        .filter(|package| purpose.includes(package.purpose) && !is_there(package))
        .map(|package| Missing::Apt(package.name, package.reason))
        .collect();
    if purpose.includes(Purpose::Demo) && Compiler::find().is_none() {
        missing.push(Missing::ThumbCompiler);
    }
    if purpose.includes(Purpose::Demo) && toolchain::flip_link().is_none() {
        missing.push(Missing::FlipLink);
    }
    if purpose == Purpose::Test && !clients::python_clients_are_there() {
        missing.push(Missing::PythonClients);
    }
    if purpose == Purpose::Test && !escpos_decoder().exists() {
        missing.push(Missing::EscposDecoder);
    }
    if purpose.includes(Purpose::Fuzz) && !toolchain::runs("cargo", &["fuzz", "--version"]) {
        missing.push(Missing::CargoFuzz);
    }
    missing
}

/// Makes the machine ready: says what it will do, asks unless `yes` or no terminal, installs, looks again.
///
/// # Errors
/// Says what to do by hand where something could not be installed.
pub fn run(purpose: Purpose, yes: bool) -> anyhow::Result<()> {
    let wanted = missing(purpose);
    if wanted.is_empty() {
        return Ok(());
    }
    eprintln!("This machine lacks:");
    for item in &wanted {
        eprintln!("  - {item}");
    }
    if !yes && std::io::stdin().is_terminal() && !confirmed()? {
        bail!("set-up was declined; nothing was installed. The same command asks again.");
    }
    let apt: Vec<&str> = wanted
        .iter()
        .filter_map(|item| {
            if let Missing::Apt(name, _) = item {
                Some(*name)
            } else {
                None
            }
        })
        .collect();
    if !apt.is_empty() {
        apt_install(&apt)?;
    }
    if wanted.contains(&Missing::ThumbCompiler) {
        install_thumb_compiler()?;
    }
    if wanted.contains(&Missing::FlipLink) {
        cargo_install(&["flip-link", "--version", FLIP_LINK])?;
    }
    if wanted.contains(&Missing::PythonClients) {
        clients::install_python_clients()?;
    }
    if wanted.contains(&Missing::EscposDecoder) {
        clients::build_escpos_decoder()?;
    }
    if wanted.contains(&Missing::CargoFuzz) {
        cargo_install(&["cargo-fuzz"])?;
    }
    let left = missing(purpose);
    if left.is_empty() {
        eprintln!("Set-up done.");
        return Ok(());
    }
    let list: Vec<String> = left.iter().map(|item| format!("  - {item}")).collect();
    bail!("still missing after the set-up:\n{}", list.join("\n"));
}

fn is_there(package: &Package) -> bool {
    package.shown_by.iter().any(|path| {
        if *path == VENV_PYTHON_SENTINEL {
            clients::python_has_venv()
        } else {
            Path::new(path).exists()
        }
    })
}

fn confirmed() -> anyhow::Result<bool> {
    eprint!("Install this now? [Y/n] ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(
        line.trim().to_lowercase().as_str(),
        "" | "y" | "yes" | "ya"
    ))
}

/// How this user may run something as root.
fn as_root(program: &str) -> Option<Command> {
    if nix::unistd::geteuid().is_root() {
        return Some(Command::new(program));
    }
    // `-n` when there is nobody to type a password: better a clear message than a prompt that waits for ever.
    let interactive = std::io::stdin().is_terminal();
    let may = interactive
        || Command::new("sudo")
            .args(["-n", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !may || !Path::new("/usr/bin/sudo").exists() {
        return None;
    }
    let mut command = Command::new("sudo");
    if !interactive {
        command.arg("-n");
    }
    command.arg(program);
    Some(command)
}

fn apt_install(names: &[&str]) -> anyhow::Result<()> {
    let by_hand = format!(
        "sudo apt-get update && sudo apt-get install --no-install-recommends {}",
        names.join(" ")
    );
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "this system has no apt-get. Install the equivalents of these Debian packages, then run this again: {}",
            names.join(" ")
        );
    }
    let Some(mut update) = as_root("apt-get") else {
        bail!(
            "no right to install packages. Ask someone who has it to run:\n  {by_hand}\nthen run this again."
        );
    };
    eprintln!("apt-get update …");
    let _ = update
        .args(["-q", "update"])
        .stdout(Stdio::null())
        .status()
        .context("apt-get update")?;
    eprintln!("apt-get install {} …", names.join(" "));
    let Some(mut install) = as_root("apt-get") else {
        bail!("the right to install packages went away")
    };
    let status = install
        .args([
            "-q",
            "-y",
            "-o",
            "Dpkg::Use-Pty=0",
            "install",
            "--no-install-recommends",
        ])
        .args(names)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("apt-get install")?;
    if !status.success() {
        bail!("apt-get could not install the packages ({status}). Run by hand to see why:\n  {by_hand}");
    }
    Ok(())
}

fn install_thumb_compiler() -> anyhow::Result<()> {
    let skip_rustup = std::env::var("LOKET_FIRMWARE_RUSTC").is_ok_and(|value| value == "debian");
    if !skip_rustup && toolchain::has_rustup() {
        eprintln!("rustup target add {} …", toolchain::TARGETS.join(" "));
        if toolchain::add_targets() {
            return Ok(());
        }
        eprintln!("rustup could not fetch it; falling back to Debian's compiler.");
    }
    apt_install(&DEBIAN_PACKAGES).with_context(|| {
        format!(
            "no compiler for the boards: try `rustup target add {}`",
            toolchain::TARGETS.join(" ")
        )
    })
}

fn cargo_install(what: &[&str]) -> anyhow::Result<()> {
    let words = what.join(" ");
    eprintln!("cargo install --locked {words} …");
    let status = project::cargo_command()
        .args(["install", "--quiet", "--locked"])
        .args(what)
        .status()
        .with_context(|| format!("starting cargo to install {words}"))?;
    anyhow::ensure!(status.success(), "{words} could not be installed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_says_what_it_is_for_and_how_it_is_recognised() {
        for package in PACKAGES {
            assert!(!package.reason.is_empty(), "{}", package.name);
            assert!(!package.shown_by.is_empty(), "{}", package.name);
        }
    }

    #[test]
    fn only_measurements_need_the_programs_measured_beside_ours() {
        let named = |purpose: Purpose| -> Vec<&str> {
            PACKAGES
                .iter()
                .filter(|package| purpose.includes(package.purpose))
                .map(|package| package.name)
                .collect()
        };
        for name in ["lrzsz", "ckermit"] {
            assert!(named(Purpose::Bench).contains(&name));
            assert!(!named(Purpose::Test).contains(&name));
            assert!(!named(Purpose::Demo).contains(&name));
        }
        assert!(
            named(Purpose::Demo)
                .iter()
                .all(|name| named(Purpose::Bench).contains(name))
        );
    }

    #[test]
    fn the_demo_never_needs_more_than_the_tests() {
        let demo = missing(Purpose::Demo);
        let test = missing(Purpose::Test);
        assert!(demo.iter().all(|item| test.contains(item)));
    }
}
