//! Updates against a flash whose power can be cut in the middle of any operation.

mod board;
mod nor;
mod power_cuts;

use protocol::message::{UpdatePhase, UpdateRefusal};

use super::{DEVELOPMENT_KEY, Trial, Update};
use board::{Board, RUNNING, development_signer, image, manifest, sign};

fn refused(change: impl FnOnce(&mut protocol::package::Manifest)) -> UpdateRefusal {
    let (old, new) = (image(1), image(2));
    let board = Board::running(&old);
    let before = board.flash.content();
    let mut manifest = manifest(&new);
    change(&mut manifest);
    let answer = board.update(&sign(&manifest, &development_signer()), &new);
    assert_eq!(board.flash.content(), before, "a refused update touches nothing");
    answer.unwrap_err()
}

#[test]
fn the_development_key_is_the_one_that_anyone_can_sign_with() {
    assert_eq!(development_signer().public.as_bytes(), &DEVELOPMENT_KEY);
}

#[test]
fn a_good_update_runs_after_the_restart_and_stays_once_confirmed() {
    let (old, new) = (image(1), image(2));
    let board = Board::running(&old);
    let phase = board.update(&sign(&manifest(&new), &development_signer()), &new);
    assert_eq!(phase, Ok(UpdatePhase::Verified));
    assert!(board.runs(&old), "until the restart");
    board.bootloader();
    assert!(board.runs(&new));
    assert_eq!(board.trial(), Trial::OnTrial);
    assert!(board.confirm());
    assert_eq!(board.trial(), Trial::Settled);
    board.bootloader();
    assert!(board.runs(&new));
}

#[test]
fn an_update_that_is_not_confirmed_is_gone_after_the_next_restart() {
    let (old, new) = (image(1), image(2));
    let board = Board::running(&old);
    let offer = sign(&manifest(&new), &development_signer());
    assert_eq!(board.update(&offer, &new), Ok(UpdatePhase::Verified));
    board.bootloader();
    assert_eq!(
        board.update(&offer, &new),
        Err(UpdateRefusal::Busy),
        "the slot holds the firmware to go back to"
    );
    board.bootloader();
    assert!(board.runs(&old));
    assert_eq!(board.trial(), Trial::RolledBack);
    // The host knows, and the next update works as the first.
    assert!(board.confirm());
    assert_eq!(board.update(&offer, &new), Ok(UpdatePhase::Verified));
    board.bootloader();
    assert!(board.runs(&new));
}

#[test]
fn a_trial_ends_by_itself() {
    let board = Board::running(&image(1));
    let new = image(2);
    let offer = sign(&manifest(&new), &development_signer());
    assert_eq!(board.update(&offer, &new), Ok(UpdatePhase::Verified));
    board.bootloader();
    let mut slot = board.slot();
    let update = Update::new(Some(&mut slot), DEVELOPMENT_KEY);
    assert!(!update.has_run_out(super::TRIAL_US - 1));
    assert!(update.has_run_out(super::TRIAL_US));
}

#[test]
fn firmware_for_another_board_or_role_is_refused() {
    let name = protocol::package::Manifest::board_name("LM3S6965");
    assert_eq!(refused(|m| m.board = name), UpdateRefusal::WrongBoard);
    assert_eq!(refused(|m| m.role += 1), UpdateRefusal::WrongBoard);
}

#[test]
fn firmware_that_does_not_fit_is_refused() {
    let room = 3 * nor::SECTOR as u32;
    assert_eq!(refused(|m| m.length = room + 1), UpdateRefusal::TooLong);
    assert_eq!(refused(|m| m.length = 0), UpdateRefusal::TooLong);
}

#[test]
fn older_firmware_is_refused_and_the_same_version_is_not() {
    assert_eq!(refused(|m| m.firmware.minor -= 1), UpdateRefusal::Older);
    let new = image(2);
    let mut same = manifest(&new);
    same.firmware = RUNNING.firmware;
    let board = Board::running(&image(1));
    let offer = sign(&same, &development_signer());
    assert_eq!(board.update(&offer, &new), Ok(UpdatePhase::Verified));
}

#[test]
fn firmware_without_our_signature_is_refused() {
    let (old, new) = (image(1), image(2));
    let board = Board::running(&old);
    let stranger = salty::Keypair::from(&[3; 32]);
    let manifest = manifest(&new);
    let mut offers = vec![sign(&manifest, &stranger)];
    // One bit of the signature, and each field that it vouches for.
    let ours = sign(&manifest, &development_signer());
    let mut changed = ours.clone();
    changed.signature[0] ^= 1;
    offers.push(changed);
    let mut changed = ours.clone();
    changed.hash[31] ^= 1;
    offers.push(changed);
    let mut changed = ours.clone();
    changed.firmware.build ^= 1;
    offers.push(changed);
    let mut changed = ours.clone();
    changed.length -= 1;
    offers.push(changed);
    let mut changed = ours.clone();
    changed.signature.truncate(63);
    offers.push(changed);
    let mut changed = ours;
    changed.hash.clear();
    offers.push(changed);
    for offer in offers {
        assert_eq!(board.update(&offer, &new), Err(UpdateRefusal::BadSignature));
    }
}

#[test]
fn bytes_other_than_those_that_were_signed_are_never_started() {
    let (old, new) = (image(1), image(2));
    let board = Board::running(&old);
    let mut other = new.clone();
    other[5000] ^= 1;
    let offer = sign(&manifest(&new), &development_signer());
    assert_eq!(board.update(&offer, &other), Ok(UpdatePhase::WrongHash));
    board.bootloader();
    assert!(board.runs(&old));
}

#[test]
fn a_transfer_that_ends_early_leaves_the_firmware_that_runs() {
    let (old, new) = (image(1), image(2));
    let board = Board::running(&old);
    let offer = sign(&manifest(&new), &development_signer());
    assert_eq!(board.update(&offer, &new[..9000]), Ok(UpdatePhase::Interrupted));
    board.bootloader();
    assert!(board.runs(&old));
    assert_eq!(board.update(&offer, &new), Ok(UpdatePhase::Verified));
}

#[test]
fn a_board_without_a_slot_refuses() {
    let new = image(2);
    let offer = sign(&manifest(&new), &development_signer());
    assert_eq!(
        Update::new(None, DEVELOPMENT_KEY).begin(&offer, RUNNING),
        Err(UpdateRefusal::NotSupported)
    );
}
