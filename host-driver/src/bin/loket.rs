//! The operator's program of a service counter. `loket --help` lists its commands and exit codes.

fn main() -> std::process::ExitCode {
    host_driver::cli::main()
}
