//! Exit codes, and messages that say what is wrong and what to do.

use crate::board::BoardError;
use crate::card::TransportError;
use crate::config::ConfigError;
use crate::issuance::runner::RunError;
use crate::office::counter::CounterError;
use crate::printer::PrinterError;
use crate::store::StoreError;
use std::fmt;
use std::process::ExitCode;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for `counter --once` and `issue resume`: the card is active and handed over.
    Done = 0,
    /// The store, the disk or the program failed.
    Internal = 1,
    /// The configuration cannot be used. (2 is a wrong command line.)
    Config = 3,
    /// A board, a reader, the PC/SC service or the card printer is not there.
    Device = 4,
    /// A file or a number that was given makes no sense.
    Input = 5,
    /// The console was closed while a question waited.
    ConsoleClosed = 6,
    /// Documents incomplete: given back to the applicant.
    Returned = 10,
    /// The finger does not match.
    NotMatched = 11,
    /// No record of this NIK.
    UnknownApplicant = 12,
    /// The record may not be printed.
    NotReady = 13,
    /// A blank was rejected and no card issued.
    Rejected = 14,
    /// Parked or failed without a card; the message says how to go on.
    Failed = 15,
    /// Cancelled.
    Cancelled = 16,
    /// The journal, the books or the stock do not agree.
    Tampered = 17,
}

/// For `loket --help`.
pub(super) const EXIT_CODES: &str = "Exit codes:
   0  done; with `counter --once` and `issue resume`: the card is active and handed over
   1  the store, the disk or the program failed
   2  wrong command line
   3  the configuration cannot be used
   4  a board, a reader, the PC/SC service or the card printer is not there
   5  a file or a number that was given makes no sense
   6  the console was closed while a question waited
  10  returned: documents incomplete          11  not matched
  12  unknown applicant                       13  record not ready to be printed
  14  a blank was rejected, no card issued    15  parked or failed without a card
  16  cancelled                               17  journal, books or stock do not agree";

impl Exit {
    /// The exit of an application's outcome.
    pub fn of(outcome: &str) -> Self {
        match outcome {
            "issued" => Self::Done,
            "returned" => Self::Returned,
            "not_matched" => Self::NotMatched,
            "unknown_applicant" => Self::UnknownApplicant,
            "not_ready" => Self::NotReady,
            "rejected" => Self::Rejected,
            "cancelled" => Self::Cancelled,
            _ => Self::Failed,
        }
    }

    /// What kind of failure it is, in Indonesian; the cause follows in English.
    fn in_indonesian(self) -> &'static str {
        match self {
            Self::Config => "Konfigurasi belum benar.",
            Self::Device => "Perangkat tidak dapat dipakai; periksa kabel, daya dan konfigurasi.",
            Self::Input => "Berkas atau nomor yang diberikan tidak benar.",
            Self::Tampered => "Jurnal, pembukuan atau stok tidak cocok.",
            Self::ConsoleClosed => "Konsol ditutup saat menunggu jawaban.",
            _ => "Program tidak dapat melanjutkan.",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended without its result.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// A failure with a message that says what to do.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What goes to standard error: Indonesian first, then the cause and what to do.
    pub fn report(&self) -> String {
        format!("galat: {}\nerror: {}\n", self.exit.in_indonesian(), self.message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Config, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::NoApplication(_)
            | StoreError::ReprintUnderWay
            | StoreError::NothingToDestroy
            | StoreError::NumberTaken(_) => Exit::Input,
            _ => Exit::Internal,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<BoardError> for Failure {
    fn from(error: BoardError) -> Self {
        Self::new(Exit::Device, error.to_string())
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::new(Exit::Device, error.to_string())
    }
}

impl From<PrinterError> for Failure {
    fn from(error: PrinterError) -> Self {
        let words = crate::issuance::printer_link::words(&error);
        Self::new(Exit::Device, words.en)
    }
}

impl From<CounterError> for Failure {
    fn from(error: CounterError) -> Self {
        let exit = match &error {
            CounterError::ConsoleClosed => Exit::ConsoleClosed,
            CounterError::NotCancellable(_) | CounterError::Run(RunError::Illegal(_)) => Exit::Input,
            _ => Exit::Internal,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Internal, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_issued_card_exits_with_zero() {
        let others = [
            "returned",
            "not_matched",
            "unknown_applicant",
            "not_ready",
            "rejected",
            "failed",
            "cancelled",
            "?",
        ];
        assert_eq!(Exit::of("issued"), Exit::Done);
        assert!(others.iter().all(|outcome| Exit::of(outcome) != Exit::Done));
    }

    #[test]
    fn a_report_speaks_both_languages_and_ends_its_line() {
        let report = Failure::from(TransportError::ServiceNotRunning).report();
        assert!(report.starts_with("galat: Perangkat"), "{report}");
        assert!(
            report.contains("error: the PC/SC service is not running"),
            "{report}"
        );
        assert!(report.ends_with('\n'));
    }

    #[test]
    fn an_application_that_cannot_be_cancelled_says_how_to_go_on() {
        let failure = Failure::from(CounterError::NotCancellable(crate::store::ApplicationId(7)));
        assert_eq!(failure.exit(), Exit::Input);
        assert!(failure.report().contains("loket issue resume 7"));
    }
}
