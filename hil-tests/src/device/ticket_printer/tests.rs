use std::sync::{Arc, Mutex};
use std::time::Duration;

use image::{GrayImage, Luma};
use proptest::prelude::*;

use super::*;
use crate::device::serial::{LineSpeed, Plugged, SerialDevice};

mod turn_and_trouble;

use turn_and_trouble::{LINES, mark};

type Core = EscPosCore<Vec<Receipt>>;

fn printer() -> Core {
    Core::new(Roll::Mm58, Vec::new())
}

fn send(core: &mut Core, bytes: &[u8]) {
    core.handle_bytes(Duration::ZERO, bytes);
}

fn answers(core: &mut Core) -> Vec<u8> {
    let mut out = [0; 64];
    let length = core.poll_transmit(Duration::ZERO, &mut out);
    out[..length].to_vec()
}

/// What a printer that is just switched on puts on paper for `bytes`.
fn printed(bytes: &[u8]) -> Receipt {
    let mut core = printer();
    send(&mut core, bytes);
    core.tear_off().unwrap()
}

fn is_black(picture: &GrayImage, x: u32, y: u32) -> bool {
    picture.get_pixel(x, y) == &Luma([0])
}

/// Leftmost, topmost, rightmost and lowest black dot.
fn black_box(picture: &GrayImage) -> (u32, u32, u32, u32) {
    let black = || picture.enumerate_pixels().filter(|(_, _, dot)| dot.0 == [0]);
    (
        black().map(|(x, ..)| x).min().unwrap(),
        black().map(|(_, y, _)| y).min().unwrap(),
        black().map(|(x, ..)| x).max().unwrap(),
        black().map(|(_, y, _)| y).max().unwrap(),
    )
}

/// Store and print a QR code.
fn qr(content: &[u8], module: u8) -> Vec<u8> {
    let length = (content.len() as u16 + 3).to_le_bytes();
    let mut bytes = b"\x1d(k\x04\x001A2\x00".to_vec();
    bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 67, module]);
    bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 69, 49]);
    bytes.extend([0x1d, b'(', b'k', length[0], length[1], 49, 80, 48]);
    bytes.extend(content);
    bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 81, 48]);
    bytes
}

/// A ticket as the kiosk prints it.
fn ticket() -> Vec<u8> {
    let mut bytes =
        b"\x1b@\x1ba\x01\x1bE\x01DISDUKCAPIL\n\x1bE\x00Rekam KTP-el\n\x1d!\x33A001\n\x1d!\x00".to_vec();
    bytes.extend(qr(b"LOKET-0123456789ABCDEF", 6));
    bytes.extend(b"\n\x1ba\x00Menunggu: 3\n\x1bd\x03\x1dV\x42\x00");
    bytes
}

#[test]
fn a_ticket_becomes_one_receipt_with_its_text_and_code() {
    let mut core = printer();
    send(&mut core, &ticket());
    assert_eq!(core.paper.len(), 1);
    let receipt = &core.paper[0];
    assert_eq!(receipt.text(), "DISDUKCAPIL\nRekam KTP-el\nA001\nMenunggu: 3");
    assert_eq!(receipt.qr_codes, [b"LOKET-0123456789ABCDEF"]);
    assert_eq!(receipt.cuts, [Cut::Partial]);
    assert!(receipt.unknown.is_empty());
    assert_eq!(receipt.bytes, ticket());
    assert_eq!(receipt.picture.width(), 384);
    assert!(core.tear_off().is_none(), "nothing is left on the roll");
}

#[test]
fn the_same_bytes_in_any_pieces_give_the_same_paper() {
    let mut whole = printer();
    send(&mut whole, &ticket());
    for size in 1..40 {
        let mut core = printer();
        for piece in ticket().chunks(size) {
            send(&mut core, piece);
        }
        assert_eq!(core.paper, whole.paper, "in pieces of {size}");
    }
}

#[test]
fn a_letter_is_12_by_24_dots_and_grows_with_its_size() {
    let normal = printed(b"H\n").picture;
    assert_eq!(normal.height(), 30, "a line of 24 dots and 6 dots of spacing");
    let (left, top, right, bottom) = black_box(&normal);
    assert!(right < 12 && bottom < 24);
    let large = printed(b"\x1d!\x33H\n").picture;
    assert_eq!(
        black_box(&large),
        (left * 4, top * 4, right * 4 + 3, bottom * 4 + 3)
    );
    assert_eq!(large.height(), 96, "higher than the line spacing");
    let wide = printed(b"\x1b!\x20H\n").picture;
    assert_eq!(black_box(&wide), (left * 2, top, right * 2 + 1, bottom));
    let high = printed(b"\x1b!\x10H\n").picture;
    assert_eq!(black_box(&high), (left, top * 2, right, bottom * 2 + 1));
}

