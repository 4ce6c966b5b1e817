use std::string::String;

use super::{CUT_MARGIN, Document, Face, Roll, Service, TICKET_BYTES, compose};

fn service() -> Service {
    Service {
        id: 1,
        prefix: b'A',
        name_id: "Ambil KTP-el".try_into().unwrap(),
        name_en: "Collect ID card".try_into().unwrap(),
    }
}

fn face(service: &Service) -> Face<'_> {
    Face {
        office: "Disdukcapil Kota Contoh",
        service: Some(service),
        bring: &[],
        prefix: b'A',
        number: 12,
        priority: false,
        issued: Some((1_795_400_100, 420)),
        ahead: Some((3, 25)),
        ticket_id: 0x0123_4567_89AB_CDEF,
        copy: None,
        paper: Roll::Mm58,
        alone: false,
    }
}

fn bytes(face: &Face<'_>) -> Vec<u8> {
    let mut ticket = Document::new();
    compose(face, &mut ticket);
    ticket.finish().unwrap().to_vec()
}

/// The characters of a ticket without the commands; the QR code as `[content]` and the cut as scissors.
fn text(face: &Face<'_>) -> String {
    let bytes = bytes(face);
    let mut text = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = match bytes[at..] {
            [0x1B, b'@', ..] => 2,
            [0x1B, b'd', lines, ..] => {
                text.extend(std::iter::repeat_n('\n', lines.into()));
                3
            }
            [0x1D, b'V', 66, _, ..] => {
                text.push_str("8<");
                4
            }
            [0x1D, b'(', b'k', low, high, ref rest @ ..] => {
                let length = usize::from(u16::from_le_bytes([low, high]));
                if let [49, 80, 48, content @ ..] = &rest[..length] {
                    text.extend(["[", std::str::from_utf8(content).unwrap(), "]\n"]);
                }
                5 + length
            }
            [0x1B | 0x1D, ..] => 3,
            [character, ..] => {
                text.push(character.into());
                1
            }
            [] => unreachable!(),
        };
        at += length;
    }
    text
}

#[test]
fn a_ticket_says_who_what_when_how_long_and_what_to_bring() {
    let bring = ["KTP-el lama atau surat kehilangan", "Fotokopi KK"].map(|text| text.try_into().unwrap());
    let service = service();
    let ticket = Face {
        bring: &bring,
        ..face(&service)
    };
    assert_eq!(
        text(&ticket),
        "Disdukcapil Kota Contoh\n\
         \n\
         Ambil KTP-el\n\
         Collect ID card\n\
         \n\
         NOMOR ANTREAN / QUEUE NUMBER\n\
         A012\n\
         Senin, 23 Nov 2026 09:15 WIB\n\
         \n\
         Di depan Anda: 3 orang\n\
         Tunggu sekitar 25 menit\n\
         3 ahead, about 25 min\n\
         \n\
         Yang perlu dibawa / Please bring\n\
         - KTP-el lama atau surat\n\
         \x20 kehilangan\n\
         - Fotokopi KK\n\
         \n\
         [LOKET-0123456789ABCDEF]\n\
         \n\
         LOKET-0123456789ABCDEF\n\
         \n\
         Simpan tiket ini sampai selesai.\n\
         Please keep this ticket.\n\
         8<"
    );
}

#[test]
fn a_ticket_that_was_given_alone_says_what_is_not_known() {
    let service = service();
    let ticket = Face {
        issued: None,
        ahead: None,
        alone: true,
        ..face(&service)
    };
    assert_eq!(
        text(&ticket)
            .split_once("A012\n")
            .unwrap()
            .1
            .split_once("\n\n[")
            .unwrap()
            .0,
        "Tanggal dan jam tidak diketahui\n\
         Date and time not known\n\
         \n\
         Lama menunggu tidak diketahui\n\
         Waiting time not known\n\
         \n\
         Diberikan saat luring\n\
         Given while offline"
    );
}

#[test]
fn a_copy_and_priority_are_marked_above_the_number_and_a_copy_promises_no_waiting_time() {
    let service = service();
    let ticket = Face {
        copy: Some(2),
        priority: true,
        ..face(&service)
    };
    let marked = text(&ticket);
    let (above, below) = marked.split_once("A012").unwrap();
    assert!(above.contains("\n*** SALINAN 2 / COPY 2 ***\n"), "{above}");
    assert!(above.contains("\n*** PRIORITAS / PRIORITY ***\n"), "{above}");
    assert!(!below.contains("menit"), "{below}");
    let plain = text(&face(&service));
    assert!(!plain.contains("COPY") && !plain.contains("PRIORITY"));
}

#[test]
fn waiting_is_told_in_hours_when_it_is_long_and_not_at_all_when_nobody_waits() {
    let told = |ahead| {
        text(&Face {
            ahead: Some(ahead),
            ..face(&service())
        })
    };
    assert!(told((40, 125)).contains("Tunggu sekitar 2 jam 5 menit\n40 ahead, about 2 h 5 min\n"));
    let next = told((0, 0));
    assert!(next.contains("Tidak ada antrean di depan Anda\nNobody is ahead of you\n"));
    assert!(!next.contains("menit"));
}

#[test]
fn every_ticket_ends_with_its_only_cut() {
    for paper in [Roll::Mm58, Roll::Mm80] {
        let bytes = bytes(&Face {
            paper,
            ..face(&service())
        });
        let cuts = bytes.windows(2).filter(|two| *two == [0x1D, b'V']);
        assert_eq!(cuts.count(), 1);
        assert!(bytes.ends_with(&[0x1D, b'V', 66, CUT_MARGIN]));
    }
}

#[test]
fn the_longest_texts_fit_the_buffer_and_no_line_is_wider_than_the_paper() {
    let longest = Service {
        id: 1,
        prefix: b'Z',
        name_id: "nnnnnnn nnnnnnnn nnnnnnn".try_into().unwrap(),
        name_en: "m".repeat(24).as_str().try_into().unwrap(),
    };
    let bring = ["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb bbbbbb"; 4].map(|text| text.try_into().unwrap());
    for paper in [Roll::Mm58, Roll::Mm80] {
        for (copy, ahead) in [
            (Some(u8::MAX), None),
            (None, Some((u16::MAX, u16::MAX))),
            (None, None),
        ] {
            for issued in [None, Some((4_000_000_000, -90))] {
                let ticket = Face {
                    office: &"o".repeat(32),
                    bring: &bring,
                    number: u16::MAX,
                    priority: true,
                    issued,
                    ahead,
                    copy,
                    paper,
                    alone: true,
                    ..face(&longest)
                };
                let text = text(&ticket);
                let too_wide: Vec<&str> = text
                    .lines()
                    .filter(|line| !line.starts_with('[') && line.len() > paper.columns())
                    .collect();
                assert!(too_wide.is_empty(), "{too_wide:?}");
                // A word more must not make tickets fail.
                assert!(
                    bytes(&ticket).len() < TICKET_BYTES - 64,
                    "{}",
                    bytes(&ticket).len()
                );
            }
        }
    }
}
