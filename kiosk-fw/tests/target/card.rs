//! The SD card and the journal on it.

#[embedded_test::tests(executor = kiosk_fw::board::lm3s6965::under_test::Executor)]
mod tests {
    use embassy_futures::join::join;
    use embassy_time::{Duration, Instant};
    use embedded_graphics::pixelcolor::Gray4;
    use embedded_graphics::prelude::DrawTarget;
    use kiosk_fw::board::{Board, Panel, lm3s6965};
    use kiosk_fw::drivers::sd::{BLOCK, SdCard, SdError};
    use kiosk_fw::journal::sectors::{MOST_SLOTS, SectorStore};
    use kiosk_fw::journal::{MAX_RECORD, Store, StoreError};

    /// Blocks of the card that the rig puts in: 64 MiB.
    const BLOCKS: u32 = 131_072;

    #[test]
    async fn a_block_is_read_back_as_it_was_written() {
        let mut card = SdCard::new(lm3s6965::under_test::card_slot());
        assert_eq!(card.start().await, Ok(BLOCKS));
        for block in [0, 1, BLOCKS / 2, BLOCKS - 1] {
            let content = core::array::from_fn(|place| (place as u32 * 7 + block) as u8);
            let mut read = [0; BLOCK];
            assert_eq!(card.write_block(block, &content).await, Ok(()));
            assert_eq!(card.read_block(block, &mut read).await, Ok(()));
            assert!(read == content, "block {block}");
        }
        assert_eq!(
            card.read_block(BLOCKS, &mut [0; BLOCK]).await,
            Err(SdError::OutOfRange)
        );
    }

    #[test]
    async fn an_empty_slot_is_found_at_once_without_a_card() {
        let start = Instant::now();
        let mut journal = SectorStore::new(SdCard::new(lm3s6965::under_test::card_slot()), 1);
        let opened = journal.open(&mut [0; MAX_RECORD]).await;
        assert_eq!(opened, Err(StoreError::Missing));
        assert!(start.elapsed() < Duration::from_millis(10));
    }

    #[test]
    async fn the_screen_and_the_journal_share_the_bus() {
        let mut parts = lm3s6965::kiosk().parts();
        let mut newest = [0; MAX_RECORD];
        let work = async {
            parts.store.open(&mut newest).await.unwrap();
            for number in 0..20_u8 {
                parts.store.push(&[number; 100]).await.unwrap();
            }
        };
        let show = async {
            for luma in 0..16 {
                let Ok(()) = parts.panel.clear(Gray4::new(luma));
                parts.panel.show().await;
            }
        };
        join(work, show).await;
        for number in 0..20_u8 {
            assert_eq!(parts.store.peek(&mut newest).await, Ok(Some(100)));
            assert!(newest[..100] == [number; 100]);
            parts.store.pop().await.unwrap();
        }
    }

    /// The second run of the same test finds what the first left on the card.
    #[test]
    async fn the_journal_is_there_again_after_a_reset() {
        let mut parts = lm3s6965::kiosk().parts();
        let mut newest = [0; MAX_RECORD];
        let start = Instant::now();
        let opened = parts.store.open(&mut newest).await.unwrap();
        let took = start.elapsed();
        defmt::info!("opened in {=u64} µs", took.as_micros());
        if opened.newest.is_none() {
            assert_eq!(parts.store.room(), MOST_SLOTS);
            for number in 0..50_u8 {
                let start = Instant::now();
                parts.store.push(&[number; MAX_RECORD]).await.unwrap();
                defmt::info!("pushed in {=u64} µs", start.elapsed().as_micros());
            }
            lm3s6965::under_test::reset();
        }
        assert_eq!((opened.newest, opened.waiting), (Some(MAX_RECORD), 50));
        assert!(newest == [49; MAX_RECORD]);
        assert!(took < Duration::from_millis(100));
        for number in 0..50_u8 {
            assert_eq!(parts.store.peek(&mut newest).await, Ok(Some(MAX_RECORD)));
            assert!(newest == [number; MAX_RECORD]);
            parts.store.pop().await.unwrap();
        }
    }
}