#[test]
fn lines_stand_left_in_the_middle_and_right() {
    let left = |bytes: &[u8]| black_box(&printed(bytes).picture).0;
    let at_left = left(b"H\n");
    assert_eq!(left(b"\x1ba\x01H\n") - at_left, (384 - 12) / 2);
    assert_eq!(left(b"\x1ba\x02H\n") - at_left, 384 - 12);
    assert_eq!(left(b"\x1ba2H\n") - at_left, 384 - 12, "the digit means the same");
}

#[test]
fn emphasis_underline_and_reverse_show() {
    let black = |bytes: &[u8]| printed(bytes).picture.pixels().filter(|dot| dot.0 == [0]).count();
    let plain = black(b"Loket\n");
    assert!(black(b"\x1bE\x01Loket\n") > plain);
    assert!(black(b"\x1b-\x02Loket\n") > plain + 80);
    assert_eq!(black(b"\x1dB\x01Loket\n"), 5 * 12 * 24 - plain);
}

#[test]
fn upside_down_is_half_a_turn() {
    let up = printed(b"LOKET\n").picture;
    let down = printed(b"\x1b{\x01LOKET\n").picture;
    let line = |picture: &GrayImage| image::imageops::crop_imm(picture, 0, 0, 384, 24).to_image();
    assert_eq!(line(&down), image::imageops::rotate180(&line(&up)));
}

#[test]
fn a_line_that_is_full_goes_on_in_the_next() {
    let receipt = printed(&[&[b'x'; 40][..], b"\n"].concat());
    assert_eq!(receipt.lines, ["x".repeat(32), "x".repeat(8)]);
    let mut wide = Core::new(Roll::Mm80, Vec::new());
    send(&mut wide, &[&[b'x'; 40][..], b"\n"].concat());
    assert_eq!(wide.tear_off().unwrap().lines, ["x".repeat(40)]);
}

#[test]
fn feeding_and_spacing_move_the_paper() {
    assert_eq!(printed(b"\x1bJ\x64").picture.height(), 100);
    assert_eq!(printed(b"\x1bd\x04").picture.height(), 120);
    assert_eq!(printed(b"\x1b3\x28\n\n\x1b2\n").picture.height(), 40 + 40 + 30);
}

#[test]
fn text_is_code_page_437_or_utf8() {
    assert_eq!(printed(b"caf\x82\n").text(), "café");
    assert_eq!(printed("café — ok\n".as_bytes()).text(), "café — ok");
    assert_eq!(printed(b"\x1bt\x10caf\xe9\n").text(), "café");
    assert_eq!(printed(b"\x1bt\x63x\n").unknown, [b"\x1bt\x63"]);
}

#[test]
fn a_raster_picture_is_printed_dot_for_dot() {
    let picture = printed(b"\x1dv0\x00\x02\x00\x02\x00\x80\x01\x7f\xfe").picture;
    assert_eq!(picture.dimensions(), (384, 2));
    assert!(is_black(&picture, 0, 0) && is_black(&picture, 15, 0) && !is_black(&picture, 1, 0));
    assert!(!is_black(&picture, 0, 1) && is_black(&picture, 1, 1) && is_black(&picture, 14, 1));
    let doubled = printed(b"\x1dv0\x03\x01\x00\x01\x00\x80").picture;
    assert_eq!(black_box(&doubled), (0, 0, 1, 1));
}

#[test]
fn a_qr_code_has_square_modules_and_stands_where_it_should() {
    let picture = printed(&[b"\x1ba\x01".to_vec(), qr(b"LOKET", 5)].concat()).picture;
    // Version 1 has 21 modules.
    assert_eq!(
        black_box(&picture),
        ((384 - 105) / 2, 0, (384 - 105) / 2 + 104, 104)
    );
}

#[test]
fn a_qr_code_that_does_not_fit_is_reported_and_not_printed() {
    let receipt = printed(&[qr(&[b'x'; 2000], 16), b"after\n".to_vec()].concat());
    assert_eq!(receipt.qr_codes.len(), 0);
    assert_eq!(receipt.unknown.len(), 1);
    assert_eq!(receipt.text(), "after");
}

#[test]
fn unknown_commands_are_passed_over_and_listed() {
    // Drawer, bar code in both forms, page mode, a column picture, automatic status.
    let bytes = b"A\x1bp\x00\x19\xfa\x1dk\x04LOKET\0\x1dk\x49\x03ABC\x1bL\x1b*\x21\x02\x00123456\x1da\x00B\n";
    let receipt = printed(bytes);
    assert_eq!(receipt.text(), "AB");
    assert_eq!(receipt.unknown.len(), 5);
}

