//! Sets text, codes and pictures dot by dot, as the print head does.

use qrcode::{EcLevel, QrCode};

use super::charset::CodePage;
use super::dots::Dots;
use super::font::{Glyph, HEIGHT, WIDTH};

/// Distance of lines after `ESC @` and `ESC 2`: 30 dots, 3.75 mm.
pub(super) const DEFAULT_LINE_SPACING: usize = 30;

/// `HT` goes to the next multiple of eight letters of font A.
const TAB: usize = 8 * WIDTH;

/// Font B: 9 x 17 dots.
const FONT_B: (usize, usize) = (9, 17);

/// How letters are drawn.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// Times wider and higher, 1 to 8.
    wide: usize,
    high: usize,
    emphasised: bool,
    /// Thickness of the line under the letter in dots, 0 to 2.
    underline: usize,
    reverse: bool,
    font_b: bool,
    /// White dots after each letter.
    spacing: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            wide: 1,
            high: 1,
            emphasised: false,
            underline: 0,
            reverse: false,
            font_b: false,
            spacing: 0,
        }
    }
}

impl Style {
    fn cell(&self) -> (usize, usize) {
        let (width, height) = if self.font_b { FONT_B } else { (WIDTH, HEIGHT) };
        (width * self.wide, height * self.high)
    }
}

/// What stands in the line that is being set.
#[derive(Debug, Clone, Copy)]
struct Cell {
    x: usize,
    character: char,
    style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Justify {
    Left,
    Centre,
    Right,
}

/// Settings, the line that is being set, and the paper so far.
#[derive(Debug)]
pub(super) struct Page {
    dots: Dots,
    pub(super) lines: Vec<String>,
    pub(super) qr_codes: Vec<Vec<u8>>,
    cells: Vec<Cell>,
    /// Where the next letter goes.
    x: usize,
    style: Style,
    justify: Justify,
    upside_down: bool,
    line_spacing: usize,
    /// What the bytes of text mean.
    pub(super) characters: CodePage,
    left_margin: usize,
    area_width: usize,
    qr_module: usize,
    qr_level: EcLevel,
    qr_data: Vec<u8>,
}

impl Page {
    /// Blank paper, `width` dots across, and the settings of a printer that has just been switched on.
    pub(super) fn new(width: usize) -> Self {
        Self {
            dots: Dots::new(width),
            lines: Vec::new(),
            qr_codes: Vec::new(),
            cells: Vec::new(),
            x: 0,
            style: Style::default(),
            justify: Justify::Left,
            upside_down: false,
            line_spacing: DEFAULT_LINE_SPACING,
            characters: CodePage::default(),
            left_margin: 0,
            area_width: width,
            qr_module: 3,
            qr_level: EcLevel::L,
            qr_data: Vec::new(),
        }
    }

    /// `ESC @`: settings go back to the start, the line that is being set is lost, the paper stays.
    pub(super) fn initialise(&mut self) {
        let dots = std::mem::replace(&mut self.dots, Dots::new(1));
        let fresh = Self::new(dots.width());
        *self = Self {
            dots,
            lines: std::mem::take(&mut self.lines),
            qr_codes: std::mem::take(&mut self.qr_codes),
            ..fresh
        };
    }

    /// Gives the paper so far away and goes on with blank paper and the same settings.
    pub(super) fn take_paper(&mut self) -> (Dots, Vec<String>, Vec<Vec<u8>>) {
        let fresh = Dots::new(self.dots.width());
        (
            std::mem::replace(&mut self.dots, fresh),
            std::mem::take(&mut self.lines),
            std::mem::take(&mut self.qr_codes),
        )
    }

    /// Rows printed or fed so far.
    pub(super) fn height(&self) -> usize {
        self.dots.height()
    }

    /// Whether letters wait for their line feed.
    pub(super) fn has_open_line(&self) -> bool {
        !self.cells.is_empty()
    }

    pub(super) fn set_emphasised(&mut self, on: bool) {
        self.style.emphasised = on;
    }

    pub(super) fn set_underline(&mut self, n: u8) {
        self.style.underline = match n {
            0 | 48 => 0,
            1 | 49 => 1,
            2 | 50 => 2,
            _ => self.style.underline,
        };
    }

