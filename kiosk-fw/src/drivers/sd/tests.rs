use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::join::join;
use embassy_time::{Duration, Instant, Timer};
use virtual_time::run;

use super::simulated::{Chip, Fault, Socket};
use super::*;

const CONTENT: [u8; BLOCK] = [0xA5; BLOCK];

/// Runs `work` with a card, and returns how long it took.
fn with<T>(
    change: impl FnOnce(&mut Chip),
    work: impl AsyncFnOnce(&mut SdCard<Socket>, &RefCell<Chip>) -> T,
) -> (T, Duration) {
    let mut chip = Chip::new();
    change(&mut chip);
    let chip = Rc::new(RefCell::new(chip));
    run(async {
        let begun = Instant::now();
        let mut card = SdCard::new(Socket(chip.clone()));
        let result = work(&mut card, &chip).await;
        (result, begun.elapsed())
    })
}

fn start(change: impl FnOnce(&mut Chip)) -> (Result<u32, SdError>, Duration) {
    with(change, async |card, _| card.start().await)
}

#[test]
fn cards_of_every_kind_are_started_and_keep_what_is_written() {
    for (version_2, high_capacity, blocks) in [(true, true, 8192), (true, false, 4000), (false, false, 128)] {
        let kind = |chip: &mut Chip| {
            (chip.version_2, chip.high_capacity, chip.blocks) = (version_2, high_capacity, blocks);
        };
        let (result, _) = with(kind, async |card, chip| {
            assert_eq!(card.start().await, Ok(blocks));
            assert!(chip.borrow().checks_sums);
            card.write_block(blocks - 1, &CONTENT).await?;
            card.write_block(3, &[7; BLOCK]).await?;
            let mut read = [0; BLOCK];
            card.read_block(blocks - 1, &mut read).await?;
            assert_eq!(read, CONTENT);
            assert_eq!(chip.borrow().content[&3], [7; BLOCK]);
            assert_eq!(card.read_block(blocks, &mut read).await, Err(SdError::OutOfRange));
            Ok::<_, SdError>(())
        });
        assert_eq!(result, Ok(()));
    }
}

#[test]
fn an_empty_slot_is_noticed_at_once() {
    let (result, took) = start(|chip| chip.fault = Some(Fault::Pulled));
    assert_eq!(result, Err(SdError::NoCard));
    assert!(took < Duration::from_millis(10));
    assert_eq!(StoreError::from(SdError::NoCard), StoreError::Missing);
}

#[test]
fn a_card_that_never_starts_is_given_a_second() {
    let (result, took) = start(|chip| chip.fault = Some(Fault::NeverStarts));
    assert_eq!(result, Err(SdError::Timeout));
    assert!((1_000..1_100).contains(&took.as_millis()));
}

#[test]
fn something_that_is_no_card_is_not_taken_for_one() {
    let (result, _) = start(|chip| chip.fault = Some(Fault::Garbage));
    assert!(result.is_err());
}

#[test]
fn nothing_is_read_or_written_before_the_start() {
    let (results, _) = with(
        |_| (),
        async |card, _| {
            let mut read = [0; BLOCK];
            (
                card.read_block(0, &mut read).await,
                card.write_block(0, &CONTENT).await,
            )
        },
    );
    assert_eq!(results, (Err(SdError::NotStarted), Err(SdError::NotStarted)));
}

#[test]
fn a_card_that_was_in_the_middle_of_a_block_is_started_all_the_same() {
    let (result, _) = with(
        |_| (),
        async |card, chip| {
            card.start().await.unwrap();
            // The board is reset while the card sends.
            {
                let mut bus = card.slot.claim(Pace::Started).await;
                bus.select(true);
                send(&mut bus, Command::ReadBlock(0)).unwrap();
                bus.read(&mut [0; 100]).unwrap();
            }
            chip.borrow_mut().starting = 2;
            SdCard::new(Socket(Rc::clone(&card.slot.0))).start().await
        },
    );
    assert_eq!(result, Ok(8192));
}

#[test]
fn others_use_the_bus_while_the_card_is_busy() {
    let chip = Rc::new(RefCell::new(Chip::new()));
    chip.borrow_mut().busy_for = 400;
    let free = run(async {
        let mut card = SdCard::new(Socket(chip.clone()));
        card.start().await.unwrap();
        let before = chip.borrow().claims;
        let begun = Instant::now();
        let mut ticks = 0;
        let others = async {
            while begun.elapsed() < Duration::from_millis(20) {
                Timer::after_micros(200).await;
                ticks += 1;
            }
        };
        let (written, ()) = join(card.write_block(1, &CONTENT), others).await;
        written.unwrap();
        assert!(ticks >= 100, "the others were held up");
        chip.borrow().claims - before
    });
    assert!(free > 5, "the bus was claimed only {free} times");
}

