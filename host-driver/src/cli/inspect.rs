//! `loket inspect`: what is on a card, whose it is, and what the ledger says of it.

use super::failure::{Exit, Failure};
use super::lists::{print, print_json};
use crate::card::pcsc::Readers;
use crate::card::{CardError, CardReaders as _, Chip, ChipImage, ChipState, DataGroup, OfficeKey};
use crate::config::{Config, ConfigError};
use crate::issuance::machine::CardUid;
use crate::store::{BlankEntry, Store};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// How long a card may take to show up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found on a chip.
struct Found {
    state: ChipState,
    /// The files, of a chip that is filled.
    image: Option<ChipImage>,
    /// Whether the office's signature holds for this content on this very chip; `None` where there is no content or no key here.
    signed: Option<bool>,
}

/// Looks at the card on a reader (`desk`, `encoder`), or only into the ledger for a UID. `personal`: tells whose it is, too.
pub(super) fn inspect(config: &Config, card: &str, personal: bool, as_json: bool) -> Result<Exit, Failure> {
    let reader = match card {
        "desk" => Some(("readers.desk", &config.readers.desk)),
        "encoder" => Some(("readers.encoder", &config.readers.encoder)),
        _ => None,
    };
    let (uid, found) = match reader {
        Some((key, name)) => {
            let name = name.as_ref().ok_or(ConfigError::Missing(key))?;
            let found = read(config, name)?;
            (CardUid::from(found.state.uid), Some(found))
        }
        None if card.len() >= 8
            && card.len().is_multiple_of(2)
            && card.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
        {
            (CardUid::from_hex(card), None)
        }
        None => {
            return Err(Failure::new(
                Exit::Input,
                format!("`{card}` is no card; say desk, encoder, or the hexadecimal digits of a UID"),
            ));
        }
    };
    let store = Store::open(&config.store.path)?;
    let ledger = store
        .blanks()?
        .into_iter()
        .rfind(|blank| blank.uid.as_ref() == Some(&uid));
    let person = match &ledger {
        Some(blank) if personal => Some(store.application(blank.application)?.nik.as_str().to_owned()),
        _ => None,
    };
    if as_json {
        return print_json(&as_value(
            &uid,
            found.as_ref(),
            ledger.as_ref(),
            person.as_deref(),
        ));
    }
    print(&as_text(
        config,
        &uid,
        found.as_ref(),
        ledger.as_ref(),
        person.as_deref(),
    ))
}

/// Reads the chip on a reader.
fn read(config: &Config, reader: &str) -> Result<Found, Failure> {
    // Looking at a card makes no key.
    let path = config.office_key();
    let key = path
        .exists()
        .then(|| OfficeKey::load_or_create(&path).ok())
        .flatten();
    let mut found = None;
    Readers::new().with_card(reader, PATIENCE, &mut |transport| {
        let mut chip = Chip::new(transport);
        found = Some(chip.inspect().map(|state| {
            let image = chip.read_image(|_| {}).ok();
            let signed = image.as_ref().zip(key.as_ref());
            let signed = signed.map(|(image, key)| key.public().verify(&state.uid, image).is_ok());
            Found { state, image, signed }
        }));
    })?;
    match found {
        Some(Ok(found)) => Ok(found),
        Some(Err(error @ CardError::Transport { .. })) => Err(Failure::new(Exit::Device, error.to_string())),
        Some(Err(error)) => Err(Failure::new(
            Exit::Input,
            format!("this is no KTP-el card, or it cannot be read: {error}"),
        )),
        None => Err(Failure::new(
            Exit::Device,
            "the reader has no card; lay one on it",
        )),
    }
}

fn signature(found: &Found) -> &'static str {
    match found.signed {
        Some(true) => "sah/valid",
        Some(false) => "TIDAK sah/NOT valid",
        None => "-",
    }
}

fn as_value(
    uid: &CardUid,
    found: Option<&Found>,
    ledger: Option<&BlankEntry>,
    person: Option<&str>,
) -> Value {
    let chip = found.map(|found| {
        let files: serde_json::Map<String, Value> = found
            .image
            .iter()
            .flat_map(|image| {
                DataGroup::ALL.map(|group| (format!("{group:?}"), image.get(group).len().into()))
            })
            .collect();
        json!({
            "life_cycle": found.state.life_cycle.name(),
            "condition": found.state.condition.to_string(),
            "signature_valid": found.signed,
            "bytes": files,
        })
    });
    let ledger = ledger.map(|blank| {
        let (state, reason) = blank.place.words();
        json!({
            "application": blank.application.0,
            "state": state,
            "reason": reason,
            "activated": blank.activated,
            "nik": person,
        })
    });
    json!({ "uid": uid.as_str(), "chip": chip, "ledger": ledger })
}

fn as_text(
    config: &Config,
    uid: &CardUid,
    found: Option<&Found>,
    ledger: Option<&BlankEntry>,
    person: Option<&str>,
) -> String {
    // Writing to a string cannot fail.
    let mut text = format!("UID                        {uid}\n");
    if let Some(found) = found {
        let _ = writeln!(
            text,
            "daur hidup/life cycle      {}",
            found.state.life_cycle.name()
        );
        let _ = writeln!(text, "keadaan/condition          {}", found.state.condition);
        let _ = writeln!(text, "tanda tangan/signature     {}", signature(found));
        for (group, image) in found
            .image
            .iter()
            .flat_map(|image| DataGroup::ALL.map(|group| (group, image)))
        {
            let _ = writeln!(
                text,
                "  {:<24} {:>5} B",
                format!("{group:?}"),
                image.get(group).len()
            );
        }
    }
    match ledger {
        None => text += "buku blangko/ledger        tidak tercatat/not entered\n",
        Some(blank) => {
            let (state, reason) = blank.place.words();
            let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
            let _ = writeln!(
                text,
                "buku blangko/ledger        permohonan/application {}: {state}{reason}, {}",
                blank.application,
                blank.changed_at.local_text(config.office.utc_offset_minutes)
            );
        }
    }
    if let Some(nik) = person {
        let _ = writeln!(text, "NIK                        {nik}");
    }
    text
}
