//! How well fingers are told apart. The long measurements are run by hand and print their figures:
//! `cargo test -p hil-tests --lib finger::accuracy -- --ignored --nocapture`.

use std::time::Instant;

use host_driver::biometric::{THRESHOLD, Template, extract, most_typical, verify};

use super::{Impression, MasterFinger, Press, RealScans, ScanSet};

/// A template as the chip holds it: at most 500 bytes.
fn through_the_chip(template: &Template) -> Template {
    let record = template.to_iso19794_2();
    assert!(record.len() <= 500);
    Template::from_iso19794_2(&record).unwrap()
}

/// Genuine and impostor scores of every impression against enrolments of `enrolled` impressions of every finger.
/// An unreadable impression scores 0.
fn scores(fingers: &[Vec<Option<Template>>], enrolled: usize) -> (Vec<u32>, Vec<u32>) {
    let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
    for (owner, impressions) in fingers.iter().enumerate() {
        for first in (0..impressions.len()).step_by(if enrolled == 1 { 1 } else { impressions.len() }) {
            let templates: Vec<Template> = impressions[first..first + enrolled]
                .iter()
                .flatten()
                .map(through_the_chip)
                .collect();
            for (other, lives) in fingers.iter().enumerate() {
                for (number, live) in lives.iter().enumerate() {
                    if other == owner && (first..first + enrolled).contains(&number) {
                        continue;
                    }
                    let score = live
                        .as_ref()
                        .and_then(|live| verify(live, &templates).score())
                        .unwrap_or(0);
                    if other == owner {
                        &mut genuine
                    } else {
                        &mut impostor
                    }
                    .push(score);
                }
            }
        }
    }
    (genuine, impostor)
}

/// As at activation: three impressions were enrolled, the chip holds the one that stands best for them, and the owner may
/// try up to four times. Prints how often a single touch misses, and how often four in a row do.
fn report_chip(title: &str, fingers: &[Vec<Option<Template>>]) {
    let (mut touches, mut missed, mut rows, mut rejected) = (0, 0, 0, 0);
    for impressions in fingers {
        for first in 0..impressions.len() {
            // Every run of eight impressions, going round: three to enrol, five to try.
            let at = |offset: usize| impressions[(first + offset) % impressions.len()].as_ref();
            let enrolled: Vec<Template> = (0..3).filter_map(at).map(through_the_chip).collect();
            let Some(chip) = most_typical(&enrolled) else {
                continue;
            };
            let matches =
                |offset| at(offset).is_some_and(|live| verify(live, std::slice::from_ref(chip)).is_match());
            let tries: Vec<bool> = (3..impressions.len()).map(matches).collect();
            touches += tries.len();
            missed += tries.iter().filter(|matched| !**matched).count();
            for four in tries.windows(4) {
                rows += 1;
                rejected += usize::from(!four.contains(&true));
            }
        }
    }
    println!(
        "{title}, chip holds the most typical of three: one touch misses {:.1} % of {touches}, four tries {:.1} % of {rows}",
        100.0 * missed as f64 / touches as f64,
        100.0 * rejected as f64 / rows as f64
    );
}

fn report(title: &str, genuine: &[u32], impostor: &[u32]) {
    let missed = genuine.iter().filter(|score| **score < THRESHOLD).count();
    let mut sorted = genuine.to_vec();
    sorted.sort_unstable();
    println!(
        "{title}: {} genuine, FNMR at {THRESHOLD} {:.1} %, minimum {}, tenth percentile {}, median {}; \
         {} impostor, {} reach it, maximum {}",
        genuine.len(),
        100.0 * missed as f64 / genuine.len() as f64,
        sorted[0],
        sorted[sorted.len() / 10],
        sorted[sorted.len() / 2],
        impostor.len(),
        impostor.iter().filter(|score| **score >= THRESHOLD).count(),
        impostor.iter().max().unwrap()
    );
}

/// The score of `live` against `enrolled`, straight and with both through their records.
fn scores_straight_and_through_the_record(live: &Impression, enrolled: &Impression) -> [Option<u32>; 2] {
    let [live, enrolled] = [live, enrolled].map(|impression| extract(impression.image()).unwrap());
    let straight = verify(&live, std::slice::from_ref(&enrolled)).score();
    [
        straight,
        verify(&through_the_chip(&live), &[through_the_chip(&enrolled)]).score(),
    ]
}

#[test]
fn a_record_of_500_bytes_costs_no_score() {
    for seed in [1, 4, 7, 9] {
        let master = MasterFinger::grow(seed);
        let [straight, record] = scores_straight_and_through_the_record(
            &master.press(9, Press::Ordinary),
            &master.press(0, Press::Careful),
        );
        assert_eq!(straight, record, "finger {seed}");
        assert!(record >= Some(2 * THRESHOLD), "finger {seed}: {record:?}");
    }
}

