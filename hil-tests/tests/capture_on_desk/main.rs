//! The capture board's application against the emulated sensor, in simulated time: every way in which a sensor fails.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.
#![allow(unreachable_pub)] // Modules of one program.

mod bench;

use bench::{Bench, Heard, SECOND, names};
use hil_tests::device::sensor::{Faults, Model};
use hil_tests::finger::{Impression, MasterFinger, Press};
use protocol::message::{CancelCapture, CaptureFailure, CapturePhase, FingerQuality};
use rand::{Rng, SeedableRng, rngs::SmallRng};

fn touches(press: Press) -> Vec<Impression> {
    let finger = MasterFinger::grow(5);
    (0..3).map(|touch| finger.press(touch, press)).collect()
}

fn images(heard: &[Heard]) -> Vec<&Vec<u8>> {
    let images = heard.iter().filter_map(|heard| match heard {
        Heard::Image(bytes) => Some(bytes),
        _ => None,
    });
    images.collect()
}

fn qualities_asked_again(heard: &[Heard]) -> Vec<FingerQuality> {
    let again = heard.iter().filter_map(|heard| match heard {
        Heard::Progress(progress) if progress.phase == CapturePhase::Again => Some(progress.quality),
        _ => None,
    });
    again.collect()
}

#[test]
fn the_sensor_is_made_to_speak_at_its_highest_speed_and_an_image_takes_under_four_seconds() {
    let mut bench = Bench::ready(Model::R307);
    assert_eq!(bench.sensor.baud(), 115_200);
    bench.ask(1, 20_000);
    let touches = touches(Press::Careful);
    let heard = bench.captured(&touches);
    assert_eq!(images(&heard), [&touches[0].packed()], "{:?}", names(&heard));
    let begun = bench.now;
    bench.pass(SECOND);
    bench.ask(1, 20_000);
    bench.captured(&touches);
    let took = bench.now - begun - SECOND;
    assert!(took < 5 * SECOND, "{took} us with the half second of the person");
}

#[test]
fn several_impressions_are_several_images_of_several_touches() {
    let mut bench = Bench::ready(Model::R307);
    bench.ask(3, 20_000);
    let touches = touches(Press::Careful);
    let heard = bench.captured(&touches);
    let expected: Vec<_> = touches.iter().map(Impression::packed).collect();
    assert_eq!(
        images(&heard),
        expected.iter().collect::<Vec<_>>(),
        "{:?}",
        names(&heard)
    );
    assert_eq!(bench.sensor.counters().uploads, 3);
}

#[test]
fn an_image_that_fails_on_its_way_is_fetched_again_without_the_finger() {
    let faults = [
        Faults {
            bad_sum_in_packet: Some(40),
            ..Faults::default()
        },
        Faults {
            short_image: Some(12_800),
            ..Faults::default()
        },
        Faults {
            stall_in_image: Some(20_000),
            ..Faults::default()
        },
    ];
    for fault in faults {
        let mut bench = Bench::ready(Model::R307);
        *bench.sensor.faults() = fault;
        bench.ask(1, 20_000);
        let touches = touches(Press::Careful);
        let heard = bench.captured(&touches);
        assert!(heard.contains(&Heard::Broken), "{fault:?}: {:?}", names(&heard));
        assert_eq!(images(&heard), [&touches[0].packed()], "{fault:?}");
        assert_eq!(qualities_asked_again(&heard), []);
    }
}

#[test]
fn a_line_that_damages_every_image_ends_the_capture_and_the_next_one_works() {
    let mut bench = Bench::ready(Model::R307);
    bench.sensor.faults().bad_sum_in_packet = Some(3);
    bench.ask(1, 20_000);
    bench.glass.put(touches(Press::Careful).remove(0));
    let heard = bench.wait_for(60 * SECOND, |heard| matches!(heard, Heard::Failed(..)));
    assert_eq!(heard.last(), Some(&Heard::Failed(CaptureFailure::BadImage, 0)));
    bench.glass.lift();
    *bench.sensor.faults() = Faults::default();
    bench.ask(1, 20_000);
    let heard = bench.captured(&touches(Press::Careful));
    assert_eq!(images(&heard).len(), 1, "{:?}", names(&heard));
}

