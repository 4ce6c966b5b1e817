use embassy_futures::block_on;
use proptest::prelude::*;

use super::card::Card;
use super::*;
use crate::journal::power::{Medium, Step, Trial, steps};

const NUMBER: u32 = 0x5EED_0001;
const RECORD: &[u8] = b"a record";

/// A card and the size of ring that a store would make on it.
#[derive(Clone)]
struct Kept {
    card: Card,
    slots: u32,
}

impl Medium for Kept {
    type Store = SectorStore<Card>;

    fn copy(&self) -> Self {
        Self {
            card: self.card.copy(),
            slots: self.slots,
        }
    }

    fn store(&self) -> Self::Store {
        SectorStore::with_most_slots(self.card.clone(), NUMBER, self.slots)
    }

    fn cut_after(&self, bytes: usize) {
        self.card.0.borrow_mut().power = Some(bytes);
    }

    fn restore(&self) -> bool {
        let power = self.card.0.borrow_mut().power.take();
        power.is_some()
    }
}

fn store(card: &Card) -> SectorStore<Card> {
    SectorStore::new(card.clone(), NUMBER)
}

fn small(card: &Card, slots: u32) -> SectorStore<Card> {
    SectorStore::with_most_slots(card.clone(), NUMBER, slots)
}

fn open(store: &mut SectorStore<Card>) -> Result<(Option<Vec<u8>>, u32), StoreError> {
    let mut newest = [0; MAX_RECORD];
    let opened = block_on(store.open(&mut newest))?;
    Ok((
        opened.newest.map(|length| newest[..length].to_vec()),
        opened.waiting,
    ))
}

fn push(store: &mut SectorStore<Card>, record: impl AsRef<[u8]>) -> Result<(), StoreError> {
    block_on(store.push(record.as_ref()))
}

fn peek(store: &mut SectorStore<Card>) -> Result<Option<Vec<u8>>, StoreError> {
    let mut into = [0; MAX_RECORD];
    Ok(block_on(store.peek(&mut into))?.map(|length| into[..length].to_vec()))
}

fn pop(store: &mut SectorStore<Card>) {
    block_on(store.pop()).unwrap();
}

fn text(number: u32) -> Vec<u8> {
    format!("record {number}").into_bytes()
}

#[test]
fn an_empty_card_becomes_a_journal_and_keeps_its_records_in_order() {
    for erased in [0x00, 0xFF] {
        let card = Card::new(1_000, erased);
        let mut journal = store(&card);
        assert_eq!(open(&mut journal), Ok((None, 0)));
        assert_eq!(journal.room(), 999);
        for number in 0..3 {
            push(&mut journal, text(number)).unwrap();
        }
        let mut journal = store(&card);
        assert_eq!(open(&mut journal), Ok((Some(text(2)), 3)));
        for number in 0..3 {
            assert_eq!(peek(&mut journal), Ok(Some(text(number))));
            pop(&mut journal);
        }
        assert_eq!(peek(&mut journal), Ok(None));
        assert_eq!(journal.waiting(), 0);
    }
}

