//! Dots on a roll of paper.

use image::{GrayImage, Luma};

/// No receipt is longer than 3 m; what a program feeds beyond that is not recorded.
const LONGEST: usize = 24_000;

/// A band of paper of fixed width that grows downwards.
#[derive(Debug, Clone)]
pub(super) struct Dots {
    width: usize,
    black: Vec<bool>,
}

impl Dots {
    /// No paper yet.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            black: Vec::new(),
        }
    }

    /// Dots across.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Rows so far.
    pub(super) fn height(&self) -> usize {
        self.black.len() / self.width
    }

    /// Adds white rows.
    pub(super) fn feed(&mut self, rows: usize) {
        let rows = rows.min(LONGEST.saturating_sub(self.height()));
        self.black.resize(self.black.len() + rows * self.width, false);
    }

    /// Blackens a dot; dots beside the paper are lost.
    pub(super) fn blacken(&mut self, x: usize, y: usize) {
        if x < self.width
            && let Some(dot) = self.black.get_mut(y * self.width + x)
        {
            *dot = true;
        }
    }

    /// Turns the dots of a rectangle to the other colour.
    pub(super) fn invert(&mut self, left: usize, top: usize, width: usize, height: usize) {
        let right = (left + width).min(self.width);
        for y in top..(top + height).min(self.height()) {
            for dot in self.black[y * self.width..].iter_mut().take(right).skip(left) {
                *dot = !*dot;
            }
        }
    }

    /// Puts `other` under what is there, rotated by half a turn if `upside_down`.
    pub(super) fn append(&mut self, other: &Self, upside_down: bool) {
        let room = (LONGEST.saturating_sub(self.height()) * self.width).min(other.black.len());
        if upside_down {
            self.black.extend(other.black.iter().rev().take(room));
        } else {
            self.black.extend(other.black.iter().take(room));
        }
    }

    /// The picture: 0 is black.
    pub(super) fn picture(&self) -> GrayImage {
        GrayImage::from_fn(self.width as u32, self.height() as u32, |x, y| {
            let black = self.black[y as usize * self.width + x as usize];
            Luma([if black { 0 } else { 255 }])
        })
    }
}
