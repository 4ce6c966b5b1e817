//! The printer: carries out commands, answers status requests, and stops when it cannot print.

use std::collections::VecDeque;
use std::time::Duration;

use super::answers::{self, Answers};
use super::charset::CodePage;
use super::commands::{Command, Commands, Cut};
use super::page::{DEFAULT_LINE_SPACING, Page};
use super::{Paper, Receipt, Roll};
use crate::device::serial::SerialDevice;

/// What the paper sensors see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperSensor {
    /// Enough.
    #[default]
    Enough,
    /// The roll is nearly used up; it still prints.
    NearEnd,
    /// No paper.
    Out,
}

/// What a person can do to the printer, and what wears out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Knobs {
    /// What the paper sensors see.
    pub paper: PaperSensor,
    /// Dots of paper until it ends, even in the middle of a ticket; `None` is "enough".
    pub paper_left: Option<usize>,
    /// The cover is open: nothing is printed, and nothing answered unless `tells_cover`.
    pub cover_open: bool,
    /// It answers although its cover is open, and says so, as Epson's do. Many others fall silent.
    pub tells_cover: bool,
    /// Off line by its feed button: nothing is printed, status is answered.
    pub offline: bool,
    /// The cutter is stuck: nothing is printed, status is answered.
    pub cutter_error: bool,
    /// No power, or no cable: bytes go nowhere.
    pub unplugged: bool,
    /// Dots of paper until the power fails, even in the middle of a ticket; `None` is "it does not".
    pub power_left: Option<usize>,
    /// Millimetres of paper a second; `None` prints in no time.
    pub speed: Option<u32>,
    /// How late answers are.
    pub answer_delay: Duration,
    /// It sends garbage, of this seed, instead of its answers: the wrong speed, or a bad cable.
    pub garbage: Option<u64>,
    /// A cheap one, without `GS g` and `GS ( H`: it takes the former's parameters for text, and passes over the latter.
    pub plain: bool,
}

/// Receive buffer of the printer. What comes when it is full is lost, as on a line without flow control.
const RECEIVE_BUFFER: usize = 4096;

/// NUL between commands does nothing.
const PADDING: [u8; 1] = [0];

/// Dots of a millimetre of paper.
const DOTS_A_MILLIMETRE: u32 = 8;

/// From the print head to the cutter: `GS V 65` and `66` feed so far before they cut. 11 mm.
const TO_CUTTER: usize = 88;

/// An ESC/POS printer. Bytes in, status bytes out; receipts go to `P`.
#[derive(Debug)]
pub struct EscPosCore<P> {
    /// Where receipts go.
    pub paper: P,
    knobs: Knobs,
    commands: Commands,
    /// Commands that wait because nothing can be printed now, and when they came.
    waiting: VecDeque<(Command, Vec<u8>, Duration)>,
    waiting_bytes: usize,
    lost_bytes: usize,
    answers: Answers,
    /// The latest moment that was heard of.
    now: Duration,
    /// When the paper stands still again.
    busy_until: Duration,
    /// Dots of paper fed, and cuts made, in its life: they survive its power.
    life_dots: u64,
    life_cuts: u32,
    page: Page,
    bytes: Vec<u8>,
    unknown: Vec<Vec<u8>>,
    roll: Roll,
}

