use std::path::PathBuf;

use host_driver::biometric::{Template, Unreadable, Verdict, extract, verify};
use host_driver::office::record::{Record, RecordStatus, SIGNATURE_BYTES};

use super::*;

fn enrolled(applicant: &Applicant, position: FingerPosition) -> Vec<Template> {
    let record = applicant.record.as_ref().unwrap();
    let finger = record
        .fingers
        .iter()
        .find(|finger| finger.position == position)
        .unwrap();
    finger
        .templates
        .iter()
        .map(|template| Template::from_iso19794_2(template).unwrap())
        .collect()
}

fn verdict(applicant: &Applicant, position: FingerPosition, touch: u64) -> Verdict {
    let live = extract(applicant.touch(position, touch).unwrap().image()).unwrap();
    verify(&live, &enrolled(applicant, position))
}

#[test]
fn budi_s_own_fingers_match_at_every_touch_with_room_to_spare() {
    let budi = Applicant::new(Sample::Budi).unwrap();
    for position in ENROLLED_FINGERS {
        for touch in 0..4 {
            let verdict = verdict(&budi, position, touch);
            assert!(verdict.score() >= Some(100), "{position:?} {touch}: {verdict:?}");
        }
    }
    assert!(!matches!(verify_other_finger(&budi), Verdict::Match { .. }));
}

/// The left index finger where the right one is asked for.
fn verify_other_finger(applicant: &Applicant) -> Verdict {
    let live = extract(applicant.touch(FingerPosition::LeftIndex, 0).unwrap().image()).unwrap();
    verify(&live, &enrolled(applicant, FingerPosition::RightIndex))
}

#[test]
fn one_impression_as_on_the_chip_is_enough_for_budi() {
    let budi = Applicant::new(Sample::Budi).unwrap();
    for position in ENROLLED_FINGERS {
        for template in enrolled(&budi, position) {
            let live = extract(budi.touch(position, 7).unwrap().image()).unwrap();
            assert!(verify(&live, &[template]).score() >= Some(80));
        }
    }
}

#[test]
fn another_person_s_fingers_never_match() {
    let applicant = Applicant::new(Sample::WrongFinger).unwrap();
    for position in ENROLLED_FINGERS {
        for touch in 0..8 {
            let verdict = verdict(&applicant, position, touch);
            assert!(
                matches!(verdict, Verdict::NoMatch { score } if score < 30),
                "{position:?} {touch}: {verdict:?}"
            );
        }
    }
}

#[test]
fn the_unreadable_applicant_shows_too_little_contrast() {
    let applicant = Applicant::new(Sample::Unreadable).unwrap();
    for touch in 0..4 {
        let image = applicant.touch(FingerPosition::RightIndex, touch).unwrap();
        assert_eq!(extract(image.image()), Err(Unreadable::ContrastTooLow));
    }
}

#[test]
fn every_sample_has_a_valid_record_unless_it_has_none() {
    for sample in Sample::ALL {
        let applicant = Applicant::new(sample).unwrap();
        assert_eq!(Sample::from_name(sample.name()), Some(sample));
        assert_eq!(applicant.documents_complete, sample != Sample::Incomplete);
        let Some(json) = applicant.record_json().unwrap() else {
            assert_eq!(sample, Sample::Unknown);
            continue;
        };
        let record = Record::from_json(&json).unwrap();
        assert_eq!(record.nik, applicant.nik);
        let ready = record.status == RecordStatus::PrintReadyRecord;
        assert_eq!(ready, sample != Sample::NotReady);
        for template in record.fingers.iter().flat_map(|finger| &finger.templates) {
            assert!(template.len() <= 500);
        }
    }
}

#[test]
fn a_nik_holds_the_birth_date_and_a_woman_s_day_is_forty_more() {
    let nik = |sample| samples::person(sample).nik.as_str().to_owned();
    assert_eq!(nik(Sample::Budi), "9974021708910001");
    assert_eq!(nik(Sample::WrongFinger), "9974024503880002");
}

#[test]
fn the_wall_tells_odd_from_even_years() {
    let corner = |sample| {
        let jpeg = portrait(&samples::person(sample).biodata).unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap().to_rgb8();
        picture.get_pixel(3, 3).0
    };
    let [red, _, blue] = corner(Sample::Budi);
    assert!(red > 150 && blue < 80, "1991 is odd");
    let [red, _, blue] = corner(Sample::WrongFinger);
    assert!(red < 80 && blue > 150, "1988 is even");
}

#[test]
fn a_signature_has_ink_but_not_much() {
    for seed in 0..20 {
        let bits = signature(seed);
        assert_eq!(bits.len(), SIGNATURE_BYTES);
        let ink: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
        assert!((300..2500).contains(&ink), "{ink} pixels");
    }
    assert_ne!(signature(1), signature(2));
}

#[test]
fn real_fingers_do_the_same_if_their_folder_is_there() {
    let scans = match RealScans::find() {
        Ok(scans) => scans,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    // Four tries, as at the counter: a single touch of a real finger may miss.
    let best = |sample| {
        let applicant = Applicant::with_real_fingers(sample, &scans).unwrap();
        (0..4)
            .map(|touch| verdict(&applicant, FingerPosition::RightIndex, touch))
            .max_by_key(|v| v.score())
            .unwrap()
    };
    assert!(best(Sample::Budi).is_match(), "{:?}", best(Sample::Budi));
    assert!(
        !best(Sample::WrongFinger).is_match(),
        "{:?}",
        best(Sample::WrongFinger)
    );
}

/// Writes pictures to look at, into the folder that `LOKET_FINGER_PICTURES` names.
#[test]
#[ignore = "writes pictures to look at"]
fn pictures_of_applicants() {
    let Some(folder) = std::env::var_os("LOKET_FINGER_PICTURES").map(PathBuf::from) else {
        return eprintln!("skipped: LOKET_FINGER_PICTURES names no folder");
    };
    for sample in Sample::ALL {
        let person = samples::person(sample);
        let jpeg = portrait(&person.biodata).unwrap();
        println!("{}: {} bytes", sample.name(), jpeg.len());
        std::fs::write(folder.join(format!("{}.jpg", sample.name())), jpeg).unwrap();
        let bits = signature(person.signature_seed);
        let picture = image::GrayImage::from_fn(SIGNATURE_WIDTH as u32, SIGNATURE_HEIGHT as u32, |x, y| {
            let index = y as usize * SIGNATURE_WIDTH + x as usize;
            image::Luma([if bits[index / 8] & (0x80 >> (index % 8)) == 0 {
                255
            } else {
                0
            }])
        });
        picture
            .save(folder.join(format!("{}-signature.png", sample.name())))
            .unwrap();
    }
}
