//! `cargo rig`: the technicians' tool.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hil_tests::rig::bench::{self, issuance, link, office_hours, power_cut};
use hil_tests::rig::device::{self, Device};
use hil_tests::rig::fault::Fault;
use hil_tests::rig::{build, demo, firmware, fuzz, isolation, on_target, setup, test};

/// Runs and tests the hardware of a service counter, under emulation.
#[derive(Debug, Parser)]
#[command(name = "cargo rig", bin_name = "cargo rig", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Finds out what this machine lacks and installs it.
    Setup {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Only say what is missing. Exit code 1 if anything is.
        #[arg(long)]
        check: bool,
    },
    /// Carries one applicant from the queue number to the activated card, in an emulated office.
    ///
    /// Exit code 0 only if the card ended activated and handed over.
    Demo {
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
        /// Print the result as one JSON object on the last line of standard output.
        #[arg(long)]
        json: bool,
        /// Sample applicant: budi, wrong-finger, incomplete, unknown, not-ready, unreadable.
        #[arg(long, default_value = "budi")]
        applicant: String,
        /// What shall be wrong.
        #[arg(long)]
        fault: Option<Fault>,
        /// Take the fingers from the folder of real scans (`LOKET_FINGERPRINTS`) instead of growing synthetic ones.
        #[arg(long)]
        real_fingers: bool,
        /// Press the kiosk's keys and answer the operator's questions yourself.
        #[arg(long, conflicts_with = "json")]
        interactive: bool,
        /// Empty or new folder for what the run leaves behind. Otherwise .rig/runs/NAME.
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// Runs one emulated device alone, for somebody else's client.
    ///
    /// It stays until its standard input closes; lines on standard input are its knobs.
    #[command(subcommand)]
    Device(Device),
    /// Runs a command in the private place of the emulated office, where its PC/SC service is the only one.
    Inside {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
    /// Builds the firmwares and the operator's program.
    Build,
    /// Makes signed images for `loket board update`.
    Firmware {
        #[command(subcommand)]
        command: firmware::Command,
    },
    /// Measures, and prints each figure beside its limit. Exit code 1 if one is missed.
    Bench {
        /// Print the result as one JSON object on the last line of standard output.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        bench: Bench,
    },
    /// Looks for inputs that the protocol does not survive. Exit code 1 if there is one.
    ///
    /// What is found stays in .rig/fuzz, with how to repeat it.
    Fuzz {
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
        /// Print the result as one JSON object on the last line of standard output.
        #[arg(long)]
        json: bool,
        /// How long each target runs.
        #[arg(long, default_value = "30")]
        seconds: NonZeroU32,
        /// How many targets run at the same time. Otherwise as many as there are cores.
        #[arg(long)]
        jobs: Option<usize>,
        /// What finds wrong use of memory. Otherwise the address sanitizer, if the compiler brings it.
        #[arg(long, value_enum)]
        sanitizer: Option<fuzz::Sanitizer>,
        /// Keep what reaches something new in the checked-in corpus, and drop there what adds nothing.
        #[arg(long)]
        keep: bool,
        /// These targets only.
        #[arg(value_enum)]
        targets: Vec<fuzz::Target>,
    },
    /// Runs the tests of the firmware that run on the board itself, under QEMU.
    OnTarget {
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
        /// Show what tests that pass have logged, too.
        #[arg(long)]
        log: bool,
        /// Only tests whose names contain this.
        filter: Option<String>,
    },
    /// Sets the machine up, then runs every test.
    Test {
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
        /// Only tests whose names contain this.
        filter: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// The link between boards and the counter's computer.
    Link {
        /// These parts only.
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<link::Part>,
        /// Much less of everything, to see that it runs: the figures scatter.
        #[arg(long)]
        quick: bool,
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
    },
    /// What each firmware takes of its board, and how quick it is.
    Firmware {
        /// Fewer presses, and the LM3S6965 only.
        #[arg(long)]
        quick: bool,
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
    },
    /// Power cuts in the middle of ticketing: no number twice, no ticket twice, no press lost.
    PowerCut {
        /// Here only.
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<power_cut::Part>,
        /// The first hall's seed on the desk. With `--cuts 1` it is the only one: a fault can be looked at again.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// How often the kiosk's power is cut on the desk. Otherwise 1,000.
        #[arg(long)]
        cuts: Option<u32>,
        /// Much less of everything, to see that it runs.
        #[arg(long)]
        quick: bool,
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
    },
    /// The issuance of a card: every fault, every crash point, every kill; and what a card costs.
    Issuance {
        /// These parts only.
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<issuance::Part>,
        /// From which everything random is drawn.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Much less of everything, to see that it runs.
        #[arg(long)]
        quick: bool,
        /// Do not ask before something is installed.
        #[arg(long)]
        yes: bool,
    },
    /// 24 office hours with 2,000 residents and random faults, in simulated time.
    OfficeHours {
        /// From which everything is drawn.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Two hours only, to see that it runs.
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Setup { check: true, .. } => {
            let missing = setup::missing(setup::Purpose::Test);
            for item in &missing {
                println!("missing: {item}");
            }
            if missing.is_empty() {
                println!("nothing is missing");
                return Ok(ExitCode::SUCCESS);
            }
            return Ok(ExitCode::FAILURE);
        }
        Command::Setup { yes, .. } => {
            if setup::missing(setup::Purpose::Test).is_empty() {
                eprintln!("Nothing is missing.");
            }
            setup::run(setup::Purpose::Test, yes)?;
        }
        Command::Demo {
            yes,
            json,
            applicant,
            fault,
            real_fingers,
            interactive,
            output,
        } => {
            return demo::run(&demo::Options {
                yes,
                json,
                applicant,
                fault,
                real_fingers,
                interactive,
                output,
            });
        }
        Command::Device(device) => device::run(&device)?,
        Command::Inside { command } => return isolation::run_inside(&command),
        Command::Firmware { command } => firmware::run(&command)?,
        Command::Build => {
            let programs = build::programs()?;
            let pico = build::pico()?;
            for built in [
                programs.kiosk,
                programs.capture,
                pico.bootloader,
                pico.kiosk,
                pico.capture,
                programs.loket,
            ] {
                println!("{}", built.display());
            }
        }
        Command::Bench {
            json,
            bench: Bench::Link { only, quick, yes },
        } => {
            let report = link::run(&link::Options { only, quick, yes })?;
            return bench::finish(&report, json);
        }
        Command::Bench {
            json,
            bench: Bench::Firmware { quick, yes },
        } => {
            let report = bench::firmware::run(bench::firmware::Options { quick, yes })?;
            return bench::finish(&report, json);
        }
        Command::Bench {
            json,
            bench:
                Bench::PowerCut {
                    only,
                    seed,
                    cuts,
                    quick,
                    yes,
                },
        } => {
            let options = power_cut::Options::new(only, cuts, quick, yes);
            let report = power_cut::run(&power_cut::Options { seed, ..options })?;
            return bench::finish(&report, json);
        }
        Command::Bench {
            json,
            bench:
                Bench::Issuance {
                    only,
                    seed,
                    quick,
                    yes,
                },
        } => {
            let report = issuance::run(&issuance::Options {
                only,
                seed,
                quick,
                yes,
            })?;
            return bench::finish(&report, json);
        }
        Command::Bench {
            json,
            bench: Bench::OfficeHours { seed, quick },
        } => {
            let report = office_hours::run(&office_hours::Options { seed, quick })?;
            return bench::finish(&report, json);
        }
        Command::Fuzz {
            yes,
            json,
            seconds,
            jobs,
            sanitizer,
            keep,
            targets,
        } => {
            return fuzz::run(&fuzz::Options {
                yes,
                json,
                seconds,
                targets,
                jobs,
                sanitizer,
                keep,
            });
        }
        Command::OnTarget { yes, log, filter } => on_target::run(yes, filter.as_deref(), log)?,
        Command::Test { yes, filter } => test::run(yes, filter.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}
