use embassy_futures::block_on;
use proptest::prelude::*;

use super::chip::{Chip, PAGE};
use super::*;
use crate::journal::power::{Medium, Step, Trial, steps};

fn store(chip: &Chip) -> FlashStore<Chip> {
    let end = chip.0.borrow().bytes.len() as u32;
    FlashStore::new(chip.clone(), 0..end)
}

impl Medium for Chip {
    type Store = FlashStore<Self>;

    fn copy(&self) -> Self {
        Self::holding(self.0.borrow().bytes.clone())
    }

    fn store(&self) -> Self::Store {
        store(self)
    }

    fn cut_after(&self, bytes: usize) {
        self.0.borrow_mut().power = Some(bytes);
    }

    fn restore(&self) -> bool {
        self.0.borrow_mut().power.take().is_some()
    }
}

fn open(store: &mut FlashStore<Chip>) -> Result<(Option<Vec<u8>>, u32), StoreError> {
    let mut newest = [0; MAX_RECORD];
    let opened = block_on(store.open(&mut newest))?;
    Ok((
        opened.newest.map(|length| newest[..length].to_vec()),
        opened.waiting,
    ))
}

#[test]
fn the_newest_is_found_again_even_if_it_was_popped() {
    let chip = Chip::new(4);
    let mut journal = store(&chip);
    assert_eq!(open(&mut journal), Ok((None, 0)));
    for record in [b"one", b"two"] {
        block_on(journal.push(record)).unwrap();
    }
    block_on(journal.pop()).unwrap();
    block_on(journal.pop()).unwrap();
    assert_eq!(journal.waiting(), 0);
    assert_eq!(block_on(journal.peek(&mut [0; MAX_RECORD])), Ok(None));
    let mut journal = store(&chip);
    assert_eq!(open(&mut journal), Ok((Some(b"two".to_vec()), 1)));
    block_on(journal.pop()).unwrap();
    block_on(journal.push(b"three")).unwrap();
    assert_eq!(open(&mut store(&chip)), Ok((Some(b"three".to_vec()), 1)));
}

#[test]
fn as_many_of_the_longest_records_fit_as_it_says() {
    let chip = Chip::new(5);
    let mut journal = store(&chip);
    open(&mut journal).unwrap();
    let room = journal.room();
    assert_eq!(room as usize, 5 * (PAGE / (MAX_RECORD + 32)));
    for number in 0..room {
        assert_eq!(journal.room(), room - number);
        block_on(journal.push(&[number as u8; MAX_RECORD])).unwrap();
    }
    assert_eq!(block_on(journal.push(&[9; MAX_RECORD])), Err(StoreError::Full));
    assert_eq!((journal.room(), journal.waiting()), (0, room));
    // A page is free again when all on it was taken.
    for _ in 0..PAGE / (MAX_RECORD + 32) {
        block_on(journal.pop()).unwrap();
    }
    assert!(journal.room() > 0);
    block_on(journal.push(&[9; MAX_RECORD])).unwrap();
}

#[test]
fn power_may_go_at_every_byte_of_what_is_written_and_erased() {
    let mut story = Vec::new();
    for round in 0..6 {
        story.extend([
            Step::Push(MAX_RECORD),
            Step::Push(100 + round),
            Step::Pop,
            Step::Push(30),
        ]);
        story.extend([Step::Pop, Step::Peek, Step::Pop]);
    }
    for byte in 0..10 * PAGE {
        let chip = Chip::new(3);
        chip.cut_after(byte);
        Trial::new(chip).run(&story);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_acknowledged_is_lost_and_nothing_is_invented(pages in 3_usize..6, steps in steps()) {
        Trial::new(Chip::new(pages)).run(&steps);
    }
}