#[test]
fn a_record_of_a_real_finger_costs_no_score_if_there_are_scans() {
    let scans = match RealScans::find() {
        Ok(scans) => scans,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    for finger in [101, 104, 107] {
        let scan = |impression| {
            scans
                .impression(ScanSet::Fvc2002Db1B, finger, impression)
                .unwrap()
        };
        let [straight, record] = scores_straight_and_through_the_record(&scan(2), &scan(1));
        assert_eq!(straight, record, "finger {finger}");
    }
}

#[test]
#[ignore = "measures for minutes, prints figures"]
fn figures_of_real_scans() {
    let scans = match RealScans::find() {
        Ok(scans) => scans,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    for set in [ScanSet::Fvc2002Db1B, ScanSet::Fvc2002Db2B] {
        let mut unreadable = 0;
        let fingers: Vec<Vec<Option<Template>>> = ScanSet::FINGERS
            .map(|finger| {
                ScanSet::IMPRESSIONS
                    .map(|impression| {
                        let scan = scans.impression(set, finger, impression).unwrap();
                        let template = extract(scan.image());
                        if let Err(reason) = &template {
                            println!("{set:?} {finger}_{impression}: {reason}");
                        }
                        unreadable += usize::from(template.is_err());
                        template.ok()
                    })
                    .collect()
            })
            .collect();
        println!("{set:?}: {unreadable} unreadable");
        for enrolled in [1, 3] {
            let (genuine, impostor) = scores(&fingers, enrolled);
            report(&format!("{set:?}, {enrolled} enrolled"), &genuine, &impostor);
        }
        report_chip(&format!("{set:?}"), &fingers);
        let counts: Vec<usize> = fingers
            .iter()
            .flatten()
            .flatten()
            .map(|template| template.minutiae.len())
            .collect();
        println!(
            "{set:?}: minutiae {:?} to {:?}",
            counts.iter().min(),
            counts.iter().max()
        );
    }
}

#[test]
#[ignore = "measures for a minute, prints figures"]
fn figures_of_synthetic_fingers() {
    let begin = Instant::now();
    let masters: Vec<MasterFinger> = (0..20).map(MasterFinger::grow).collect();
    println!("{:?} a master", begin.elapsed() / 20);
    let begin = Instant::now();
    let presses: Vec<Vec<Impression>> = masters
        .iter()
        .map(|master| {
            let press = |touch| {
                if touch < 3 {
                    Press::Careful
                } else {
                    Press::Ordinary
                }
            };
            (0..8).map(|touch| master.press(touch, press(touch))).collect()
        })
        .collect();
    println!("{:?} an impression", begin.elapsed() / 160);
    let begin = Instant::now();
    let fingers: Vec<Vec<Option<Template>>> = presses
        .iter()
        .map(|presses| presses.iter().map(|press| extract(press.image()).ok()).collect())
        .collect();
    println!("{:?} an extraction", begin.elapsed() / 160);
    let counts: Vec<usize> = fingers
        .iter()
        .flatten()
        .flatten()
        .map(|template| template.minutiae.len())
        .collect();
    println!(
        "{} unreadable; minutiae {:?} to {:?}",
        fingers
            .iter()
            .flatten()
            .filter(|template| template.is_none())
            .count(),
        counts.iter().min(),
        counts.iter().max()
    );
    for enrolled in [1, 3] {
        let (genuine, impostor) = scores(&fingers, enrolled);
        report(&format!("synthetic, {enrolled} enrolled"), &genuine, &impostor);
    }
}

/// Writes pictures to look at, into the folder that `LOKET_FINGER_PICTURES` names.
#[test]
#[ignore = "writes pictures to look at"]
fn pictures_of_fingers() {
    let Some(folder) = std::env::var_os("LOKET_FINGER_PICTURES").map(std::path::PathBuf::from) else {
        return eprintln!("skipped: LOKET_FINGER_PICTURES names no folder");
    };
    let save = |name: String, impression: &Impression| {
        let image = impression.image();
        image::GrayImage::from_raw(
            image.width() as u32,
            image.height() as u32,
            image.pixels().to_vec(),
        )
        .unwrap()
        .save(folder.join(name))
        .unwrap();
    };
    for seed in [0, 3, 6, 9, 12] {
        let master = MasterFinger::grow(seed);
        for (name, press) in [
            ("careful", Press::Careful),
            ("ordinary", Press::Ordinary),
            ("edge", Press::Edge),
            ("faint", Press::Faint),
        ] {
            save(
                format!("{seed}-{:?}-{name}.png", master.pattern()),
                &master.press(1, press),
            );
        }
    }
}
