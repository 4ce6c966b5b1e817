//! `PROTOCOL.md` says what the code does: its tables and its example are made from the definitions.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use std::fmt::Write;

use protocol::frame::{self, Decoder, split_kind_and_session};
use protocol::link::wire::{Ack, BulkAck, Hello, Log, Refuse, Span};
use protocol::link::{Config, Event, Timing};
use protocol::message::{
    Appended, Direction, ENUMS, FieldSpec, Firmware, MAX_BODY, MAX_REPLY_BODY, Message, Refusal, STRUCTS,
    StatusRequest, Usage,
};
use protocol::{BoardLink, HostLink, Role, version};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md");

/// Compares a part of the specification with what it should be, or writes it if `UPDATE_SPEC` is set.
fn check(part: &str, expected: &str) {
    // The tests of this file run at the same time.
    static WRITING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = WRITING.lock().unwrap();
    let text = std::fs::read_to_string(PATH).unwrap();
    let (begin, end) = (format!("<!-- begin {part} -->\n"), format!("<!-- end {part} -->"));
    let from = text
        .find(&begin)
        .unwrap_or_else(|| panic!("PROTOCOL.md has no part {part}"))
        + begin.len();
    let to = from + text[from..].find(&end).expect("the part has an end");
    if std::env::var_os("UPDATE_SPEC").is_some() {
        std::fs::write(PATH, [&text[..from], expected, &text[to..]].concat()).unwrap();
    } else {
        assert_eq!(
            &text[from..to],
            expected,
            "PROTOCOL.md is out of date: UPDATE_SPEC=1 cargo test -p protocol --test specification"
        );
    }
}

