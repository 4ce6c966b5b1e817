//! What the counter tells.

use serde::Serialize;

/// Something that the operator, or the program in the operator's place, should know. Carries no NIK and no name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum News {
    /// The kiosk gives numbers and the counter waits for the first.
    Ready {
        /// Which counter.
        counter: u8,
    },
    /// A board came or went.
    Board {
        /// `kiosk` or `capture`.
        role: &'static str,
        /// `up`, `down`, `port_lost` or `wrong_board`.
        state: &'static str,
        /// More, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// The state of the kiosk's ticket printer.
    TicketPrinter {
        /// Whether it answers and is on line.
        online: bool,
        /// `ok`, `near_end`, `out` or `unknown`.
        paper: &'static str,
        /// Whether its cover is open.
        cover_open: bool,
        /// Whether it reports an error.
        error: bool,
        /// What else stands in the way: `none`, `silent`, `garbled` (it answers what makes no sense), `slow` or `other`.
        trouble: &'static str,
    },
    /// How the kiosk's memory card is, when that has changed.
    KioskStorage {
        /// `ok`, `missing`, `foreign` (it holds something else), `full`, `failed` or `unknown`.
        state: &'static str,
        /// Records on it that this computer has not taken yet.
        waiting: u16,
    },
    /// A number was given and the kiosk said what became of the paper.
    Ticket {
        /// As it is called.
        ticket: String,
        /// As in the QR code.
        ticket_id: String,
        /// `printed`, `not_printed` or `unknown`.
        printed: &'static str,
        /// Why it was not printed, or may not have been: `paper_out`, `cover_open`, `offline`, `no_answer`, `error`,
        /// `restarted` or `other`.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'static str>,
    },
    /// A number was called.
    Called {
        /// As it is called.
        ticket: String,
        /// To which counter.
        counter: u8,
    },
    /// A step began or ended.
    Step {
        /// Its name.
        name: &'static str,
        /// `started` or `ended`.
        state: &'static str,
        /// How long it took, once it has ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        /// What the SOP allows for it and the steps that share its row.
        standard_seconds: Option<u64>,
        /// `done`, `failed` or `parked`, once it has ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<String>,
    },
    /// How far a capture is.
    Capture {
        /// `waiting_for_finger`, `again` (lifted and placed anew), `again_drier`, `again_wetter`, `finger_placed`, `reading`, `lift`,
        /// `captured` or `failed`.
        phase: &'static str,
        /// Which finger is asked for.
        finger: &'static str,
        /// `verify` or `activate`.
        purpose: &'static str,
        /// Which try, from 1.
        attempt: u8,
    },
    /// A comparison.
    Score {
        /// The score, if there is one.
        score: Option<u32>,
        /// From where on it is a match.
        threshold: u32,
        /// `match`, `no_match` or `cannot_tell`.
        verdict: &'static str,
        /// `verify` or `activate`.
        purpose: &'static str,
    },
    /// A blank moved.
    Blank {
        /// Its UID, if it is known.
        uid: Option<String>,
        /// `fed`, `identified`, `printed`, `activated`, `rejected` or `handed_over`.
        state: &'static str,
        /// Why it was rejected.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        /// Whether the operator must see to it that it is in the reject box.
        #[serde(skip_serializing_if = "Option::is_none")]
        by_hand: Option<bool>,
    },
    /// Something is wrong, or an answer was not understood.
    Problem {
        /// In Indonesian, with what to do.
        text_id: String,
        /// In English, with what to do.
        text_en: String,
    },
    /// An application is over, or parked.
    Outcome(Box<Outcome>),
}

/// How an application ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// `issued`, `not_matched`, `returned`, `unknown_applicant`, `not_ready`, `rejected`, `failed` or `cancelled`.
    pub outcome: &'static str,
    /// The queue ticket.
    pub ticket: Option<String>,
    /// Number of the application, if one was opened.
    pub application: Option<i64>,
    /// Whether `loket issue resume` can go on with it.
    pub resumable: bool,
    /// Best score of the test against the record.
    pub score: Option<u32>,
    /// From where on a score is a match.
    pub threshold: u32,
    /// Score against the chip.
    pub owner_score: Option<u32>,
    /// UID of the card that was last under way.
    pub card_uid: Option<String>,
    /// Its chip's life cycle, as last read: `activated`, `initialisation`, …
    pub chip_life_cycle: Option<String>,
    /// In Indonesian, with what to do.
    pub text_id: String,
    /// In English, with what to do.
    pub text_en: String,
}
