//! The counter's configuration: one TOML file.

mod kiosk;

pub use kiosk::{Kiosk, LAST_NUMBER, Service};

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Everything that differs from one counter to the next.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The office and this counter in it.
    pub office: Office,
    /// Where the durable store is.
    pub store: Store,
    /// Serial ports of the boards.
    #[serde(default)]
    pub boards: Boards,
    /// Names of the card readers.
    #[serde(default)]
    pub readers: Readers,
    /// The card printer.
    #[serde(default)]
    pub printer: Printer,
    /// The log file.
    #[serde(default)]
    pub log: Log,
    /// What is kept of a run besides the store.
    #[serde(default)]
    pub output: Output,
    /// The kiosk: its paper, priority, and the numbers that it may give by itself.
    #[serde(default)]
    pub kiosk: Kiosk,
    /// What a resident may choose at the kiosk, at most four.
    #[serde(default = "Service::recorded_resident")]
    pub services: Vec<Service>,
}

/// The office and this counter in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Name as the kiosk and the ticket show it, at most 32 bytes.
    pub name: String,
    /// Province, as on the card's face.
    pub province: String,
    /// Regency or city, as on the card's face.
    pub regency: String,
    /// Place of issue, printed under the photograph.
    pub office_place: String,
    /// Number of this counter (loket), 1 to 99.
    pub counter: u8,
    /// Local time against UTC, in minutes. Western Indonesia: 420.
    #[serde(default = "western_indonesia")]
    pub utc_offset_minutes: i16,
    /// Who works here, as the agenda names them.
    #[serde(default = "operator")]
    pub operator: String,
}

/// Where the durable store is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// The SQLite file; made when it is not there.
    pub path: PathBuf,
    /// The office's signing key (PEM, readable by its owner only); made when it is not there. Without it:
    /// `office-key.pem` beside the store.
    #[serde(default)]
    pub office_key: Option<PathBuf>,
}

/// Serial ports of the boards.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Boards {
    /// Port of the kiosk board, such as `/dev/ttyUSB0`.
    pub kiosk: Option<String>,
    /// Port of the capture board.
    pub capture: Option<String>,
    /// How long a board may take to answer when the program starts, in seconds.
    pub patience_seconds: u16,
    /// How long an applicant has to put the finger on the sensor, in seconds.
    pub finger_seconds: u16,
    /// Folder for traces of the boards' ports; made when it is not there. Without it nothing is recorded.
    pub trace: Option<PathBuf>,
    /// Folder for the boards' logs; made when it is not there. Without it they are not kept.
    pub logs: Option<PathBuf>,
}

impl Default for Boards {
    fn default() -> Self {
        Self {
            kiosk: None,
            capture: None,
            patience_seconds: 15,
            finger_seconds: 20,
            trace: None,
            logs: None,
        }
    }
}

/// PC/SC readers, by the name that `loket readers` shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Readers {
    /// The reader in the card printer, where blanks are personalised.
    pub encoder: Option<String>,
    /// The reader on the desk, where cards are activated.
    pub desk: Option<String>,
}

/// The card printer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Printer {
    /// A serial port such as `/dev/ttyUSB0`, or `tcp://host:port`.
    pub address: Option<String>,
}

/// The log file. Without a path the log goes to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The file; appended to.
    pub file: Option<PathBuf>,
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            file: None,
            level: "info".into(),
        }
    }
}

/// What is kept of a run besides the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Folder for the files below; made when it is not there.
    pub folder: Option<PathBuf>,
    /// Whether the chip's content as read back and the captured fingers are written there. These are personal data:
    /// only test rigs with invented people set this.
    pub keep_evidence: bool,
}

fn western_indonesia() -> i16 {
    420
}

fn operator() -> String {
    "operator".into()
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration `{path}`: {cause}; give its place with --config FILE")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is not TOML, or has other keys than these.
    #[error("the configuration `{path}` is not right: {cause}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser said, with the line.
        cause: Box<toml::de::Error>,
    },
    /// A value that makes no sense.
    #[error("the configuration is not right: `{key}` {problem}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What is wrong, and what would be right.
        problem: &'static str,
    },
    /// A key that this command needs is missing.
    #[error("the configuration has no `{0}`, which this command needs; add it")]
    Missing(&'static str),
}

impl Config {
    /// Reads and checks a file. Relative paths in it are taken from the file's folder.
    ///
    /// # Errors
    /// [`ConfigError`], which names the file or the key.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|cause| ConfigError::Syntax {
            path: path.to_owned(),
            cause: Box::new(cause),
        })?;
        config.check()?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        config.store.path = folder.join(&config.store.path);
        for own in [
            &mut config.store.office_key,
            &mut config.log.file,
            &mut config.output.folder,
            &mut config.boards.trace,
            &mut config.boards.logs,
        ]
        .into_iter()
        .flatten()
        {
            *own = folder.join(&own);
        }
        Ok(config)
    }

    /// Where the office's signing key is.
    pub fn office_key(&self) -> PathBuf {
        self.store
            .office_key
            .clone()
            .unwrap_or_else(|| self.store.path.with_file_name("office-key.pem"))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key, problem| Err(ConfigError::Value { key, problem });
        if self.office.name.is_empty() || self.office.name.len() > 32 {
            return wrong(
                "office.name",
                "must have 1 to 32 bytes, the kiosk's screen has no more room",
            );
        }
        if !(1..=99).contains(&self.office.counter) {
            return wrong("office.counter", "must be 1 to 99");
        }
        // Offsets in use on Earth, in minutes.
        if !(-12 * 60..=14 * 60).contains(&self.office.utc_offset_minutes) {
            return wrong("office.utc_offset_minutes", "must be -720 to 840");
        }
        self.kiosk.check()?;
        Service::check(&self.services)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"
        [office]
        name = "Dukcapil Padang Panjang"
        province = "SUMATERA BARAT"
        regency = "KOTA PADANG PANJANG"
        office_place = "PADANG PANJANG"
        counter = 2
        [store]
        path = "loket.sqlite"
    "#;

    #[test]
    fn office_and_store_are_enough() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("loket.toml");
        std::fs::write(&file, SMALLEST).unwrap();
        let config = Config::load(&file).unwrap();
        assert_eq!(config.office.utc_offset_minutes, 420);
        assert_eq!(config.services[0].prefix, 'A');
        assert_eq!(config.store.path, folder.path().join("loket.sqlite"));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("loket.toml");
        std::fs::write(&file, SMALLEST.replace("counter", "countre")).unwrap();
        let message = Config::load(&file).unwrap_err().to_string();
        assert!(message.contains("countre"), "{message}");
    }

    #[test]
    fn a_missing_file_says_how_to_name_one() {
        let message = Config::load(Path::new("nowhere.toml")).unwrap_err().to_string();
        assert!(message.contains("--config"), "{message}");
    }

    #[test]
    fn two_services_may_not_share_a_letter() {
        let mut config: Config = toml::from_str(SMALLEST).unwrap();
        let mut second = config.services[0].clone();
        second.id = 2;
        config.services.push(second);
        assert!(config.check().is_err());
    }
}