#[test]
fn a_faint_touch_is_told_what_would_help_and_a_better_one_is_taken() {
    let mut bench = Bench::ready(Model::R307);
    bench.ask(1, 20_000);
    let (faint, good) = (touches(Press::Faint), touches(Press::Careful));
    let heard = bench.captured(&[faint[0].clone(), good[1].clone()]);
    assert_eq!(
        qualities_asked_again(&heard),
        [FingerQuality::TooWet],
        "{:?}",
        names(&heard)
    );
    assert_eq!(images(&heard), [&good[1].packed()]);
}

#[test]
fn the_edge_of_a_finger_is_taken_in_the_end_and_the_host_may_judge() {
    let mut bench = Bench::ready(Model::R307);
    bench.ask(1, 20_000);
    let heard = bench.captured(&touches(Press::Edge));
    assert_eq!(qualities_asked_again(&heard).len(), 2, "{:?}", names(&heard));
    let Some(Heard::Captured(captured)) = heard.last() else {
        panic!("{:?}", names(&heard))
    };
    assert_eq!(captured.quality, FingerQuality::TooDry);
}

#[test]
fn a_sensor_without_power_is_missed_and_found_again_at_its_own_speed() {
    let mut bench = Bench::ready(Model::R307);
    bench.sensor.faults().silent = true;
    bench.ask(1, 20_000);
    let heard = bench.wait_for(10 * SECOND, |heard| matches!(heard, Heard::Failed(..)));
    assert_eq!(
        heard.last(),
        Some(&Heard::Failed(CaptureFailure::SensorMissing, 0))
    );
    bench.ask(1, 20_000);
    bench.wait_for(SECOND, |heard| *heard == Heard::Refused);
    // Another one, fresh from the factory, is plugged in.
    let glass = std::sync::Arc::clone(&bench.glass);
    bench.sensor = hil_tests::device::sensor::SensorCore::new(Model::R307, glass);
    bench.pass(5 * SECOND);
    assert_eq!(bench.sensor.baud(), 115_200);
    bench.ask(1, 20_000);
    assert_eq!(images(&bench.captured(&touches(Press::Careful))).len(), 1);
}

#[test]
fn the_small_sensor_says_how_large_its_images_are() {
    let mut bench = Bench::ready(Model::R503);
    bench.ask(1, 20_000);
    let heard = bench.captured(&touches(Press::Careful));
    let Some(Heard::Captured(captured)) = heard.last() else {
        panic!("{:?}", names(&heard))
    };
    assert_eq!((captured.width, captured.height), (192, 192));
    assert_eq!(images(&heard)[0].len(), 18_432);
}

#[test]
fn a_finger_that_never_comes_and_one_that_is_never_seen_end_in_time() {
    for blind in [false, true] {
        let mut bench = Bench::ready(Model::R307);
        bench.sensor.faults().blind = blind;
        if blind {
            bench.glass.put(touches(Press::Careful).remove(0));
        }
        bench.ask(1, 3_000);
        let heard = bench.wait_for(4 * SECOND, |heard| matches!(heard, Heard::Failed(..)));
        assert_eq!(heard.last(), Some(&Heard::Failed(CaptureFailure::Timeout, 0)));
    }
}

#[test]
fn a_capture_that_is_cancelled_at_any_moment_leaves_the_board_ready_for_the_next() {
    let seeds = std::env::var("LOKET_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(12);
    let touches = touches(Press::Careful);
    for seed in 0..seeds {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut bench = Bench::ready(Model::R307);
        for _ in 0..4 {
            bench.glass.put(touches[0].clone());
            let capture_id = bench.ask(2, 20_000);
            bench.pass(random.random_range(0..6 * SECOND));
            bench.request(CancelCapture { capture_id });
            // Whatever was under way has ended within a second.
            bench.pass(SECOND);
            while bench.hear(0).is_some() {}
        }
        bench.glass.lift();
        bench.ask(1, 20_000);
        let heard = bench.captured(&touches);
        assert_eq!(
            images(&heard),
            [&touches[0].packed()],
            "seed {seed}: {:?}",
            names(&heard)
        );
    }
}
