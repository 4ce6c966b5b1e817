//! Cuts the byte stream into ESC/POS commands.

/// How the paper was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All the way through.
    Full,
    /// A point is left, so that the ticket does not fall.
    Partial,
}

/// A command. Names and meanings are those of Epson's ESC/POS reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// Characters to print.
    Text(Vec<u8>),
    /// `LF`.
    LineFeed,
    /// `CR`, which does nothing beside a `LF`.
    CarriageReturn,
    /// `HT`.
    Tab,
    /// `ESC @`.
    Initialise,
    /// `ESC a`.
    Justify(u8),
    /// `ESC E`, `ESC G`.
    Emphasise(bool),
    /// `ESC !`.
    PrintMode(u8),
    /// `ESC -`.
    Underline(u8),
    /// `ESC d`.
    FeedLines(u8),
    /// `ESC J`.
    FeedDots(u8),
    /// `ESC t`.
    CodePage(u8),
    /// `ESC 2`.
    DefaultLineSpacing,
    /// `ESC 3`.
    LineSpacing(u8),
    /// `ESC SP`.
    CharacterSpacing(u8),
    /// `ESC {`.
    UpsideDown(bool),
    /// `ESC M`.
    Font(u8),
    /// `ESC $`.
    Position(u16),
    /// `GS !`.
    Size(u8),
    /// `GS B`.
    Reverse(bool),
    /// `GS L`.
    LeftMargin(u16),
    /// `GS W`.
    AreaWidth(u16),
    /// `GS V`, with the dots to feed first.
    Cut { cut: Cut, feed: Option<u8> },
    /// `GS ( k`, function 167.
    QrModuleSize(u8),
    /// `GS ( k`, function 169.
    QrCorrection(u8),
    /// `GS ( k`, function 180.
    QrStore(Vec<u8>),
    /// `GS ( k`, function 181.
    QrPrint,
    /// `GS v 0`.
    Raster {
        mode: u8,
        bytes_a_row: u16,
        data: Vec<u8>,
    },
    /// `DLE EOT`, answered as soon as it arrives.
    StatusRequest(u8),
    /// `GS r`.
    PaperRequest(u8),
    /// `GS g 2`, with the number of the counter.
    CounterRequest(u8),
    /// `GS ( H`, function 48: to be answered when everything before it is done.
    ProcessId([u8; 4]),
    /// Known, and without effect on paper.
    Nothing,
    /// Not known here; its bytes, at most [`KEPT`] of them.
    Unknown(Vec<u8>),
}

impl Command {
    /// Whether it is a question, which puts nothing on paper.
    pub(super) fn only_asks(&self) -> bool {
        matches!(
            self,
            Self::StatusRequest(_) | Self::PaperRequest(_) | Self::CounterRequest(_) | Self::ProcessId(_)
        )
    }
}

/// Bytes that are kept of an unknown command.
const KEPT: usize = 64;

/// Longest picture that is taken: 80 mm wide and 2 m long. More is a fault of the program, or an attack.
const LONGEST_RASTER: usize = 72 * 16_000;

/// Text that waits for the rest of its run; a longer run is printed in parts.
const LONGEST_TEXT: usize = 1024;

/// The stream so far.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pending: Vec<u8>,
    /// A printer that does not know `GS g` and `GS ( H`.
    pub(super) plain: bool,
}

/// One step of the parser: a command and its length, or nothing yet.
type Parsed = Option<(Command, usize)>;

impl Commands {
    /// Takes bytes, split in any way.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next complete command and its bytes.
    pub(super) fn next(&mut self) -> Option<(Command, Vec<u8>)> {
        let (command, length) = parse(&self.pending, self.plain)?;
        let rest = self.pending.split_off(length.min(self.pending.len()));
        let bytes = std::mem::replace(&mut self.pending, rest);
        Some((command, bytes))
    }

    /// Forgets what is incomplete.
    pub(super) fn clear(&mut self) {
        self.pending.clear();
    }
}