#[test]
fn the_newest_is_found_again_even_if_it_was_popped() {
    let card = Card::new(100, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    push(&mut journal, text(1)).unwrap();
    pop(&mut journal);
    push(&mut journal, text(2)).unwrap();
    pop(&mut journal);
    // What was popped since the last push comes back, and only that.
    assert_eq!(open(&mut store(&card)), Ok((Some(text(2)), 1)));
    // Opened again without a loss of power, nothing does.
    assert_eq!(open(&mut journal), Ok((Some(text(2)), 0)));
}

#[test]
fn a_card_with_anything_else_on_it_is_left_alone() {
    let mut boot_sector = [0; SECTOR];
    boot_sector[510..].copy_from_slice(&[0x55, 0xAA]);
    let mut superblock = [0; SECTOR];
    superblock[56] = 0x53;
    for (address, content) in [
        (0, boot_sector),
        (2, superblock),
        (64, superblock),
        (128, superblock),
    ] {
        let card = Card::new(1_000, 0);
        card.put(address, &content);
        assert_eq!(
            open(&mut store(&card)),
            Err(StoreError::Foreign),
            "sector {address}"
        );
        assert!(card.0.borrow().writes.is_empty());
    }
}

#[test]
fn a_journal_of_a_format_yet_to_come_is_left_alone() {
    let card = Card::new(100, 0);
    open(&mut store(&card)).unwrap();
    let mut header = card.sector(0);
    header[4] = 2;
    card.put(0, &header);
    assert_eq!(open(&mut store(&card)), Err(StoreError::Foreign));
}

#[test]
fn a_header_for_a_larger_card_is_not_believed() {
    let large = Card::new(1_000, 0);
    open(&mut store(&large)).unwrap();
    let card = Card::new(900, 0);
    card.put(0, &large.sector(0));
    assert_eq!(open(&mut store(&card)), Err(StoreError::Foreign));
}

#[test]
fn power_may_go_at_any_byte_of_the_formatting() {
    for erased in [0x00, 0xFF] {
        for bytes in 0..=SECTOR {
            let card = Card::new(100, erased);
            card.0.borrow_mut().power = Some(bytes);
            let _ = open(&mut store(&card));
            card.0.borrow_mut().power = None;
            let mut journal = SectorStore::new(card.clone(), NUMBER + 1);
            assert_eq!(open(&mut journal), Ok((None, 0)), "after {bytes} bytes");
            push(&mut journal, RECORD).unwrap();
        }
    }
}

#[test]
fn records_of_an_earlier_journal_on_the_same_card_are_not_found() {
    let card = Card::new(40, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    for number in 0..39 {
        push(&mut journal, text(number)).unwrap();
    }
    for address in 0..8 {
        card.put(address, &[0; SECTOR]);
    }
    let mut journal = SectorStore::new(card.clone(), NUMBER + 1);
    assert_eq!(open(&mut journal), Ok((None, 0)));
    push(&mut journal, text(100)).unwrap();
    assert_eq!(open(&mut store(&card)), Ok((Some(text(100)), 1)));
}

#[test]
fn a_full_ring_takes_no_more_until_something_is_popped() {
    let card = Card::new(9, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    for number in 0..8 {
        assert_eq!(journal.room(), 8 - number);
        push(&mut journal, text(number)).unwrap();
    }
    assert_eq!(push(&mut journal, text(8)), Err(StoreError::Full));
    assert_eq!(peek(&mut journal), Ok(Some(text(0))));
    pop(&mut journal);
    push(&mut journal, text(8)).unwrap();
    assert_eq!(push(&mut journal, text(9)), Err(StoreError::Full));
    let mut journal = store(&card);
    assert_eq!(open(&mut journal), Ok((Some(text(8)), 8)));
    for number in 1..=8 {
        assert_eq!(peek(&mut journal), Ok(Some(text(number))));
        pop(&mut journal);
    }
}

#[test]
fn every_sector_of_the_ring_is_written_equally_often() {
    let card = Card::new(101, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    for number in 0..1_000 {
        push(&mut journal, text(number)).unwrap();
        pop(&mut journal);
    }
    let chips = card.0.borrow();
    assert_eq!(chips.writes[&0], 1, "the header is written once");
    for address in 1..=100 {
        assert_eq!(chips.writes[&address], 10);
    }
}

#[test]
fn a_record_longer_than_agreed_is_refused() {
    let card = Card::new(100, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    assert_eq!(push(&mut journal, [0; MAX_RECORD + 1]), Err(StoreError::Failed));
    push(&mut journal, [7; MAX_RECORD]).unwrap();
    assert_eq!(open(&mut store(&card)), Ok((Some(vec![7; MAX_RECORD]), 1)));
}

/// A card with so many slots, of which the newest record of a ring under way is `newest`.
fn under_way(slots: u32, newest: u32) -> Card {
    let card = Card::new(slots + 1, 0);
    open(&mut small(&card, slots)).unwrap();
    let from = newest.saturating_sub(slots - 1);
    for sequence in from..=newest {
        let mut sector = [0; SECTOR];
        let head = Record {
            journal: NUMBER,
            sequence,
            oldest: newest.saturating_sub(2),
            length: RECORD.len(),
        };
        head.write(RECORD, &mut sector);
        card.put(address(sequence % slots), &sector);
    }
    card
}

#[test]
fn the_newest_is_found_wherever_it_is() {
    for slots in [4, 5, 9, 31, 64] {
        for newest in 0..3 * slots {
            let card = under_way(slots, newest);
            let mut journal = small(&card, slots);
            let waiting = 3.min(newest + 1);
            assert_eq!(
                open(&mut journal),
                Ok((Some(RECORD.to_vec()), waiting)),
                "{newest} of {slots}"
            );
            push(&mut journal, text(newest)).unwrap();
            assert_eq!(
                open(&mut small(&card, slots)),
                Ok((Some(text(newest)), waiting.min(slots) + 1))
            );
        }
    }
}

#[test]
fn the_newest_is_found_beside_a_damaged_sector_anywhere() {
    let slots = 40;
    for newest in [0, 1, 7, 20, 38, 39, 40, 41, 60, 79, 80] {
        for damaged in (0..slots).filter(|&slot| slot != newest % slots) {
            let card = under_way(slots, newest);
            card.put(address(damaged), &[0x5A; SECTOR]);
            let mut journal = small(&card, slots);
            let (found, _) = open(&mut journal).unwrap();
            assert_eq!(found, Some(RECORD.to_vec()), "{newest}, {damaged} damaged");
            push(&mut journal, text(newest)).unwrap();
            assert_eq!(open(&mut small(&card, slots)).unwrap().0, Some(text(newest)));
        }
    }
}

#[test]
fn a_slot_that_cannot_be_used_is_passed_over() {
    let slots = 40;
    for newest in [0, 1, 7, 20, 38, 39, 40, 41, 60, 79, 80] {
        for bad in (0..slots).filter(|&slot| slot != newest % slots) {
            for forgetful in [false, true] {
                let card = under_way(slots, newest);
                let mut chips = card.0.borrow_mut();
                if forgetful {
                    chips.forgetful.insert(address(bad));
                } else {
                    chips.unreadable.insert(address(bad));
                }
                drop(chips);
                let mut journal = small(&card, slots);
                open(&mut journal).unwrap();
                let mut refusals = 0;
                for number in 1..=3 {
                    while let Err(error) = push(&mut journal, text(number)) {
                        assert_eq!(error, StoreError::Failed);
                        refusals += 1;
                        assert_eq!(
                            push(&mut journal, text(number)),
                            Err(error),
                            "it is to be opened again"
                        );
                        open(&mut journal).unwrap();
                    }
                }
                assert!(refusals <= 1);
                let (found, _) = open(&mut small(&card, slots)).unwrap();
                assert_eq!(
                    found,
                    Some(text(3)),
                    "{newest}, {bad} bad, forgetful: {forgetful}"
                );
            }
        }
    }
}

#[test]
fn a_page_gone_bad_hides_only_what_was_on_it() {
    let slots = 200;
    for newest in [60, 150, 199, 200, 250, 399] {
        for page in (0..slots).step_by(8) {
            let lost = page..page + 8;
            if lost.contains(&(newest % slots)) {
                continue;
            }
            let card = under_way(slots, newest);
            card.0.borrow_mut().unreadable.extend(lost.map(address));
            let (found, _) = open(&mut small(&card, slots)).unwrap();
            assert_eq!(found, Some(RECORD.to_vec()), "{newest}, page at {page}");
        }
    }
}

#[test]
fn a_record_that_cannot_be_read_holds_the_others_up_only_twice() {
    let card = Card::new(100, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    for number in 0..6 {
        push(&mut journal, text(number)).unwrap();
    }
    card.0.borrow_mut().unreadable.extend([address(0), address(1)]);
    card.put(address(3), &[0x5A; SECTOR]);
    let mut told = Vec::new();
    let mut errors = 0;
    while journal.waiting() > 0 || journal.ring.is_none() {
        match peek(&mut journal) {
            Ok(Some(record)) => {
                told.push(record);
                pop(&mut journal);
            }
            Ok(None) => break,
            Err(error) => {
                assert_eq!(error, StoreError::Failed);
                errors += 1;
                open(&mut journal).unwrap();
            }
        }
    }
    assert_eq!(told, [text(2), text(4), text(5)]);
    assert_eq!(errors, 4);
}

#[test]
fn a_worn_out_card_is_found_out_at_the_first_record() {
    let card = Card::new(100, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    push(&mut journal, text(1)).unwrap();
    card.0.borrow_mut().forgetful.extend(0..100);
    for _ in 0..10 {
        assert_eq!(push(&mut journal, text(2)), Err(StoreError::Failed));
        assert_eq!(open(&mut journal), Ok((Some(text(1)), 1)));
    }
    // Nor is a worn-out card formatted.
    let card = Card::new(100, 0);
    card.0.borrow_mut().forgetful.extend(0..100);
    assert_eq!(open(&mut store(&card)), Err(StoreError::Failed));
}

#[test]
fn a_pulled_card_is_missing_and_another_put_in_is_another_journal() {
    let card = Card::new(100, 0);
    let mut journal = store(&card);
    open(&mut journal).unwrap();
    push(&mut journal, text(1)).unwrap();
    card.0.borrow_mut().pulled = true;
    assert_eq!(push(&mut journal, text(2)), Err(StoreError::Missing));
    assert_eq!(open(&mut journal), Err(StoreError::Missing));
    assert_eq!((journal.waiting(), journal.room()), (0, 0));
    // The other has been in another kiosk.
    let other = Card::new(100, 0);
    let mut elsewhere = SectorStore::new(other.clone(), NUMBER + 7);
    open(&mut elsewhere).unwrap();
    push(&mut elsewhere, text(50)).unwrap();
    push(&mut elsewhere, text(51)).unwrap();
    let content = other.0.borrow().clone();
    *card.0.borrow_mut() = content;
    assert_eq!(open(&mut journal), Ok((Some(text(51)), 2)));
    push(&mut journal, text(2)).unwrap();
    assert_eq!(peek(&mut journal), Ok(Some(text(50))));
}

#[test]
fn opening_reads_few_sectors_however_large_the_ring() {
    // 8 Mi sectors are a card of 4 GiB used as a whole.
    for (slots, newest, most) in [
        (MOST_SLOTS, 0, 24),
        (MOST_SLOTS, 40_000, 24),
        (MOST_SLOTS, 3 * MOST_SLOTS + 1_234, 24),
        (8 << 20, 5_000_000, 31),
    ] {
        let card = Card::new(slots + 1, 0);
        open(&mut small(&card, slots)).unwrap();
        let chips = card.0.clone();
        // Sectors that are not there yet are made when they are read.
        chips.borrow_mut().made = Some(std::rc::Rc::new(move |address: u32| {
            let slot = address.checked_sub(1)?;
            let sequence =
                (newest / slots * slots + slot).checked_sub(if slot > newest % slots { slots } else { 0 })?;
            let mut sector = [0; SECTOR];
            let head = Record {
                journal: NUMBER,
                sequence,
                oldest: newest,
                length: RECORD.len(),
            };
            head.write(RECORD, &mut sector);
            Some(sector)
        }));
        let mut journal = small(&card, slots);
        let reads = card.reads(|| assert_eq!(open(&mut journal), Ok((Some(RECORD.to_vec()), 1))));
        println!("{slots} slots, newest {newest}: {reads} reads");
        assert!(reads <= most, "{reads} reads for {slots} slots");
        assert_eq!(journal.ring.unwrap().next, newest + 1);
    }
}

#[test]
fn power_may_go_at_every_byte_of_every_write() {
    // Formatting, a first lap, a full ring, and pushes over what was popped: 18 writes.
    let mut story = vec![Step::Push(40); 6];
    story.extend([
        Step::Pop,
        Step::Push(384),
        Step::Pop,
        Step::Pop,
        Step::Push(1),
        Step::Push(200),
    ]);
    story.extend([
        Step::Pop,
        Step::Pop,
        Step::Pop,
        Step::Pop,
        Step::Pop,
        Step::Push(30),
        Step::Peek,
    ]);
    story.extend([
        Step::Pop,
        Step::Push(384),
        Step::Restart,
        Step::Push(100),
        Step::Push(20),
    ]);
    for byte in 0..14 * SECTOR {
        let kept = Kept {
            card: Card::new(6, 0),
            slots: 5,
        };
        kept.cut_after(byte);
        Trial::new(kept).run(&story);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_acknowledged_is_lost_and_nothing_is_invented(slots in 4_u32..24, erased in prop::bool::ANY, steps in steps()) {
        let card = Card::new(slots + 1, if erased { 0xFF } else { 0 });
        Trial::new(Kept { card, slots }).run(&steps);
    }
}
