//! A link that is recorded.

use super::*;
use crate::board::SerialPath;
use crate::board::trace::{Reader, Reading, Scale, Topic, Traced};

#[test]
fn what_passes_is_in_the_file_at_once_and_the_image_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeBoard::plug_in(Role::Capture, 1);
    let traced = Traced::new(SerialPath::new(&fake.path), folder.path(), "capture").unwrap();
    let (board, events) = Board::start(traced, Role::Capture, BOOT).unwrap();
    board.wait_until_up(PATIENCE).unwrap();
    board.request(StatusRequest {}, PATIENCE).unwrap();
    await_event(&events, |event| {
        matches!(event, BoardEvent::BulkDone { .. }).then_some(())
    });

    // The link is still open.
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    let file = std::fs::read(file.path()).unwrap();
    let (mut reader, mut reading) = (Reader::default(), Reading::new(Scale::Time));
    let mut lines = Vec::new();
    reader
        .push(&file, |name, record| {
            assert_eq!(name, "capture");
            lines.push(reading.read(name, &record));
        })
        .unwrap();
    let says = |words: &str| lines.iter().any(|line| line.text(Scale::Time).contains(words));
    for words in [
        "opened",
        "hello",
        "StatusRequest",
        "Accepted",
        "begin of transfer 1: Image 9, 36864 bytes",
    ] {
        assert!(says(words), "{words}");
    }
    let pieces = lines
        .iter()
        .filter(|line| line.frame == "bulk" && line.topics.contains(&Topic::Bulk))
        .map(|line| line.numbers.iter().find(|(name, _)| *name == "length").unwrap().1);
    assert!(pieces.sum::<u64>() >= IMAGE.len() as u64);
    assert!(
        file.len() < IMAGE.len() / 2,
        "{} bytes for the headers",
        file.len()
    );
    assert!(
        !file
            .windows(16)
            .any(|some| IMAGE.windows(16).any(|other| some == other))
    );
}