fn parse(bytes: &[u8], plain: bool) -> Parsed {
    let one = |command| Some((command, 1));
    match *bytes.first()? {
        b'\n' => one(Command::LineFeed),
        b'\r' => one(Command::CarriageReturn),
        b'\t' => one(Command::Tab),
        0x10 => data_link_escape(bytes),
        0x1b => escape(bytes),
        0x1c => field_separator(bytes),
        0x1d => group_separator(bytes, plain),
        control @ (..0x20 | 0x7f) => one(match control {
            // NUL and CAN are padding and "cancel" in page mode.
            0x00 | 0x18 => Command::Nothing,
            other => Command::Unknown(vec![other]),
        }),
        _ => text(bytes),
    }
}

/// A run ends at a control character, so that a letter of several bytes is never cut in two.
fn text(bytes: &[u8]) -> Parsed {
    let end = bytes.iter().position(|&byte| byte < 0x20 || byte == 0x7f);
    let length = match end {
        Some(length) => length,
        None if bytes.len() >= LONGEST_TEXT => bytes.len(),
        None => return None,
    };
    Some((Command::Text(bytes[..length].to_vec()), length))
}

fn data_link_escape(bytes: &[u8]) -> Parsed {
    let (name, first) = (*bytes.get(1)?, bytes.get(2));
    match name {
        0x04 => Some((Command::StatusRequest(*first?), 3)),
        0x05 => first.map(|_| (Command::Nothing, 3)),
        0x14 => {
            let length = match *first? {
                1 | 2 => 5,
                7 => 4,
                8 => 10,
                _ => 3,
            };
            unknown(bytes, length)
        }
        _ => unknown(bytes, 2),
    }
}

fn escape(bytes: &[u8]) -> Parsed {
    let name = *bytes.get(1)?;
    let first = bytes.get(2).copied();
    let with = |command: fn(u8) -> Command| first.map(|n| (command(n), 3));
    let switch = |command: fn(bool) -> Command| first.map(|n| (command(n & 1 == 1), 3));
    match name {
        b'@' => Some((Command::Initialise, 2)),
        b'2' => Some((Command::DefaultLineSpacing, 2)),
        b'3' => with(Command::LineSpacing),
        b'a' => with(Command::Justify),
        b'E' | b'G' => switch(Command::Emphasise),
        b'!' => with(Command::PrintMode),
        b'-' => with(Command::Underline),
        b'd' => with(Command::FeedLines),
        b'J' => with(Command::FeedDots),
        b't' => with(Command::CodePage),
        b' ' => with(Command::CharacterSpacing),
        b'{' => switch(Command::UpsideDown),
        b'M' => with(Command::Font),
        b'$' => Some((Command::Position(little_endian(bytes, 2)?), 4)),
        // International character set, peripheral: without effect here.
        b'R' | b'=' => with(|_| Command::Nothing),
        b'c' => bytes.get(3).map(|_| (Command::Nothing, 4)),
        b'D' => {
            let end = bytes.iter().skip(2).take(33).position(|&byte| byte == 0)?;
            Some((Command::Nothing, 2 + end + 1))
        }
        b'p' => unknown(bytes, 5),
        b'\\' => unknown(bytes, 4),
        b'*' => {
            let dots = usize::from(little_endian(bytes, 3)?);
            let bytes_a_column = if first? >= 32 { 3 } else { 1 };
            unknown(bytes, 5 + dots * bytes_a_column)
        }
        b'i' | b'm' => {
            let cut = if name == b'i' { Cut::Full } else { Cut::Partial };
            Some((Command::Cut { cut, feed: None }, 2))
        }
        b'V' | b'r' | b'T' | b'U' | b'S' | b'L' => {
            unknown(bytes, if matches!(name, b'S' | b'L') { 2 } else { 3 })
        }
        _ => unknown(bytes, 2),
    }
}

fn field_separator(bytes: &[u8]) -> Parsed {
    let length = match *bytes.get(1)? {
        b'&' | b'.' => return Some((Command::Nothing, 2)),
        b'(' => 5 + usize::from(little_endian(bytes, 3)?),
        b'p' | b'S' => 4,
        b'!' | b'-' | b'W' | b'C' => 3,
        _ => 2,
    };
    unknown(bytes, length)
}

