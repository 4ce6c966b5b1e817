//! Cuts the byte stream into commands.
//!
//! The data of a download may contain any byte, CR and ESC too, so it is taken by length.

use host_driver::printer::evolis::wire::{CR, ESC, Levels, Panel};

/// What came over the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// A command: its name, then its parameters.
    Command(Vec<String>),
    /// A panel. `complete` is false when no CR followed the data.
    Download {
        panel: Panel,
        levels: Levels,
        data: Vec<u8>,
        complete: bool,
    },
}

/// A longer command than this is none: the longest that carries text is a line of text to print.
const LONGEST_COMMAND: usize = 512;

/// Between two bytes of the stream.
#[derive(Debug, Default)]
enum State {
    /// Outside any command.
    #[default]
    Idle,
    /// Inside a command, after its ESC.
    Command(Vec<u8>),
    /// Inside the data of a download.
    Data {
        panel: Panel,
        levels: Levels,
        data: Vec<u8>,
    },
    /// After the data of a download: a CR should follow.
    DataEnd {
        panel: Panel,
        levels: Levels,
        data: Vec<u8>,
    },
}

/// The stream so far.
#[derive(Debug, Default)]
pub(super) struct Frames {
    state: State,
}

impl Frames {
    /// Takes bytes, split in any way, and appends what is complete to `frames`.
    pub(super) fn take(&mut self, mut bytes: &[u8], frames: &mut Vec<Frame>) {
        while let Some((&byte, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Data { panel, levels, data } => {
                    let missing = levels.panel_length() - data.len();
                    let (part, rest) = bytes.split_at(missing.min(bytes.len()));
                    data.extend_from_slice(part);
                    if data.len() == levels.panel_length() {
                        let (panel, levels, data) = (*panel, *levels, std::mem::take(data));
                        self.state = State::DataEnd { panel, levels, data };
                    }
                    bytes = rest;
                    continue;
                }
                State::DataEnd { panel, levels, data } => {
                    let complete = byte == CR;
                    let (panel, levels, data) = (*panel, *levels, std::mem::take(data));
                    frames.push(Frame::Download {
                        panel,
                        levels,
                        data,
                        complete,
                    });
                    self.state = State::Idle;
                    if !complete {
                        continue;
                    }
                }
                State::Idle => match byte {
                    ESC => self.state = State::Command(Vec::new()),
                    // Padding; clients send NULs after a job.
                    0 | CR | b'\n' => {}
                    // ESC may be left out after a CR (A5013 section 3).
                    other => self.state = State::Command(vec![other]),
                },
                State::Command(text) => match byte {
                    CR => {
                        frames.push(command(text));
                        self.state = State::Idle;
                    }
                    // The rest of the last command got lost.
                    ESC => text.clear(),
                    other if text.len() < LONGEST_COMMAND => {
                        text.push(other);
                        if let Some((panel, levels)) = download_head(text) {
                            let data = Vec::with_capacity(levels.panel_length());
                            self.state = State::Data { panel, levels, data };
                        }
                    }
                    _ => {}
                },
            }
            bytes = rest;
        }
    }
}

fn command(text: &[u8]) -> Frame {
    let text = String::from_utf8_lossy(text);
    Frame::Command(text.split(';').map(str::to_owned).collect())
}

/// Reads `Db;<panel>;<levels>;`, after which data follows.
fn download_head(text: &[u8]) -> Option<(Panel, Levels)> {
    let text = std::str::from_utf8(text)
        .ok()?
        .strip_prefix("Db;")?
        .strip_suffix(';')?;
    let (panel, levels) = text.split_once(';')?;
    Some((Panel::from_letter(panel)?, Levels::from_number(levels)?))
}