impl<P: Paper> EscPosCore<P> {
    /// A printer with a roll of paper, ready to print.
    pub fn new(roll: Roll, paper: P) -> Self {
        Self {
            paper,
            knobs: Knobs::default(),
            commands: Commands::default(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lost_bytes: 0,
            answers: Answers::default(),
            now: Duration::ZERO,
            busy_until: Duration::ZERO,
            life_dots: 0,
            life_cuts: 0,
            page: Page::new(roll.dots() as usize),
            bytes: Vec::new(),
            unknown: Vec::new(),
            roll,
        }
    }

    /// How the printer stands.
    pub fn knobs(&self) -> Knobs {
        self.knobs
    }

    /// Changes how the printer stands. What waited for it is printed now: a ticket that was sent while the paper was
    /// out comes out when there is paper again.
    pub fn set_knobs(&mut self, knobs: Knobs) {
        let power_lost = knobs.unplugged && !self.knobs.unplugged;
        self.knobs = knobs;
        self.commands.plain = knobs.plain;
        if power_lost {
            self.forget();
        }
        self.work();
    }

    /// What its memory held is lost; the paper stays as it hangs there.
    fn forget(&mut self) {
        self.commands.clear();
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.answers.clear();
        self.page.initialise();
        self.busy_until = self.now;
    }

    /// Lines of default height fed in its life, as `GS g 2` reports them.
    pub fn lines_fed(&self) -> u32 {
        (self.life_dots / DEFAULT_LINE_SPACING as u64) as u32
    }

    /// Cuts made in its life.
    pub fn cuts_made(&self) -> u32 {
        self.life_cuts
    }

    /// When it has something to say or to do next, if nothing reaches it meanwhile.
    pub fn next_event(&self) -> Option<Duration> {
        let work = (!self.waiting.is_empty() && self.can_print()).then_some(self.busy_until);
        [work, self.answers.next()].into_iter().flatten().min()
    }

    /// Bytes that were lost because the receive buffer was full.
    pub fn lost_bytes(&self) -> usize {
        self.lost_bytes
    }

    /// Whether commands wait for paper, cover or line.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Tears off what was printed since the last cut, with the line that is being set; `None` if there is nothing.
    pub fn tear_off(&mut self) -> Option<Receipt> {
        if self.page.has_open_line() {
            self.page.line_feed();
        }
        (self.page.height() > 0).then(|| self.receipt(Vec::new()))
    }

    fn can_print(&self) -> bool {
        let Knobs {
            paper,
            cover_open,
            offline,
            cutter_error,
            unplugged,
            ..
        } = self.knobs;
        paper != PaperSensor::Out && !cover_open && !offline && !cutter_error && !unplugged
    }

    fn work(&mut self) {
        while self.can_print() && self.now >= self.busy_until {
            let Some((command, bytes, came)) = self.waiting.pop_front() else {
                return;
            };
            self.waiting_bytes -= bytes.len();
            if !command.only_asks() && bytes != PADDING {
                self.bytes.extend_from_slice(&bytes);
            }
            self.busy_until = self.busy_until.max(came);
            self.carry_out(command);
        }
    }

    /// Counts paper that was fed, and lets it take its time.
    fn use_paper(&mut self, rows: usize) {
        self.life_dots += rows as u64;
        if let Some(speed) = self.knobs.speed {
            self.busy_until += Duration::from_secs(rows as u64) / (DOTS_A_MILLIMETRE * speed.max(1));
        }
        if let Some(left) = &mut self.knobs.power_left {
            *left = left.saturating_sub(rows);
            if *left == 0 {
                self.knobs.power_left = None;
                self.knobs.unplugged = true;
                self.forget();
            }
        }
        if let Some(left) = &mut self.knobs.paper_left {
            *left = left.saturating_sub(rows);
            if *left == 0 {
                self.knobs.paper_left = None;
                self.knobs.paper = PaperSensor::Out;
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        let height = self.page.height();
        // A cut takes the paper away.
        if let Command::Cut { cut, feed } = command {
            self.page
                .feed(feed.map_or(0, |dots| TO_CUTTER + usize::from(dots)));
            let rows = self.page.height().saturating_sub(height);
            self.use_paper(rows);
            // The power may have failed on the way to the cutter.
            if !self.knobs.unplugged {
                self.cut(cut);
            }
            return;
        }
        self.print(command);
        self.use_paper(self.page.height().saturating_sub(height));
    }

    fn print(&mut self, command: Command) {
        let page = &mut self.page;
        match command {
            Command::Text(run) => page.text(&run),
            Command::LineFeed => page.line_feed(),
            Command::CarriageReturn | Command::Nothing | Command::StatusRequest(_) | Command::Cut { .. } => {}
            Command::Tab => page.tab(),
            Command::Initialise => page.initialise(),
            Command::Justify(n) => page.set_justify(n),
            Command::Emphasise(on) => page.set_emphasised(on),
            Command::PrintMode(n) => page.set_print_mode(n),
            Command::Underline(n) => page.set_underline(n),
            Command::FeedLines(n) => page.feed_lines(n),
            Command::FeedDots(n) => page.feed(usize::from(n)),
            Command::CodePage(n) => match CodePage::from_number(n) {
                Some(code_page) => page.characters = code_page,
                None => self.unknown.push(vec![0x1b, b't', n]),
            },
            Command::DefaultLineSpacing => page.set_line_spacing(None),
            Command::LineSpacing(n) => page.set_line_spacing(Some(n)),
            Command::CharacterSpacing(n) => page.set_character_spacing(n),
            Command::UpsideDown(on) => page.set_upside_down(on),
            Command::Font(n) => page.set_font(n),
            Command::Position(dots) => page.move_to(dots),
            Command::Size(n) => page.set_size(n),
            Command::Reverse(on) => page.set_reverse(on),
            Command::LeftMargin(dots) => page.set_left_margin(dots),
            Command::AreaWidth(dots) => page.set_area_width(dots),
            Command::QrModuleSize(dots) => page.set_qr_module(dots),
            Command::QrCorrection(n) => page.set_qr_level(n),
            Command::QrStore(data) => page.store_qr(data),
            Command::QrPrint => {
                if !page.print_qr() {
                    self.unknown.push(b"QR code that does not fit".to_vec());
                }
            }
            Command::Raster {
                mode,
                bytes_a_row,
                data,
            } => page.print_raster(mode, bytes_a_row, &data),
            Command::PaperRequest(n) => {
                // GS r 1: bits 0 and 1 are "near end"; with no paper the printer does not get here.
                let near_end = self.knobs.paper == PaperSensor::NearEnd && matches!(n, 1 | 49);
                self.answer(self.busy_until, &[if near_end { 0x03 } else { 0x00 }]);
            }
            Command::CounterRequest(number) => {
                if let Some(count) = self.counter(number) {
                    self.answer(self.busy_until, &answers::counter(count));
                }
            }
            Command::ProcessId(id) => self.answer(self.busy_until, &answers::process_id(id)),
            Command::Unknown(bytes) => self.unknown.push(bytes),
        }
    }

    /// The maintenance counters that this printer keeps, resettable (never reset here) and cumulative.
    fn counter(&self, number: u8) -> Option<u32> {
        match number {
            20 | 148 => Some(self.lines_fed()),
            50 | 178 => Some(self.life_cuts),
            _ => None,
        }
    }

    fn answer(&mut self, at: Duration, bytes: &[u8]) {
        let at = at + self.knobs.answer_delay;
        match &mut self.knobs.garbage {
            Some(seed) => self.answers.push(at, &answers::garble(seed, bytes)),
            None => self.answers.push(at, bytes),
        }
    }

    fn cut(&mut self, cut: Cut) {
        self.life_cuts += 1;
        let receipt = self.receipt(vec![cut]);
        self.paper.receipt(receipt);
    }

    fn receipt(&mut self, cuts: Vec<Cut>) -> Receipt {
        let (dots, lines, qr_codes) = self.page.take_paper();
        Receipt {
            lines,
            qr_codes,
            cuts,
            unknown: std::mem::take(&mut self.unknown),
            bytes: std::mem::take(&mut self.bytes),
            picture: dots.picture(),
        }
    }

    /// `DLE EOT n`: bits 1 and 4 are always set.
    fn status(&self, n: u8) -> Option<u8> {
        const FIXED: u8 = 0x12;
        let bit = |bit: u8, set: bool| u8::from(set) << bit;
        let out = self.knobs.paper == PaperSensor::Out;
        Some(
            FIXED
                | match n {
                    1 => bit(3, !self.can_print()),
                    2 => {
                        bit(2, self.knobs.cover_open)
                            | bit(3, self.knobs.offline)
                            | bit(5, out)
                            | bit(6, self.knobs.cutter_error)
                    }
                    3 => bit(3, self.knobs.cutter_error),
                    4 => {
                        let low = out || self.knobs.paper == PaperSensor::NearEnd;
                        bit(2, low) | bit(3, low) | bit(5, out) | bit(6, out)
                    }
                    _ => return None,
                },
        )
    }

    /// The width of its paper.
    pub fn roll(&self) -> Roll {
        self.roll
    }
}

impl<P: Paper> SerialDevice for EscPosCore<P> {
    fn handle_bytes(&mut self, now: Duration, bytes: &[u8]) {
        self.now = self.now.max(now);
        self.work();
        if self.knobs.unplugged {
            return;
        }
        self.commands.take(bytes);
        while let Some((command, bytes)) = self.commands.next() {
            if let Command::StatusRequest(n) = command
                && (!self.knobs.cover_open || self.knobs.tells_cover)
            {
                // Real time: answered although other commands wait.
                if let Some(status) = self.status(n) {
                    self.answer(self.now, &[status]);
                }
            }
            let held = !self.can_print() || self.now < self.busy_until;
            if held && self.waiting_bytes + bytes.len() > RECEIVE_BUFFER {
                self.lost_bytes += bytes.len();
                continue;
            }
            self.waiting_bytes += bytes.len();
            self.waiting.push_back((command, bytes, self.now));
            self.work();
            if self.knobs.unplugged {
                return;
            }
        }
    }

    fn poll_transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        self.now = self.now.max(now);
        self.work();
        self.answers.take(self.now, out)
    }
}