/// A doc comment as running text.
fn prose(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fields(out: &mut String, fields: &[FieldSpec]) {
    if fields.is_empty() {
        out.push_str("No fields.\n\n");
        return;
    }
    out.push_str("| field | type | meaning |\n|---|---|---|\n");
    for field in fields {
        let ty = field.ty.replace(" <", "<").replace("< ", "<").replace(" >", ">");
        let since = field
            .appended
            .map_or_else(String::new, |Appended { since, default }| {
                assert!(
                    since <= version::CURRENT,
                    "{} is of a version to come",
                    field.name
                );
                format!("; since version {since}, else {}", default_in_words(default))
            });
        writeln!(out, "| {} | `{ty}`{since} | {} |", field.name, prose(field.doc)).unwrap();
    }
    out.push('\n');
}

/// The default of a definition, for readers of another language.
fn default_in_words(default: &str) -> &str {
    match default.rsplit_once("::") {
        Some((_, "new()")) => "empty",
        Some((_, name)) => name,
        None => default,
    }
}

#[test]
fn the_tables_of_frames_are_those_of_the_code() {
    let mut out = String::new();
    for (name, doc, table) in [
        ("Hello", Hello::DOC, Hello::FIELDS),
        ("Refuse", Refuse::DOC, Refuse::FIELDS),
        ("Ack", Ack::DOC, Ack::FIELDS),
        ("BulkAck", BulkAck::DOC, BulkAck::FIELDS),
        ("Span", Span::DOC, Span::FIELDS),
        ("Log", Log::DOC, Log::FIELDS),
    ] {
        writeln!(out, "#### {name}\n\n{}\n", prose(doc)).unwrap();
        fields(&mut out, table);
    }
    out.push_str("Roles: ");
    for role in [Role::Host, Role::Kiosk, Role::Capture] {
        write!(out, "{} {role:?}, ", role.code()).unwrap();
    }
    out.push_str("others are boards of a newer kind.\n");
    check("frames", &out);
}

#[test]
fn an_appended_field_is_marked() {
    assert_eq!(default_in_words("CaptureVerdict::TryAgain"), "TryAgain");
    assert_eq!(default_in_words("String::new()"), "empty");
    assert_eq!(default_in_words("false"), "false");
    let mut out = String::new();
    let appended = Some(Appended {
        since: 2,
        default: "0",
    });
    fields(
        &mut out,
        &[FieldSpec {
            name: "pages",
            ty: "u8",
            doc: " How many.",
            appended,
        }],
    );
    assert!(
        out.contains("| pages | `u8`; since version 2, else 0 | How many. |"),
        "{out}"
    );
}

#[test]
fn the_limits_are_those_of_the_code() {
    let timing = Timing::default();
    let mut out = String::from("| what | figure |\n|---|--:|\n");
    for (what, figure) in [
        (
            "versions spoken",
            format!("{} to {}", version::MIN, version::CURRENT),
        ),
        (
            "longest payload of a frame",
            format!("{} bytes", frame::MAX_PAYLOAD),
        ),
        (
            "longest frame on the wire",
            format!("{} bytes", frame::MAX_WIRE_FRAME),
        ),
        ("longest body of a message", format!("{MAX_BODY} bytes")),
        ("longest body of a reply", format!("{MAX_REPLY_BODY} bytes")),
        ("hello interval", format!("{} ms", timing.hello_us / 1_000)),
        (
            "keep-alive interval",
            format!("{} ms", timing.keep_alive_us / 1_000),
        ),
        ("silence interval", format!("{} ms", timing.silence_us / 1_000)),
    ] {
        writeln!(out, "| {what} | {figure} |").unwrap();
    }
    check("limits", &out);
}

#[test]
fn the_tables_of_messages_are_those_of_the_code() {
    let mut out =
        String::from("| code | message | usage | from, to | since version |\n|--:|---|---|---|--:|\n");
    for spec in Message::TABLE {
        let usage = match spec.usage {
            Usage::Request => "request",
            Usage::Reply => "reply",
            Usage::Notification => "notification",
        };
        let direction = match spec.direction {
            Direction::HostToBoard => "host to any board",
            Direction::HostToKiosk => "host to kiosk",
            Direction::KioskToHost => "kiosk to host",
            Direction::HostToCapture => "host to capture board",
            Direction::CaptureToHost => "capture board to host",
            Direction::BoardToHost => "any board to host",
            Direction::Either => "either",
        };
        writeln!(
            out,
            "| 0x{:04x} | {} | {usage} | {direction} | {} |",
            spec.code, spec.name, spec.since
        )
        .unwrap();
    }
    out.push('\n');
    for spec in Message::TABLE {
        writeln!(
            out,
            "### 0x{:04x} {}\n\n{}\n",
            spec.code,
            spec.name,
            prose(spec.doc)
        )
        .unwrap();
        fields(&mut out, spec.fields);
    }
    for (name, doc, table) in STRUCTS {
        writeln!(out, "### Structure {name}\n\n{}\n", prose(doc)).unwrap();
        fields(&mut out, table);
    }
    for spec in ENUMS {
        let openness = if spec.open { "open" } else { "closed" };
        writeln!(
            out,
            "### Enumeration {} ({openness})\n\n{}\n",
            spec.name,
            prose(spec.doc)
        )
        .unwrap();
        out.push_str("| code | name | meaning |\n|--:|---|---|\n");
        for (code, name, doc) in spec.codes {
            writeln!(out, "| {code} | {name} | {} |", prose(doc)).unwrap();
        }
        out.push('\n');
    }
    check("messages", &out);
}

#[test]
fn the_example_is_what_two_links_say() {
    let firmware = |build| Firmware {
        major: 0,
        minor: 1,
        patch: 0,
        build,
    };
    let mut host = Box::new(HostLink::new(Config::new(Role::Host, 0x1111_1111, firmware(0))));
    let mut board = Box::new(BoardLink::new(Config::new(
        Role::Capture,
        0x2222_2222,
        firmware(0xc0de_0001),
    )));
    let mut out = String::from("```text\n");
    let mut wire = [0; HostLink::MAX_WIRE_FRAME];
    let mut asked = false;
    for now in (1_000..12_000).step_by(1_000) {
        for from_host in [true, false] {
            let len = if from_host {
                host.poll_transmit(now, &mut wire)
            } else {
                board.poll_transmit(now, &mut wire)
            };
            if len == 0 {
                continue;
            }
            let bytes = &wire[..len];
            show(&mut out, from_host, bytes);
            if from_host {
                board.handle_bytes(now, bytes);
            } else {
                host.handle_bytes(now, bytes);
            }
        }
        while let Some(event) = host.poll_event() {
            if let Event::Up { .. } = event {
                host.request(now, &StatusRequest {}.into()).unwrap();
            }
        }
        while let Some(event) = board.poll_event() {
            if let Event::Request { id, .. } = event {
                asked = true;
                board.refuse(now, id, Refusal::Busy).unwrap();
            }
        }
    }
    out.push_str("```\n");
    assert!(asked && host.is_idle() && board.is_idle());
    check("example", &out);
}

/// One frame: what it is, its content before byte stuffing, its bytes on the wire.
fn show(out: &mut String, from_host: bool, bytes: &[u8]) {
    let mut decoder = Decoder::new();
    decoder.push(bytes);
    let (kind, session, _) = split_kind_and_session(decoder.frame()).unwrap();
    let hex = |bytes: &[u8]| {
        let lines: Vec<_> = bytes
            .chunks(20)
            .map(|line| {
                line.iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        lines.join("\n            ")
    };
    let who = if from_host {
        "host  -> board"
    } else {
        "board -> host"
    };
    writeln!(out, "{who}: {:?}, session 0x{session:03x}", kind.unwrap()).unwrap();
    writeln!(out, "   content  {}", hex(decoder.frame())).unwrap();
    writeln!(out, "   wire     {}\n", hex(bytes)).unwrap();
}