#[test]
fn status_says_what_is_wrong() {
    let ask = |knobs: Knobs| -> Vec<u8> {
        let mut core = printer();
        core.set_knobs(knobs);
        send(&mut core, b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04");
        answers(&mut core)
    };
    let ready = Knobs::default();
    assert_eq!(ask(ready), [0x12, 0x12, 0x12, 0x12]);
    assert_eq!(
        ask(Knobs {
            paper: PaperSensor::NearEnd,
            ..ready
        }),
        [0x12, 0x12, 0x12, 0x1e]
    );
    assert_eq!(
        ask(Knobs {
            paper: PaperSensor::Out,
            ..ready
        }),
        [0x1a, 0x32, 0x12, 0x7e]
    );
    assert_eq!(
        ask(Knobs {
            offline: true,
            ..ready
        }),
        [0x1a, 0x1a, 0x12, 0x12]
    );
    assert_eq!(
        ask(Knobs {
            cutter_error: true,
            ..ready
        }),
        [0x1a, 0x52, 0x1a, 0x12]
    );
    let cover_open = Knobs {
        cover_open: true,
        ..ready
    };
    assert!(ask(cover_open).is_empty());
    assert_eq!(
        ask(Knobs {
            tells_cover: true,
            ..cover_open
        }),
        [0x1a, 0x16, 0x12, 0x12]
    );
    assert!(
        ask(Knobs {
            unplugged: true,
            ..ready
        })
        .is_empty()
    );
}

#[test]
fn a_ticket_sent_while_the_paper_is_out_comes_out_when_there_is_paper() {
    let mut core = printer();
    core.set_knobs(Knobs {
        paper: PaperSensor::Out,
        ..Knobs::default()
    });
    send(&mut core, &ticket());
    send(&mut core, b"\x10\x04\x04");
    assert_eq!(
        answers(&mut core),
        [0x7e],
        "status is answered although a ticket waits"
    );
    assert!(core.paper.is_empty() && core.is_waiting());
    core.set_knobs(Knobs::default());
    assert_eq!(core.paper.len(), 1);
    assert_eq!(core.paper[0].qr_codes.len(), 1);
}

#[test]
fn paper_can_end_in_the_middle_of_a_ticket() {
    let mut core = printer();
    core.set_knobs(Knobs {
        paper_left: Some(100),
        ..Knobs::default()
    });
    send(&mut core, &ticket());
    assert!(core.paper.is_empty());
    assert_eq!(core.knobs().paper, PaperSensor::Out);
    send(&mut core, b"\x10\x04\x01");
    assert_eq!(answers(&mut core), [0x1a]);
}

#[test]
fn an_unplugged_printer_forgets_what_it_had() {
    let mut core = printer();
    core.set_knobs(Knobs {
        offline: true,
        ..Knobs::default()
    });
    send(&mut core, &ticket());
    core.set_knobs(Knobs {
        unplugged: true,
        ..Knobs::default()
    });
    core.set_knobs(Knobs::default());
    assert!(core.paper.is_empty() && !core.is_waiting());
}

#[test]
fn what_the_receive_buffer_cannot_hold_is_lost_and_counted() {
    let mut core = printer();
    core.set_knobs(Knobs {
        cover_open: true,
        ..Knobs::default()
    });
    for _ in 0..1000 {
        send(&mut core, b"loket\n");
    }
    assert!(core.lost_bytes() >= 6000 - 4096);
}

#[test]
fn the_printer_answers_on_a_serial_line() {
    use std::io::{Read, Write};
    let core = Arc::new(Mutex::new(printer()));
    let plugged = Plugged::on_pty(Arc::clone(&core), LineSpeed::Immediate).unwrap();
    let mut line = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(plugged.path())
        .unwrap();
    line.write_all(&ticket()).unwrap();
    line.write_all(b"\x10\x04\x01").unwrap();
    let mut answer = [0];
    line.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x12]);
    assert_eq!(core.lock().unwrap().paper.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn hostile_bytes_never_panic_the_printer(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                // Starts of commands, so that their parameters are hit.
                (prop_oneof![Just(0x1b_u8), Just(0x1d), Just(0x10), Just(0x1c)], any::<[u8; 6]>())
                    .prop_map(|(first, rest)| [&[first][..], &rest].concat()),
                Just(ticket()),
                Just(LINES.to_vec()),
                Just(mark(*b"0042")),
                any::<(u8, u8, u16, u16)>().prop_map(|(mode, zero, wide, high)| {
                    [b"\x1dv0".to_vec(), vec![mode], wide.to_le_bytes().to_vec(), high.to_le_bytes().to_vec(), vec![zero; 90]].concat()
                }),
            ],
            0..30,
        ),
        paper_left in proptest::option::of(0_usize..2000),
        power_left in proptest::option::of(0_usize..2000),
        speed in proptest::option::of(0_u32..200),
        plain in any::<bool>(),
    ) {
        let mut core = printer();
        core.set_knobs(Knobs { paper_left, power_left, speed, plain, ..Knobs::default() });
        for (second, piece) in pieces.into_iter().enumerate() {
            core.handle_bytes(Duration::from_secs(second as u64), &piece);
            answers(&mut core);
        }
        if let Some(receipt) = core.tear_off() {
            prop_assert_eq!(receipt.picture.width(), 384);
        }
    }
}
