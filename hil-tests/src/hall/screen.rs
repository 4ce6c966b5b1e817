//! Reads the kiosk's screen as far as a resident has to: can a number be taken, or not.

use std::collections::HashMap;

use kiosk_fw::drivers::ssd0323::{Frame, HEIGHT, WIDTH};
use kiosk_fw::kiosk::model::{Language, View};
use kiosk_fw::kiosk::screens;
use protocol::message::Service;

/// What the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shows {
    /// Nothing: there is no power, or it has just come.
    Dark,
    /// The choice of services.
    Services,
    /// That something takes a moment.
    PleaseWait,
    /// A number, an apology, a call …
    Something,
}

/// Knows screens by their pictures.
#[derive(Debug)]
pub struct Reader {
    known: HashMap<Vec<u8>, Shows>,
    now: Shows,
    /// Which picture that is.
    pictures: u64,
}

impl Reader {
    /// A reader for a kiosk that offers these.
    pub fn new(services: &[Service]) -> Self {
        let mut known = HashMap::from([(pixels(&Frame::new()), Shows::Dark)]);
        for language in [Language::Indonesian, Language::English] {
            let mut know = |view, shows| known.insert(picture(view, language, services), shows);
            know(View::PleaseWait, Shows::PleaseWait);
            // All that can be on or off beside the services, a bit each.
            for bits in 0..16 {
                for selected in 0..services.len() {
                    let view = View::Services {
                        configuration: 0,
                        selected,
                        priority: bits & 1 != 0,
                        priority_offered: bits & 2 != 0,
                        low_paper: bits & 4 != 0,
                        alone: bits & 8 != 0,
                    };
                    know(view, Shows::Services);
                }
            }
        }
        Self {
            known,
            now: Shows::Dark,
            pictures: u64::MAX,
        }
    }

    /// What a screen shows that has changed `pictures` times.
    pub fn read(&mut self, pictures: u64, frame: impl FnOnce() -> Frame) -> Shows {
        if self.pictures != pictures {
            self.pictures = pictures;
            self.now = self.shows(&pixels(&frame()));
        }
        self.now
    }

    /// What a picture shows: the brightness of each pixel, 0 to 15, by rows.
    pub fn shows(&self, picture: &[u8]) -> Shows {
        self.known.get(picture).copied().unwrap_or(Shows::Something)
    }
}

fn picture(view: View, language: Language, services: &[Service]) -> Vec<u8> {
    let mut frame = Frame::new();
    screens::draw(&mut frame, view, language, services);
    pixels(&frame)
}

fn pixels(frame: &Frame) -> Vec<u8> {
    (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
        .map(|(x, y)| frame.luma(x, y))
        .collect()
}
