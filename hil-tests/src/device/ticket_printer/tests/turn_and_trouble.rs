//! What waits its turn, what takes time, and what goes wrong.

use super::*;

pub(super) const LINES: &[u8] = b"\x1dg2\x00\x94\x00";
const CUTS: &[u8] = b"\x1dg2\x00\xb2\x00";

/// Asks to be told when everything before is done.
pub(super) fn mark(id: [u8; 4]) -> Vec<u8> {
    [b"\x1d(H\x06\x0000".as_slice(), &id].concat()
}

fn answers_at(core: &mut Core, milliseconds: u64) -> Vec<u8> {
    let mut out = [0; 64];
    let length = core.poll_transmit(Duration::from_millis(milliseconds), &mut out);
    out[..length].to_vec()
}

#[test]
fn counters_count_lines_and_cuts_and_survive_the_power() {
    let mut core = printer();
    send(&mut core, b"one\ntwo\n\x1dV\x00");
    send(&mut core, LINES);
    send(&mut core, CUTS);
    assert_eq!(answers(&mut core), b"_2\x00_1\x00");
    core.set_knobs(Knobs {
        unplugged: true,
        ..Knobs::default()
    });
    core.set_knobs(Knobs::default());
    send(&mut core, LINES);
    assert_eq!(answers(&mut core), b"_2\x00");
    send(&mut core, b"\x1dg2\x00\xc6\x00");
    assert!(answers(&mut core).is_empty(), "hours are not counted");
}

#[test]
fn a_mark_comes_back_after_what_was_sent_before_it() {
    let mut core = printer();
    core.set_knobs(Knobs {
        paper: PaperSensor::Out,
        ..Knobs::default()
    });
    send(&mut core, &ticket());
    send(&mut core, &mark(*b"0042"));
    send(&mut core, CUTS);
    assert!(answers(&mut core).is_empty(), "nothing was printed yet");
    core.set_knobs(Knobs::default());
    assert_eq!(answers(&mut core), b"\x37\x220042\x00_1\x00");
}

#[test]
fn questions_and_padding_are_not_part_of_a_ticket() {
    let mut core = printer();
    for bytes in [
        &[0; 32][..],
        b"\x10\x04\x01",
        LINES,
        &ticket(),
        &mark(*b"0042"),
        CUTS,
        &ticket(),
    ] {
        send(&mut core, bytes);
    }
    assert_eq!(core.paper.len(), 2);
    for receipt in &core.paper {
        assert_eq!(receipt.bytes, ticket());
    }
}

#[test]
fn a_ticket_takes_its_time_on_the_paper() {
    let mut core = printer();
    core.set_knobs(Knobs {
        speed: Some(50),
        ..Knobs::default()
    });
    send(&mut core, &ticket());
    send(&mut core, &mark(*b"0042"));
    assert!(core.paper.is_empty());
    send(&mut core, b"\x10\x04\x01");
    assert_eq!(answers(&mut core), [0x12], "status is answered at once");
    let mut now = Duration::ZERO;
    while let Some(next) = core.next_event() {
        assert!(next >= now && next < Duration::from_secs(10));
        now = next;
        let mut out = [0; 16];
        if core.poll_transmit(now, &mut out) > 0 {
            assert_eq!(&out[..7], b"\x37\x220042\x00");
        }
    }
    let millimetres = f64::from(core.paper[0].picture.height()) / 8.0;
    let seconds = now.as_secs_f64();
    assert!(
        (seconds - millimetres / 50.0).abs() < 0.01,
        "{millimetres} mm in {seconds} s"
    );
}

#[test]
fn power_can_fail_in_the_middle_of_a_ticket() {
    let mut core = printer();
    core.set_knobs(Knobs {
        power_left: Some(100),
        ..Knobs::default()
    });
    send(&mut core, &ticket());
    send(&mut core, b"\x10\x04\x01");
    assert!(core.paper.is_empty() && answers(&mut core).is_empty());
    core.set_knobs(Knobs::default());
    assert!(!core.is_waiting(), "what was not printed is forgotten");
    send(&mut core, LINES);
    send(&mut core, CUTS);
    let lines = core.lines_fed();
    assert!(lines > 0);
    assert_eq!(answers(&mut core), format!("_{lines}\0_0\0").into_bytes());
    let part = core.tear_off().unwrap();
    assert!(part.text().starts_with("DISDUKCAPIL") && part.qr_codes.is_empty() && part.cuts.is_empty());
}

#[test]
fn late_answers_are_late_and_come_in_order() {
    let mut core = printer();
    core.set_knobs(Knobs {
        answer_delay: Duration::from_millis(700),
        ..Knobs::default()
    });
    send(&mut core, b"\x10\x04\x01\x10\x04\x04");
    assert!(answers_at(&mut core, 699).is_empty());
    assert_eq!(core.next_event(), Some(Duration::from_millis(700)));
    assert_eq!(answers_at(&mut core, 700), [0x12, 0x12]);
}

#[test]
fn garbage_is_the_same_for_the_same_seed() {
    let garbage = |seed| {
        let mut core = printer();
        core.set_knobs(Knobs {
            garbage: Some(seed),
            ..Knobs::default()
        });
        send(&mut core, b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04");
        answers(&mut core)
    };
    assert_eq!(garbage(1), garbage(1));
    assert_ne!(garbage(1), garbage(2));
    assert_eq!(garbage(1).len(), 4);
}

#[test]
fn a_cheap_printer_knows_neither_counters_nor_marks_and_sets_what_it_does_not_know() {
    let mut core = printer();
    core.set_knobs(Knobs {
        plain: true,
        ..Knobs::default()
    });
    send(&mut core, LINES);
    send(&mut core, &mark(*b"0042"));
    send(&mut core, b"\n");
    assert!(answers(&mut core).is_empty());
    let paper = core.tear_off().unwrap();
    assert_eq!(paper.unknown.len(), 2);
    assert_eq!(paper.text(), "2\u{f6}", "the parameters are printed");
}