    pub(super) fn set_reverse(&mut self, on: bool) {
        self.style.reverse = on;
    }

    pub(super) fn set_upside_down(&mut self, on: bool) {
        if self.cells.is_empty() {
            self.upside_down = on;
        }
    }

    pub(super) fn set_font(&mut self, n: u8) {
        self.style.font_b = matches!(n, 1 | 49);
    }

    pub(super) fn set_character_spacing(&mut self, n: u8) {
        self.style.spacing = usize::from(n);
    }

    /// `GS !`: width less one in the high, height less one in the low half.
    pub(super) fn set_size(&mut self, n: u8) {
        self.style.wide = usize::from(n >> 4 & 7) + 1;
        self.style.high = usize::from(n & 7) + 1;
    }

    /// `ESC !`: font, emphasis, double height, double width, underline in bits 0, 3, 4, 5, 7.
    pub(super) fn set_print_mode(&mut self, n: u8) {
        let bit = |bit: u8| n >> bit & 1 == 1;
        self.style.font_b = bit(0);
        self.style.emphasised = bit(3);
        self.style.high = 1 + usize::from(bit(4));
        self.style.wide = 1 + usize::from(bit(5));
        self.style.underline = usize::from(bit(7));
    }

    /// `ESC a` counts only at the start of a line.
    pub(super) fn set_justify(&mut self, n: u8) {
        if !self.cells.is_empty() {
            return;
        }
        self.justify = match n {
            0 | 48 => Justify::Left,
            1 | 49 => Justify::Centre,
            2 | 50 => Justify::Right,
            _ => self.justify,
        };
    }

    pub(super) fn set_line_spacing(&mut self, dots: Option<u8>) {
        self.line_spacing = dots.map_or(DEFAULT_LINE_SPACING, usize::from);
    }

    pub(super) fn set_left_margin(&mut self, dots: u16) {
        if self.cells.is_empty() {
            self.left_margin = usize::from(dots).min(self.dots.width() - WIDTH);
        }
    }

    pub(super) fn set_area_width(&mut self, dots: u16) {
        if self.cells.is_empty() {
            self.area_width = usize::from(dots).clamp(WIDTH, self.dots.width());
        }
    }

    pub(super) fn set_qr_module(&mut self, dots: u8) {
        if (1..=16).contains(&dots) {
            self.qr_module = usize::from(dots);
        }
    }

    pub(super) fn set_qr_level(&mut self, n: u8) {
        self.qr_level = match n {
            49 => EcLevel::M,
            50 => EcLevel::Q,
            51 => EcLevel::H,
            _ => EcLevel::L,
        };
    }

    pub(super) fn store_qr(&mut self, data: Vec<u8>) {
        self.qr_data = data;
    }

    /// Dots that can be printed on between the margins.
    fn area(&self) -> usize {
        self.area_width.min(self.dots.width() - self.left_margin)
    }

    /// Sets text; a line that is full is printed.
    pub(super) fn text(&mut self, run: &[u8]) {
        for character in self.characters.decode(run).chars() {
            let (width, _) = self.style.cell();
            let step = width + self.style.spacing * self.style.wide;
            if self.x + width > self.area() && self.x > 0 {
                self.line_feed();
            }
            self.cells.push(Cell {
                x: self.x,
                character,
                style: self.style,
            });
            self.x += step;
        }
    }

    pub(super) fn tab(&mut self) {
        let next = (self.x / TAB + 1) * TAB;
        if next < self.area() {
            self.x = next;
        }
    }

    pub(super) fn move_to(&mut self, dots: u16) {
        self.x = usize::from(dots).min(self.area());
    }

    /// Prints the line and feeds the paper to the next.
    pub(super) fn line_feed(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        let used = std::mem::take(&mut self.x);
        self.lines.push(line_text(&cells));
        let height = cells.iter().map(|cell| cell.style.cell().1).max().unwrap_or(0);
        let mut line = Dots::new(self.dots.width());
        line.feed(height);
        let left = self.start(used);
        for cell in &cells {
            draw(&mut line, cell, left, height);
        }
        self.dots.append(&line, self.upside_down);
        self.dots.feed(self.line_spacing.saturating_sub(height));
    }

