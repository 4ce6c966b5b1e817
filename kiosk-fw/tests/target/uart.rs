//! The UARTs, by that of the ticket printer: its ring is small.

#[embedded_test::tests(executor = kiosk_fw::board::lm3s6965::under_test::Executor)]
mod tests {
    use embassy_time::Timer;
    use embedded_io_async::Read;
    use kiosk_fw::board::lm3s6965::{Kiosk, kiosk, under_test};
    use kiosk_fw::board::{Board, Parts};

    /// Bytes that the rig sends.
    const BYTES: usize = 1_000;
    /// The ring's size.
    const RING: usize = 64;
    /// Bits of the data register (PL011 TRM, 3.3.1).
    const FRAMING: u32 = 1 << 8;
    const PARITY: u32 = 1 << 9;
    const BREAK: u32 = 1 << 10;
    const OVERRUN: u32 = 1 << 11;

    fn sent(place: usize) -> u8 {
        (place * 7) as u8
    }

    /// Which byte this is, of the first: QEMU's UART takes one or a few while it is still off, and forgets them when it is switched on.
    fn first(byte: u8) -> usize {
        let place = (0..=16).find(|place| sent(*place) == byte);
        place.expect("more than a FIFO was lost before the start")
    }

    #[test]
    async fn a_full_ring_masks_itself_and_loses_nothing() {
        let mut parts = kiosk().parts();
        // Nobody reads: the ring fills, and the rest has to wait outside.
        while under_test::printer_line_listens() {
            Timer::after_millis(1).await;
        }
        // An interrupt that is not served any more must not keep the core from everything else.
        Timer::after_millis(100).await;
        let mut byte = [0];
        parts.device_reader.read_exact(&mut byte).await.unwrap();
        let mut place = first(byte[0]) + 1;
        let mut turns = 1;
        while place < BYTES {
            let mut some = [0; RING];
            let count = parts.device_reader.read(&mut some).await.unwrap();
            for byte in &some[..count] {
                assert_eq!(*byte, sent(place), "byte {place}");
                place += 1;
            }
            turns += 1;
        }
        assert!(turns >= BYTES / RING, "more came at once than there is room for");
        let errors = Kiosk::vitals().device;
        assert_eq!((errors.overruns, errors.damaged), (0, 0));
    }

    #[test]
    async fn overruns_and_damaged_bytes_are_counted_and_never_passed_on() {
        let Parts {
            mut device_reader, ..
        } = kiosk().parts();
        // What the rig sends comes first.
        let mut byte = [0];
        device_reader.read_exact(&mut byte).await.unwrap();
        for place in first(byte[0]) + 1..BYTES {
            device_reader.read_exact(&mut byte).await.unwrap();
            assert_eq!(byte[0], sent(place));
        }
        let words = [
            u32::from(b'a'),
            FRAMING | u32::from(b'b'),
            PARITY | u32::from(b'c'),
            BREAK,
            // Bytes before this one were lost; it is sound itself.
            OVERRUN | u32::from(b'd'),
            OVERRUN | FRAMING | u32::from(b'e'),
            u32::from(b'f'),
        ];
        words.into_iter().for_each(under_test::printer_line_takes);
        let mut read = [0; 8];
        let count = device_reader.read(&mut read).await.unwrap();
        assert_eq!(&read[..count], b"adf");
        let errors = Kiosk::vitals().device;
        assert_eq!((errors.overruns, errors.damaged), (2, 4));
        assert_eq!(Kiosk::vitals().host.overruns, 0);
    }
}
