//! The list of services.

use core::fmt::Write as _;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::{GrayColor, Point};
use heapless::String;
use protocol::message::Service;
use u8g2_fonts::types::HorizontalAlignment;

use super::super::model::Language;
use super::page::{HINTS, TEXT};
use super::signs;
use super::words::Words;
use crate::screen::Screen;
use crate::screen::font::{self, Font};
use crate::screen::layout::{BRIGHT, DIM, HEIGHT, WIDTH, bar, centered, text};
use crate::screen::wrap::{Lines, readable_small};

/// Rows of the title.
const TITLE: i32 = 10;
/// Rows of a line of a service's name in the smallest readable font, with its descenders.
const LINE: i32 = 14;
/// Rows of the line that says who has priority.
const ENTITLED: i32 = 11;

/// What there is to choose from.
#[allow(clippy::struct_excessive_bools)] // Each is a sign on the screen of its own.
pub(super) struct Choice<'a> {
    pub services: &'a [Service],
    pub selected: usize,
    pub language: Language,
    pub priority: bool,
    pub priority_offered: bool,
    pub low_paper: bool,
    pub alone: bool,
}

impl<'a> Choice<'a> {
    pub(super) fn draw(&self, screen: &mut impl Screen, words: &Words) {
        let selected = self.selected.min(self.services.len().saturating_sub(1));
        let top = if self.priority {
            self.priority_title(screen, selected, words)
        } else {
            self.title(screen, words)
        };
        self.names(screen, selected, top);
        if self.priority {
            signs::left_hint(screen, HEIGHT - 2, words.ordinary_hint);
        } else if self.priority_offered {
            signs::left_hint(screen, HEIGHT - 2, words.priority_hint);
        }
        signs::language_hint(screen, HEIGHT - 2, words.other_language);
    }

    /// The title of the ordinary list; the row where the names begin.
    fn title(&self, screen: &mut impl Screen, words: &Words) -> i32 {
        text(
            screen,
            words.choose,
            Point::new(0, TITLE - 2),
            font::SECOND,
            HorizontalAlignment::Left,
            DIM,
        );
        self.place_and_signs(screen, DIM);
        TITLE + 1
    }

    /// The title of the list for those who have priority, in reverse, and who they are; the row where the names begin.
    fn priority_title(&self, screen: &mut impl Screen, selected: usize, words: &Words) -> i32 {
        bar(screen, 0, LINE - 1, BRIGHT);
        text(
            screen,
            words.priority,
            Point::new(2, LINE - 2),
            font::TINY,
            HorizontalAlignment::Left,
            Gray4::BLACK,
        );
        self.place_and_signs(screen, Gray4::BLACK);
        let below = LINE + ENTITLED;
        // A name of 24 wide letters needs the room more.
        if self.rows(selected) > HINTS - below {
            return LINE;
        }
        centered(screen, words.entitled, below - 3, font::SECOND, BRIGHT);
        below
    }

    /// Which of how many is chosen, and what staff should see in passing.
    fn place_and_signs(&self, screen: &mut impl Screen, color: Gray4) {
        let mut right = WIDTH - 1;
        if self.services.len() > 1 {
            let mut place = String::<8>::new();
            // At most four services.
            let _ = write!(place, "{}/{}", self.selected + 1, self.services.len());
            text(
                screen,
                &place,
                Point::new(right, TITLE - 2),
                font::SECOND,
                HorizontalAlignment::Right,
                color,
            );
            right -= font::SECOND.width(&place) + 3;
        }
        for (shown, sign) in [(self.alone, signs::ALONE), (self.low_paper, signs::LOW_PAPER)] {
            if shown {
                right -= signs::SIZE;
                sign.draw(screen, Point::new(right, 0), color);
                right -= 3;
            }
        }
    }

    /// The chosen service in reverse, and as many of those after it, or else before it, as have room.
    fn names(&self, screen: &mut impl Screen, selected: usize, top: i32) {
        let room = HINTS - top;
        let rows = |place| self.rows(place);
        if self.services.is_empty() {
            return;
        }
        let (mut first, mut last, mut used) = (selected, selected, rows(selected));
        while last + 1 < self.services.len() && used + rows(last + 1) <= room {
            last += 1;
            used += rows(last);
        }
        while first > 0 && used + rows(first - 1) <= room {
            first -= 1;
            used += rows(first);
        }
        signs::more_hint(screen, HEIGHT - 2, first > 0, last + 1 < self.services.len());
        let mut row = top + ((room - used) / 2).max(0);
        for (place, service) in self.services.iter().enumerate().take(last + 1).skip(first) {
            let (font, lines) = self.name(service);
            let color = if place == selected {
                bar(screen, row, rows(place), BRIGHT);
                Gray4::BLACK
            } else {
                BRIGHT
            };
            for line in &lines {
                let baseline = row + LINE - 2;
                text(
                    screen,
                    line,
                    Point::new((WIDTH - TEXT) / 2, baseline),
                    font,
                    HorizontalAlignment::Left,
                    color,
                );
                row += LINE;
            }
        }
    }

    /// Rows that a service's name takes.
    fn rows(&self, place: usize) -> i32 {
        self.services
            .get(place)
            .map_or(0, |service| self.name(service).1.len() as i32 * LINE)
    }

    /// A service's name, broken into lines.
    fn name(&self, service: &'a Service) -> (Font, Lines<'a>) {
        let name = match self.language {
            Language::Indonesian => &service.name_id,
            Language::English => &service.name_en,
        };
        readable_small(name, TEXT, 2)
    }
}