    /// Prints the line, if there is one, and feeds `rows`.
    pub(super) fn feed(&mut self, rows: usize) {
        if self.has_open_line() {
            let spacing = std::mem::replace(&mut self.line_spacing, 0);
            self.line_feed();
            self.line_spacing = spacing;
        }
        self.dots.feed(rows);
    }

    /// `ESC d`.
    pub(super) fn feed_lines(&mut self, lines: u8) {
        let open = self.has_open_line();
        if open {
            self.line_feed();
        }
        for _ in usize::from(open)..usize::from(lines) {
            self.line_feed();
        }
    }

    /// Left edge of something `width` dots wide.
    fn start(&self, width: usize) -> usize {
        let free = self.area().saturating_sub(width);
        self.left_margin
            + match self.justify {
                Justify::Left => 0,
                Justify::Centre => free / 2,
                Justify::Right => free,
            }
    }

    /// Prints the stored QR code. False if its content is too long for one, or the code too wide for the paper.
    pub(super) fn print_qr(&mut self) -> bool {
        let Ok(code) = QrCode::with_error_correction_level(&self.qr_data, self.qr_level) else {
            return false;
        };
        let (modules, size) = (code.width(), self.qr_module);
        if modules * size > self.area() {
            return false;
        }
        self.feed(0);
        let (left, top) = (self.start(modules * size), self.dots.height());
        self.dots.feed(modules * size);
        for (number, colour) in code.to_colors().into_iter().enumerate() {
            if colour == qrcode::Color::Dark {
                let (x, y) = (left + number % modules * size, top + number / modules * size);
                self.fill(x, y, size, size);
            }
        }
        self.qr_codes.push(self.qr_data.clone());
        true
    }

    /// `GS v 0`: bit 0 of `mode` doubles the width, bit 1 the height.
    pub(super) fn print_raster(&mut self, mode: u8, bytes_a_row: u16, data: &[u8]) {
        let (wide, high) = (1 + usize::from(mode & 1), 1 + usize::from(mode >> 1 & 1));
        let bytes_a_row = usize::from(bytes_a_row);
        if bytes_a_row == 0 {
            return;
        }
        self.feed(0);
        let left = self.start(bytes_a_row * 8 * wide);
        for row in data.chunks_exact(bytes_a_row) {
            let top = self.dots.height();
            self.dots.feed(high);
            for x in (0..bytes_a_row * 8).filter(|x| row[x / 8] & (0x80 >> (x % 8)) != 0) {
                self.fill(left + x * wide, top, wide, high);
            }
        }
    }

    fn fill(&mut self, left: usize, top: usize, width: usize, height: usize) {
        for y in top..top + height {
            for x in left..left + width {
                self.dots.blacken(x, y);
            }
        }
    }
}

/// The text of a line; a jump to the right is one space.
fn line_text(cells: &[Cell]) -> String {
    let mut text = String::new();
    let mut end = 0;
    for cell in cells {
        if cell.x > end && !text.is_empty() && cell.x - end >= WIDTH {
            text.push(' ');
        }
        text.push(cell.character);
        end = cell.x + cell.style.cell().0 + cell.style.spacing * cell.style.wide;
    }
    text.truncate(text.trim_end().len());
    text
}

/// Draws a letter into a line `height` dots high; letters stand on its lower edge.
fn draw(line: &mut Dots, cell: &Cell, left: usize, height: usize) {
    let Style { wide, high, .. } = cell.style;
    let (cell_width, cell_height) = cell.style.cell();
    let (left, top) = (left + cell.x, height - cell_height);
    let glyph = Glyph::of(cell.character);
    let (columns, rows) = (cell_width / wide, cell_height / high);
    for y in 0..cell_height {
        for x in 0..cell_width {
            // Font B is font A, made smaller.
            if glyph.dot(x / wide * WIDTH / columns, y / high * HEIGHT / rows) {
                line.blacken(left + x, top + y);
                if cell.style.emphasised {
                    line.blacken(left + x + 1, top + y);
                }
            }
        }
    }
    for y in cell_height.saturating_sub(cell.style.underline)..cell_height {
        for x in 0..cell_width {
            line.blacken(left + x, top + y);
        }
    }
    if cell.style.reverse {
        line.invert(left, top, cell_width, cell_height);
    }
}
