//! The boards' end of the link, with the Python peer as the counter's computer.

use std::collections::HashMap;
use std::time::Duration;

use protocol::RequestId;
use protocol_sim::Faults;

use crate::board_in_python::image;
use crate::cable::Cable;
use crate::capture_board::{Books, CaptureBoard};
use crate::python::Peer;

const PATIENCE: Duration = Duration::from_secs(12);

/// No boot of the board has carried out a request twice.
fn carried_out_once(books: &Books) {
    let mut times: HashMap<(u32, RequestId), usize> = HashMap::new();
    for (boot, id, _) in &books.carried_out {
        *times.entry((*boot, *id)).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "{:?}", books.carried_out);
}

fn asked(books: &Books, name: &str) -> usize {
    books
        .carried_out
        .iter()
        .filter(|(_, _, asked)| *asked == name)
        .count()
}

fn converse(faults: Faults, seed: u64) {
    converse_in(protocol::version::CURRENT, faults, seed);
}

/// The host speaks no newer version than this.
fn converse_in(version: u8, faults: Faults, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let cable = Cable::connect(faults, seed);
    let board = CaptureBoard::switch_on(cable.ours(), 0x2000 + seed as u32, image(seed as u32));
    let image_path = path.to_str().unwrap();
    let version = version.to_string();
    let arguments = [
        "--version",
        &version,
        "--status",
        "20",
        "--verdicts",
        "100",
        "--strange",
        "--image",
        image_path,
    ];
    let mut peer = Peer::start("host", cable.theirs(), &arguments);
    peer.finish(PATIENCE);

    assert!(
        std::fs::read(&path).unwrap() == image(seed as u32),
        "the image differs"
    );
    let books = board.books();
    carried_out_once(&books);
    assert_eq!(asked(&books, "StatusRequest"), 20);
    assert_eq!(asked(&books, "Capture"), 1);
    // The one with a field that only a newer host knows.
    assert_eq!(asked(&books, "SetClock"), 1);
    let verdicts: Vec<u32> = books.verdicts.iter().map(|(_, number)| *number).collect();
    assert_eq!(verdicts, (0..100).collect::<Vec<u32>>());

    let answers = peer.events("answer");
    let refused = |name: &str| {
        let answers = answers
            .iter()
            .filter(|answer| answer["to"] == name && answer["answer"].is_null());
        answers
            .map(|answer| answer["refusal"].as_u64().unwrap())
            .collect::<Vec<u64>>()
    };
    assert_eq!(refused("Unheard"), [2], "an unknown message");
    assert_eq!(refused("Accepted"), [2], "a reply that is asked for");
    assert_eq!(refused("Capture"), [3], "no such finger");
    // A board takes no objects.
    assert_eq!(peer.events("object sent")[0]["outcome"], 3);
    assert_eq!(answers.len(), 25, "{answers:?}");
}

#[test]
fn gets_an_image_over_a_clean_line_and_survives_what_it_does_not_know() {
    converse(Faults::default(), 11);
}

#[test]
fn gets_an_image_as_a_host_of_version_1() {
    converse_in(1, Faults::bit_errors(1e-5), 17);
}

#[test]
fn gets_an_image_over_a_line_with_bit_errors() {
    converse(Faults::bit_errors(1e-4), 12);
}

#[test]
fn goes_on_where_it_was_after_the_line_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let cable = Cable::connect(Faults::default(), 14);
    let board = CaptureBoard::switch_on(cable.ours(), 0x2014, image(14));
    let mut peer = Peer::start("host", cable.theirs(), &["--image", path.to_str().unwrap()]);
    board.wait_until(PATIENCE, |books| asked(books, "Capture") == 1);
    std::thread::sleep(Duration::from_millis(150));
    cable.cut_for(Duration::from_millis(2800));
    peer.finish(PATIENCE);

    assert_eq!(peer.events("silence").len(), 1);
    assert_eq!(peer.events("resumed").len(), 1);
    assert_eq!(peer.events("started").len(), 1);
    assert_eq!(
        asked(&board.books(), "Capture"),
        1,
        "the image was not asked for twice"
    );
    assert!(std::fs::read(&path).unwrap() == image(14));
}

#[test]
fn asks_a_board_that_has_restarted_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let cable = Cable::connect(Faults::bit_errors(1e-5), 15);
    let mut board = CaptureBoard::switch_on(cable.ours(), 0x2015, image(15));
    let mut peer = Peer::start("host", cable.theirs(), &["--image", path.to_str().unwrap()]);
    board.wait_until(PATIENCE, |books| asked(books, "Capture") == 1);
    std::thread::sleep(Duration::from_millis(150));
    board.restart(0x3015);
    peer.finish(PATIENCE);

    assert_eq!(peer.events("started").len(), 2);
    let books = board.books();
    carried_out_once(&books);
    assert_eq!(asked(&books, "Capture"), 2);
    assert_eq!(books.delivered, 1);
    assert!(std::fs::read(&path).unwrap() == image(15));
}

/// Requests of a host that is killed are carried out once, although it makes them again.
#[test]
fn repeats_its_requests_after_its_own_restart_and_they_are_carried_out_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let path = folder.path().join("image");
    let cable = Cable::connect(Faults::default(), 16);
    let board = CaptureBoard::switch_on(cable.ours(), 0x2016, image(16));
    let arguments = ["--journal", journal.to_str().unwrap(), "--status", "50"];
    let image_argument = ["--image", path.to_str().unwrap()];
    let arguments = [&arguments[..], &image_argument[..]].concat();
    let killed = Peer::start("host", cable.theirs(), &arguments);
    board.wait_until(PATIENCE, |books| asked(books, "StatusRequest") >= 10);
    drop(killed);
    let mut peer = Peer::start("host", cable.theirs(), &arguments);
    peer.finish(PATIENCE);

    let books = board.books();
    carried_out_once(&books);
    assert!(!peer.events("repeated").is_empty(), "something was under way");
    assert!(std::fs::read(&path).unwrap() == image(16));
}
