use std::string::String;

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;
use protocol::message::TicketDenial;

use super::super::model::{Sorry, StorageTrouble, Trouble};
use super::words::Words;
use super::*;
use crate::drivers::ssd0323::Frame;
use crate::screen::font::{MAY_READ, MUST_READ};
use crate::screen::seen::{self, Seen};

const LANGUAGES: [Language; 2] = [Language::Indonesian, Language::English];

fn service(id: u8, name: &str) -> Service {
    Service {
        id,
        prefix: b'A',
        name_id: name.try_into().unwrap(),
        name_en: name.try_into().unwrap(),
    }
}

/// Names as offices have them, as long as they can be, and as awkward as they can be.
fn lists() -> Vec<Vec<Service>> {
    let lists: [&[&str]; 6] = [
        &["KTP-el"],
        &["KTP-el sudah rekam", "Kartu Keluarga"],
        &[
            "KTP-el sudah rekam",
            "Perekaman KTP-el",
            "Kartu Keluarga",
            "Akta Kelahiran Terlambat",
        ],
        &[
            "Akta Kelahiran Terlambat",
            "Perubahan Kartu Keluarga",
            "Pindah Datang Luar Kota.",
        ],
        &[
            "mmmmmmmmmmmmmmmmmmmmmmmm",
            "MMMM MMMM MMMM MMMM MMMM",
            "Pengadministrasiankeuang",
        ],
        &[
            "WWWWWWWWWWWWWWWWWWWWWWWW",
            "WWWWW WWWWW WWWWW WWWWWW",
            "W",
            "jgpqyjgpqyjgpqyjgpqyjgpq",
        ],
    ];
    lists
        .iter()
        .map(|names| (1..).zip(*names).map(|(id, name)| service(id, name)).collect())
        .collect()
}

/// Every view, and what it is called.
fn views() -> Vec<View> {
    let mut views = vec![View::Starting, View::Offline, View::Closed, View::PleaseWait];
    views.extend(
        [
            Sorry::Denied(TicketDenial::Closed),
            Sorry::Denied(TicketDenial::Full),
            Sorry::NoAnswer,
            Sorry::NoNumbers,
            Sorry::Printer(Trouble::PaperOut),
            Sorry::Printer(Trouble::CoverOpen),
            Sorry::Printer(Trouble::Broken),
            Sorry::Storage(StorageTrouble::Missing),
            Sorry::Storage(StorageTrouble::Foreign),
            Sorry::Storage(StorageTrouble::Full),
            Sorry::Storage(StorageTrouble::Failed),
        ]
        .map(View::Sorry),
    );
    for (prefix, number) in [(b'A', 1), (b'M', 888), (b'W', u16::MAX)] {
        for paper in [
            PaperProgress::Printing,
            PaperProgress::Printed,
            PaperProgress::Missing,
            PaperProgress::Uncertain,
        ] {
            views.push(View::Number {
                prefix,
                number,
                paper,
            });
        }
        for counter in [2, u8::MAX] {
            views.push(View::Called {
                prefix,
                number,
                counter,
            });
        }
    }
    views
}

/// Draws and returns what could be seen.
fn seen(view: View, language: Language, services: &[Service]) -> Vec<Seen> {
    drop(seen::take());
    draw(&mut Frame::new(), view, language, services);
    seen::take()
}

/// Every screen there is, with every list of services, in both languages.
fn every_screen(mut check: impl FnMut(&str, &[Seen], Language)) {
    for language in LANGUAGES {
        for view in views() {
            let name = format!("{view:?} in {language:?}");
            check(&name, &seen(view, language, &[]), language);
        }
        for services in lists() {
            for selected in 0..services.len() {
                for signs in 0..16_u8 {
                    let view = View::Services {
                        configuration: 1,
                        selected,
                        priority: signs & 1 != 0,
                        priority_offered: signs & 2 != 0,
                        low_paper: signs & 4 != 0,
                        alone: signs & 8 != 0,
                    };
                    let name = format!("{view:?} of {} in {language:?}", services[selected].name_id);
                    check(&name, &seen(view, language, &services), language);
                }
            }
        }
    }
}

/// What only helps: it stands at the keys, or is for staff.
fn may_be_small(words: &Words, text: &str) -> bool {
    let place = |text: &str| text.len() == 3 && text.as_bytes()[1] == b'/';
    words.helpful().contains(&text) || place(text)
}

#[test]
fn what_must_be_read_can_be_read_from_a_metre_and_the_rest_at_the_keys() {
    every_screen(|name, seen, language| {
        let words = Words::of(language);
        for text in seen.iter().filter(|text| !text.words.is_empty()) {
            let least = if may_be_small(words, &text.words) {
                MAY_READ
            } else {
                MUST_READ
            };
            assert!(
                text.capital_height >= least,
                "{name}: \"{}\" has {} pixels",
                text.words,
                text.capital_height
            );
        }
    });
}

#[test]
fn no_text_is_clipped() {
    let panel = Rectangle::new(Point::zero(), Size::new(WIDTH as u32, HEIGHT as u32));
    every_screen(|name, seen, _| {
        for text in seen {
            let inside = text.area.intersection(&panel);
            assert_eq!(inside, text.area, "{name}: \"{}\"", text.words);
        }
    });
}

#[test]
fn no_text_touches_another() {
    every_screen(|name, seen, _| {
        for (place, one) in seen.iter().enumerate() {
            for other in &seen[place + 1..] {
                let common = one.area.intersection(&other.area);
                assert!(
                    common.is_zero_sized(),
                    "{name}: \"{}\" and \"{}\" share {common:?}",
                    one.words,
                    other.words
                );
            }
        }
    });
}

#[test]
fn no_word_of_a_service_is_left_out() {
    for services in lists() {
        for (selected, service) in services.iter().enumerate() {
            for priority in [false, true] {
                let view = View::Services {
                    configuration: 1,
                    selected,
                    priority,
                    priority_offered: true,
                    low_paper: false,
                    alone: false,
                };
                let shown: String = seen(view, Language::Indonesian, &services)
                    .iter()
                    .map(|text| text.words.as_str())
                    .collect();
                let without_spaces = |text: &str| text.replace(' ', "");
                let name = without_spaces(&service.name_id);
                assert!(without_spaces(&shown).contains(&name), "{name} in {shown}");
            }
        }
    }
}

#[test]
fn no_screen_mixes_languages() {
    let (indonesian, english) = (Words::of(Language::Indonesian), Words::of(Language::English));
    assert_ne!(indonesian.choose, english.choose);
    for view in views() {
        let one = seen(view, Language::Indonesian, &[]);
        let other = seen(view, Language::English, &[]);
        let words = |seen: &[Seen]| -> Vec<String> { seen.iter().map(|text| text.words.clone()).collect() };
        for text in words(&one) {
            // Numbers are the same in both.
            let is_number = text.bytes().any(|byte| byte.is_ascii_digit());
            assert!(
                is_number || text.is_empty() || !words(&other).contains(&text),
                "{text}"
            );
        }
    }
}

#[test]
fn the_rule_is_kept_by_the_fonts_themselves() {
    for font in font::READABLE {
        drop(seen::take());
        text(
            &mut Frame::new(),
            "H",
            Point::new(0, 60),
            *font,
            HorizontalAlignment::Left,
            BRIGHT,
        );
        let drawn = seen::take()[0].capital_height;
        assert_eq!(drawn, font.capital_height);
        assert!(drawn >= MUST_READ);
    }
    const { assert!(font::SECOND.capital_height >= MAY_READ) };
}