fn group_separator(bytes: &[u8], plain: bool) -> Parsed {
    let first = bytes.get(2).copied();
    let with = |command: fn(u8) -> Command| first.map(|n| (command(n), 3));
    match *bytes.get(1)? {
        b'!' => with(Command::Size),
        b'B' => first.map(|n| (Command::Reverse(n & 1 == 1), 3)),
        b'L' => Some((Command::LeftMargin(little_endian(bytes, 2)?), 4)),
        b'W' => Some((Command::AreaWidth(little_endian(bytes, 2)?), 4)),
        b'V' => cut(bytes),
        b'v' => raster(bytes),
        b'(' => parenthesis(bytes, plain),
        // One that does not know its parameters takes them for text.
        b'g' if plain => unknown(bytes, 2),
        b'g' => match (first?, bytes.get(4)) {
            (b'2', number) => {
                // m and nH are 0.
                bytes.get(5)?;
                Some((Command::CounterRequest(*number?), 6))
            }
            _ => unknown(bytes, 6),
        },
        b'r' => with(Command::PaperRequest),
        // Automatic status, bar code settings, smoothing: without effect here.
        b'a' | b'b' | b'H' | b'h' | b'w' | b'f' => with(|_| Command::Nothing),
        b'I' | b'T' | b'E' => unknown(bytes, 3),
        b'P' | b'\\' | b'$' | b'^' => unknown(bytes, if bytes[1] == b'^' { 5 } else { 4 }),
        b'k' => match first? {
            0..=6 => {
                let end = bytes.iter().skip(3).position(|&byte| byte == 0);
                match end {
                    Some(end) => unknown(bytes, 3 + end + 1),
                    None if bytes.len() > 256 => unknown(bytes, 3),
                    None => None,
                }
            }
            65..=79 => unknown(bytes, 4 + usize::from(*bytes.get(3)?)),
            _ => unknown(bytes, 3),
        },
        _ => unknown(bytes, 2),
    }
}

fn cut(bytes: &[u8]) -> Parsed {
    let how = *bytes.get(2)?;
    let cut = if how % 2 == 0 { Cut::Full } else { Cut::Partial };
    match how {
        0 | 1 | 48 | 49 => Some((Command::Cut { cut, feed: None }, 3)),
        // A (65) is "feed and cut fully", B (66) "feed and cut partially".
        65 | 66 => {
            let cut = if how == 65 { Cut::Full } else { Cut::Partial };
            Some((
                Command::Cut {
                    cut,
                    feed: Some(*bytes.get(3)?),
                },
                4,
            ))
        }
        97 | 98 | 103 | 104 => unknown(bytes, 4),
        _ => unknown(bytes, 3),
    }
}

fn raster(bytes: &[u8]) -> Parsed {
    let mode = *bytes.get(3)?;
    let bytes_a_row = little_endian(bytes, 4)?;
    let rows = little_endian(bytes, 6)?;
    let length = usize::from(bytes_a_row) * usize::from(rows);
    if bytes[2] != b'0' || length > LONGEST_RASTER {
        return unknown(bytes, 8);
    }
    let data = bytes.get(8..8 + length)?.to_vec();
    Some((
        Command::Raster {
            mode,
            bytes_a_row,
            data,
        },
        8 + length,
    ))
}

fn parenthesis(bytes: &[u8], plain: bool) -> Parsed {
    const QR: u8 = 49;
    let length = 5 + usize::from(little_endian(bytes, 3)?);
    let parameters = bytes.get(5..length)?;
    let command = match (bytes[2], parameters) {
        (b'k', &[QR, 65, 50, ..]) => Command::Nothing,
        (b'k', &[QR, 67, size]) => Command::QrModuleSize(size),
        (b'k', &[QR, 69, level]) => Command::QrCorrection(level),
        (b'k', &[QR, 80, 48, ref data @ ..]) => Command::QrStore(data.to_vec()),
        (b'k', &[QR, 81, 48]) => Command::QrPrint,
        (b'H', &[48, 48, a, b, c, d]) if !plain => Command::ProcessId([a, b, c, d]),
        _ => return unknown(bytes, length),
    };
    Some((command, length))
}

fn unknown(bytes: &[u8], length: usize) -> Parsed {
    let command = bytes.get(..length)?;
    Some((Command::Unknown(command[..length.min(KEPT)].to_vec()), length))
}

fn little_endian(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}
