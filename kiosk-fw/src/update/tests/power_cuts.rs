//! The power goes away in every flash operation of an update, of a swap, of a confirmation and of a roll-back, in six ways each; and
//! once more in every operation of the start after it. What starts then is one of the two firmwares, whole.

use protocol::message::UpdatePhase;

use super::board::{Board, development_signer, image, manifest, sign};
use super::nor::Torn;

/// A life of the board from power-on on: runs until it ends or the power does.
type Life = fn(&Board);

fn offer(new: &[u8]) -> protocol::message::UpdateBegin {
    sign(&manifest(new), &development_signer())
}

/// The old firmware takes the new one.
fn update(board: &Board) {
    let new = image(2);
    let _ = board.update(&offer(&new), &new);
}

fn start(board: &Board) {
    let _ = board.bootloader();
}

/// The new firmware starts and is confirmed.
fn start_and_confirm(board: &Board) {
    if board.bootloader().is_some() {
        board.confirm();
    }
}

/// Flash operations that `life` takes when nothing goes wrong.
fn operations(board: &Board, life: Life) -> usize {
    let board = board.copy();
    board.power_on(None);
    life(&board);
    board.flash.operations()
}

/// Cuts each operation of `life` in each way, then starts the board with a cut in each `stride`-th operation, then for good. Returns how
/// many starts that were.
fn sweep(board: &Board, life: Life, stride: usize, right: fn(&Board) -> bool) -> usize {
    let mut starts = 0;
    for cut in 0..operations(board, life) {
        for torn in Torn::ALL {
            let once = board.copy();
            once.power_on(Some((cut, torn)));
            life(&once);
            for second in (cut % stride..operations(&once, start)).step_by(stride) {
                let twice = once.copy();
                twice.power_on(Some((second, torn)));
                start(&twice);
                twice.power_on(None);
                start(&twice);
                starts += 1;
                assert!(right(&twice), "{torn:?} in operation {cut}, then in {second}");
            }
            once.power_on(None);
            start(&once);
            starts += 1;
            assert!(right(&once), "{torn:?} in operation {cut}");
        }
    }
    assert!(starts > 0);
    starts
}

fn old_or_new(board: &Board) -> bool {
    board.runs(&image(1)) || board.runs(&image(2))
}

fn updated() -> Board {
    let board = Board::running(&image(1));
    let new = image(2);
    assert_eq!(board.update(&offer(&new), &new), Ok(UpdatePhase::Verified));
    board
}

fn on_trial() -> Board {
    let board = updated();
    start(&board);
    assert!(board.runs(&image(2)));
    board
}

#[test]
fn while_an_update_is_taken() {
    let starts = sweep(&Board::running(&image(1)), update, 7, old_or_new);
    assert!(starts > 300, "{starts}");
}

#[test]
fn while_the_bootloader_swaps() {
    let starts = sweep(&updated(), start, 3, old_or_new);
    assert!(starts > 300, "{starts}");
}

#[test]
fn while_the_new_firmware_starts_and_is_confirmed() {
    sweep(&updated(), start_and_confirm, 11, old_or_new);
}

#[test]
fn while_the_bootloader_goes_back() {
    // Whatever the cut, the end is the old firmware: the new one was not confirmed.
    let starts = sweep(&on_trial(), start, 3, |board| board.runs(&image(1)));
    assert!(starts > 300, "{starts}");
}

#[test]
fn while_a_trial_is_confirmed() {
    fn confirm(board: &Board) {
        board.confirm();
    }
    sweep(&on_trial(), confirm, 1, old_or_new);
}
