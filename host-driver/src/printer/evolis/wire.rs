//! The words of the Evolis command language: frames, refusals, geometry of panels.
//!
//! Sources: Evolis programming guide A5013 rev. E (sections 3, 8: frame, `Db`, `Sp`, `S…`, `R…`), its summary in
//! `facts/card-printer.md`, and public client programs of the later Primacy generation for the answers in words.
//! What only client programs show is marked *uncertain*.
//!
//! ```text
//! command   | 1B | name | ; | parameter | ; | … | 0D |
//! download  | 1B | Db;<panel>;<levels>; | data, length by levels | 0D |
//! answer    | text | 00 |                                     (uncertain: end; CR and LF are taken as well)
//! ```

use crate::face::{HEIGHT, WIDTH};

/// First byte of a command.
pub const ESC: u8 = 0x1b;
/// Last byte of a command.
pub const CR: u8 = 0x0d;
/// Last byte of an answer.
pub const ANSWER_END: u8 = 0x00;
/// The answer to a command that was carried out.
pub const OK: &str = "OK";

/// A panel of a YMCKO ribbon, as it is named in commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Panel {
    /// Yellow dye.
    Yellow,
    /// Magenta dye.
    Magenta,
    /// Cyan dye.
    Cyan,
    /// Black resin.
    Black,
    /// Overlay varnish.
    Overlay,
}

impl Panel {
    /// All panels in the order in which the ribbon carries them.
    pub const ALL: [Self; 5] = [
        Self::Yellow,
        Self::Magenta,
        Self::Cyan,
        Self::Black,
        Self::Overlay,
    ];

    /// Its letter in commands.
    pub const fn letter(self) -> char {
        match self {
            Self::Yellow => 'y',
            Self::Magenta => 'm',
            Self::Cyan => 'c',
            Self::Black => 'k',
            Self::Overlay => 'o',
        }
    }

    /// The panel with this letter.
    pub fn from_letter(letter: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|panel| letter.chars().eq([panel.letter()]))
    }
}

/// How many levels a dot of a downloaded panel can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// One bit a dot: black and overlay.
    Two,
    /// Five bits a dot.
    Thirty2,
    /// Six bits a dot.
    Sixty4,
    /// Seven bits a dot.
    Hundred28,
}

impl Levels {
    /// All of them, fewest first.
    pub const ALL: [Self; 4] = [Self::Two, Self::Thirty2, Self::Sixty4, Self::Hundred28];

    /// The number in the `Db` command.
    pub const fn number(self) -> u32 {
        1 << self.bits()
    }

    /// Bits a dot.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Two => 1,
            Self::Thirty2 => 5,
            Self::Sixty4 => 6,
            Self::Hundred28 => 7,
        }
    }

    /// Bytes of a panel: 648 x 1016 x bits / 8, which is 82,296 at 2 levels and 576,072 at 128.
    ///
    /// A5013 page 14 gives this formula but the results 84,624 and 592,368, as if there were 676,992 dots instead of
    /// 658,368. The programs that print on real devices (Evolis' own filter for CUPS, Printer-EVOLIS) send what the
    /// formula says.
    pub const fn panel_length(self) -> usize {
        (WIDTH * HEIGHT * self.bits() / 8) as usize
    }

    /// The levels that the `Db` command calls `number`.
    pub fn from_number(number: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|levels| number == levels.number().to_string())
    }
}

