//! What the kiosk offers, prints and may give by itself.

use super::ConfigError;
use serde::Deserialize;

/// Largest queue number: three digits on the ticket and on the kiosk's screen.
pub const LAST_NUMBER: u16 = 999;

/// Lines on a ticket that say what to bring, as in the protocol's `ServiceDetails`.
const BRING_LINES: usize = 4;

/// Bytes of such a line, as in the protocol's `ServiceDetails`.
const BRING_BYTES: usize = 40;

/// The kiosk in the hall.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kiosk {
    /// Width of the ticket printer's paper in millimetres: 58 or 80.
    pub paper_mm: u8,
    /// Whether residents can ask for priority (elderly, disabled, pregnant). Public services owe them one: Law 25/2009 on
    /// public services, article 29.
    pub priority: bool,
    /// So many priority tickets are called, then an ordinary one, while both wait: 1 to 9.
    pub priority_turns: u8,
    /// How many numbers of each service are lent to the kiosk for the time without this computer: 0 to 100. With 0 it gives
    /// none then.
    pub lent_numbers: u16,
    /// Numbers from here to 999 are only ever lent: 100 to 999. They are never given while this computer answers.
    pub lent_from: u16,
}

impl Default for Kiosk {
    fn default() -> Self {
        Self {
            paper_mm: 58,
            priority: true,
            priority_turns: 2,
            lent_numbers: 20,
            lent_from: 900,
        }
    }
}

impl Kiosk {
    /// The largest number that is given on line.
    pub fn last_on_line(&self) -> u16 {
        if self.lent_numbers == 0 {
            LAST_NUMBER
        } else {
            self.lent_from - 1
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key, problem| Err(ConfigError::Value { key, problem });
        if ![58, 80].contains(&self.paper_mm) {
            return wrong("kiosk.paper_mm", "must be 58 or 80");
        }
        if !(1..=9).contains(&self.priority_turns) {
            return wrong("kiosk.priority_turns", "must be 1 to 9");
        }
        if self.lent_numbers > 100 {
            return wrong("kiosk.lent_numbers", "must be 0 to 100");
        }
        if !(100..=LAST_NUMBER).contains(&self.lent_from) {
            return wrong("kiosk.lent_from", "must be 100 to 999");
        }
        if self.lent_numbers > LAST_NUMBER + 1 - self.lent_from {
            return wrong("kiosk.lent_numbers", "must fit between `kiosk.lent_from` and 999");
        }
        Ok(())
    }
}

/// A service that a resident may choose at the kiosk.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Number in the messages, unique among the services.
    pub id: u8,
    /// Letter before the queue numbers, `A` to `Z`, unique among the services.
    pub prefix: char,
    /// Name in Indonesian, at most 24 bytes.
    pub name_id: String,
    /// Name in English, at most 24 bytes.
    pub name_en: String,
    /// What residents have to bring, for the ticket, in Indonesian: at most four lines of 40 bytes.
    #[serde(default)]
    pub bring: Vec<String>,
}

impl Service {
    /// What is offered when the file lists nothing: the card for a resident who is already recorded.
    pub(super) fn recorded_resident() -> Vec<Self> {
        vec![Self {
            id: 1,
            prefix: 'A',
            name_id: "KTP-el sudah rekam".into(),
            name_en: "ID card (recorded)".into(),
            bring: Vec::new(),
        }]
    }

    pub(super) fn check(services: &[Self]) -> Result<(), ConfigError> {
        let wrong = |key, problem| Err(ConfigError::Value { key, problem });
        if services.is_empty() || services.len() > 4 {
            return wrong("services", "must be one to four");
        }
        for (index, service) in services.iter().enumerate() {
            if !service.prefix.is_ascii_uppercase() {
                return wrong("services.prefix", "must be a letter A to Z");
            }
            if service.name_id.len() > 24 || service.name_en.len() > 24 {
                return wrong("services.name", "must have at most 24 bytes");
            }
            if service.bring.len() > BRING_LINES || service.bring.iter().any(|line| line.len() > BRING_BYTES)
            {
                return wrong("services.bring", "must be at most four lines of 40 bytes");
            }
            let before = &services[..index];
            if before
                .iter()
                .any(|other| other.id == service.id || other.prefix == service.prefix)
            {
                return wrong("services", "must differ in `id` and `prefix`");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_says_nothing_lends_a_hundred_numbers_a_day_apart_from_the_others() {
        let kiosk = Kiosk::default();
        kiosk.check().unwrap();
        assert_eq!(kiosk.last_on_line(), 899);
    }

    #[test]
    fn without_loans_no_number_is_kept_back() {
        let kiosk: Kiosk = toml::from_str("lent_numbers = 0").unwrap();
        assert_eq!(kiosk.last_on_line(), LAST_NUMBER);
    }

    #[test]
    fn more_numbers_than_the_band_holds_cannot_be_lent() {
        let kiosk: Kiosk = toml::from_str("lent_numbers = 11\nlent_from = 990").unwrap();
        assert!(kiosk.check().is_err());
    }

    #[test]
    fn what_to_bring_must_fit_the_ticket() {
        let mut services = Service::recorded_resident();
        services[0].bring = vec!["Kartu Keluarga".into(); 4];
        Service::check(&services).unwrap();
        services[0].bring.push("Surat pindah".into());
        assert!(Service::check(&services).is_err());
        services[0].bring = vec!["x".repeat(41)];
        assert!(Service::check(&services).is_err());
    }
}