#[test]
fn a_card_that_stays_busy_is_given_up_after_a_quarter_of_a_second() {
    let (result, took) = with(
        |_| (),
        async |card, chip| {
            card.start().await.unwrap();
            chip.borrow_mut().fault = Some(Fault::BusyForEver);
            card.write_block(1, &CONTENT).await
        },
    );
    assert_eq!(result, Err(SdError::Timeout));
    assert!((250..280).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_card_that_sends_no_data_is_given_up_after_a_tenth_of_a_second() {
    let (result, took) = with(
        |_| (),
        async |card, chip| {
            card.start().await.unwrap();
            chip.borrow_mut().fault = Some(Fault::Silent);
            card.read_block(1, &mut [0; BLOCK]).await
        },
    );
    assert_eq!(result, Err(SdError::Timeout));
    assert!((100..130).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn an_error_token_a_refusal_and_a_late_error_are_told_apart() {
    let cases = [
        (Fault::ErrorToken(0x04), Ok(()), Err(SdError::Read(0x04))),
        (
            Fault::DataResponse(0b0_1101),
            Err(SdError::Write(0b0_1101)),
            Ok(()),
        ),
        (Fault::Status(0x02), Err(SdError::Write(0x02)), Ok(())),
    ];
    for (fault, written, read) in cases {
        let (results, _) = with(
            |_| (),
            async |card, chip| {
                card.start().await.unwrap();
                chip.borrow_mut().fault = Some(fault);
                let written = card.write_block(1, &CONTENT).await;
                (written, card.read_block(1, &mut [0; BLOCK]).await)
            },
        );
        assert_eq!(results, (written, read), "{fault:?}");
        assert_eq!(StoreError::from(SdError::Read(4)), StoreError::Failed);
    }
}

#[test]
fn a_byte_that_the_line_damaged_is_read_again() {
    // Every 900th byte: one block in two or so.
    let (errors, _) = with(
        |_| (),
        async |card, chip| {
            card.start().await.unwrap();
            card.write_block(1, &CONTENT).await.unwrap();
            chip.borrow_mut().fault = Some(Fault::Noise(900));
            let mut errors = 0;
            for _ in 0..100 {
                let mut read = [0; BLOCK];
                if card.read_block(1, &mut read).await.is_ok() {
                    assert_eq!(read, CONTENT, "a damaged block was taken for a good one");
                    continue;
                }
                errors += 1;
                chip.borrow_mut().fault = None;
                chip.borrow_mut().starting = 1;
                card.start().await.unwrap();
                chip.borrow_mut().fault = Some(Fault::Noise(900));
            }
            errors
        },
    );
    assert!(errors < 20, "{errors} of 100 reads failed");
}

#[test]
fn a_card_pulled_at_any_byte_ends_in_an_error_and_comes_back() {
    let whole = with(
        |_| (),
        async |card, chip| {
            card.start().await.unwrap();
            card.write_block(1, &CONTENT).await.unwrap();
            card.read_block(1, &mut [0; BLOCK]).await.unwrap();
            chip.borrow().bytes
        },
    );
    for byte in (0..whole.0).step_by(3) {
        let pulled = |chip: &mut Chip| chip.later = Some((byte, Fault::Pulled));
        let (result, took) = with(pulled, async |card, chip| {
            let result = async {
                card.start().await?;
                card.write_block(1, &CONTENT).await?;
                card.read_block(1, &mut [0; BLOCK]).await
            }
            .await;
            {
                let mut chip = chip.borrow_mut();
                (chip.fault, chip.later) = (None, None);
                chip.replug();
            }
            // It is not the card that was started, and does not pass for it.
            if card.started.is_some() {
                assert!(card.read_block(1, &mut [0; BLOCK]).await.is_err());
            }
            card.start().await.unwrap();
            card.write_block(1, &CONTENT).await.unwrap();
            result
        });
        assert!(result.is_err() || byte + 4 >= whole.0, "byte {byte}");
        assert!(took < Duration::from_millis(1_500));
    }
}