/// Why the printer did not carry out a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It does not know the command.
    Command,
    /// It knows the command but not the parameter.
    Parameter,
    /// A movement did not end in time: time-out or mechanical error.
    Mechanical,
    /// A card is stuck.
    CardJam,
    /// The cover is open.
    CoverOpen,
    /// The feeder is empty.
    Feeder,
    /// No ribbon, the wrong one, or its end.
    Ribbon,
    /// The output hopper is full.
    OutputFull,
    /// The reject box is full.
    RejectBoxFull,
    /// Print head: temperature or electronics.
    Head,
    /// There is no card where the command needs one.
    NoCard,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Command,
        Self::Parameter,
        Self::Mechanical,
        Self::CardJam,
        Self::CoverOpen,
        Self::Feeder,
        Self::Ribbon,
        Self::OutputFull,
        Self::RejectBoxFull,
        Self::Head,
        Self::NoCard,
    ];

    /// The answer of the Primacy generation (*uncertain*: taken from client programs; the words for a full reject
    /// box and for a missing card are ours).
    pub const fn words(self) -> &'static str {
        match self {
            Self::Command => "ERROR CDE",
            Self::Parameter => "ERROR PARAMETRES",
            Self::Mechanical => "ERROR TIME OUT",
            Self::CardJam => "CARD JAM",
            Self::CoverOpen => "COVER OPEN",
            Self::Feeder => "FEEDER EMPTY",
            Self::Ribbon => "ERROR RIBBON",
            Self::OutputFull => "HOPPER FULL",
            Self::RejectBoxFull => "REJECT BOX FULL",
            Self::Head => "ERROR HEAD",
            Self::NoCard => "ERROR CARD",
        }
    }

    /// The answer of the generation that A5013 describes, which has one letter for a family of causes.
    pub const fn letters(self) -> &'static str {
        match self {
            Self::Command => "ERROR CDE",
            Self::Parameter => "ERROR PARAMETERS",
            Self::CoverOpen => "ERROR C",
            Self::Feeder => "ERROR F",
            Self::Ribbon => "ERROR R",
            Self::Mechanical
            | Self::CardJam
            | Self::OutputFull
            | Self::RejectBoxFull
            | Self::Head
            | Self::NoCard => "ERROR T",
        }
    }

    /// Reads an answer of either generation.
    pub fn parse(answer: &str) -> Option<Self> {
        let answer = answer.trim();
        Self::ALL
            .into_iter()
            .find(|refusal| answer.eq_ignore_ascii_case(refusal.words()))
            .or_else(|| {
                // `T`, `ERR T` and `ERROR T` are all seen.
                let letter = ["ERROR ", "ERR "]
                    .iter()
                    .find_map(|prefix| answer.strip_prefix(prefix));
                match letter.unwrap_or(answer) {
                    "CDE" => Some(Self::Command),
                    "PARAMETERS" | "PARAMETRES" | "PARAMETER" => Some(Self::Parameter),
                    "T" => Some(Self::Mechanical),
                    "C" => Some(Self::CoverOpen),
                    "F" => Some(Self::Feeder),
                    "R" => Some(Self::Ribbon),
                    _ => None,
                }
            })
    }
}

/// Answers to `Rlr;p`, the card sensor: the words of the Primacy generation (*uncertain*) and those of A5013.
pub mod card_sensor {
    /// No card inside.
    pub const NO_CARD: &str = "NO CARD";
    /// A card at the print position.
    pub const CARD: &str = "CARD";
    /// A card at the station with contacts.
    pub const SMART_CARD: &str = "SMART CARD";
    /// A card at the contactless station.
    pub const CONTACTLESS_CARD: &str = "CONTACTLESS CARD";
    /// A card inside (A5013).
    pub const ERR_CARD: &str = "ERR CARD";
}

/// Answer to `Rlr;r` when cleaning is due.
pub const NEED_CLEANING: &str = "ERR NEED CLEANING";

/// Answer to `Sk;f` when the feeder is empty; `0` is "not empty", `1` and `2` are one of two feeders (A5013 page 64).
pub const FEEDER_EMPTY: &str = "3";

/// Frames a command without data.
pub fn command(text: &str) -> Vec<u8> {
    let mut frame = Vec::with_capacity(text.len() + 2);
    frame.push(ESC);
    frame.extend_from_slice(text.as_bytes());
    frame.push(CR);
    frame
}

/// Frames the download of a panel: `plane` has one byte a dot as in [`Panels`](crate::face::Panels), of which
/// 7-bit levels are reduced to `levels`.
///
/// Bits stand without gaps, the most significant first. The first dot is the bottom left of the card; a line runs
/// up its short side, and lines follow from left to right (A5013 page 14, "Printing Direction").
///
/// # Panics
/// If `plane` has not 1016 x 648 dots.
pub fn download(panel: Panel, levels: Levels, plane: &[u8]) -> Vec<u8> {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    assert_eq!(plane.len(), width * height, "a plane has one byte a dot");
    let head = format!("Db;{};{};", panel.letter(), levels.number());
    let mut frame = Vec::with_capacity(1 + head.len() + levels.panel_length() + 1);
    frame.push(ESC);
    frame.extend_from_slice(head.as_bytes());

    let bits = levels.bits();
    let shift = if bits == 1 { 0 } else { 7 - bits };
    let mask = (1_u32 << bits) - 1;
    let (mut pending, mut pending_bits) = (0_u32, 0);
    for x in 0..width {
        for y in (0..height).rev() {
            pending = pending << bits | (u32::from(plane[y * width + x]) >> shift & mask);
            pending_bits += bits;
            if pending_bits >= 8 {
                pending_bits -= 8;
                frame.push((pending >> pending_bits) as u8);
            }
        }
    }
    // 648 is a multiple of 8, so the last byte is full.
    frame.push(CR);
    frame
}
