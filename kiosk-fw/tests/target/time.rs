//! The clock and its alarm.

#[embedded_test::tests(executor = kiosk_fw::board::lm3s6965::under_test::Executor)]
mod tests {
    use embassy_futures::join::join_array;
    use embassy_futures::select::{Either, select};
    use embassy_time::{Duration, Instant, Timer};

    /// From a timer's moment to the task's first instruction, at 50 MHz.
    const LATE: Duration = Duration::from_micros(100);

    #[test]
    async fn the_clock_never_goes_back() {
        let start = Instant::now();
        let mut last = start;
        // The counter wraps every 336 ms.
        while last - start < Duration::from_millis(1_200) {
            let now = Instant::now();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    async fn an_alarm_rings_on_time() {
        // Around a wrap of the counter, and longer than the timer can be set for at once.
        for microseconds in [
            1,
            50,
            1_000,
            335_544,
            335_545,
            1_000_000,
            59_999_999,
            60_000_001,
            130_000_000,
        ] {
            let wanted = Duration::from_micros(microseconds);
            let start = Instant::now();
            Timer::after(wanted).await;
            let took = start.elapsed();
            assert!(took >= wanted, "{microseconds} µs were {}", took.as_micros());
            assert!(
                took <= wanted + LATE,
                "{} µs were {}",
                microseconds,
                took.as_micros()
            );
        }
    }

    #[test]
    async fn many_alarms_ring_each_at_its_time() {
        let start = Instant::now();
        // As many as the queue of the driver takes, in no order.
        let waits = core::array::from_fn::<_, 16, _>(|place| {
            let wanted = Duration::from_millis(10 + (place as u64 * 7 % 16) * 30);
            async move {
                Timer::at(start + wanted).await;
                let took = start.elapsed();
                assert!(took >= wanted && took <= wanted + LATE);
                took
            }
        });
        let rang = join_array(waits).await;
        assert_eq!(rang.iter().max().map(Duration::as_millis), Some(460));
    }

    #[test]
    async fn an_alarm_nobody_waits_for_any_more_wakes_nobody() {
        let start = Instant::now();
        for _ in 0..40 {
            let first = select(Timer::after_millis(2), Timer::after_millis(500)).await;
            assert!(matches!(first, Either::First(())));
        }
        assert!(start.elapsed() < Duration::from_millis(90));
    }
}
