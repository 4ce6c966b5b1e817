use proptest::prelude::*;

use super::*;

fn template(minutiae: Vec<Minutia>) -> Template {
    Template {
        width: 256,
        height: 288,
        dpi: 500,
        finger: FingerPosition::RightIndex,
        quality: 80,
        minutiae,
    }
}

#[test]
#[rustfmt::skip]
fn a_record_has_these_bytes() {
    let record = template(vec![
        Minutia { x: 17, y: 260, angle: 64, kind: MinutiaKind::RidgeEnding, quality: 99 },
        Minutia { x: 255, y: 1, angle: 200, kind: MinutiaKind::Other, quality: 7 },
    ]).to_iso19794_2();
    let expected = [
        b'F', b'M', b'R', 0, b' ', b'2', b'0', 0,
        0, 0, 0, 42,            // length
        0, 0,                   // equipment: not reported
        1, 0, 1, 0x20,          // 256 x 288
        0, 197, 0, 197,         // 500 dpi
        1, 0,                   // one view, reserved
        2, 0, 80, 2,            // right index, live-scan plain, quality 80, two minutiae
        0x40, 17, 0x01, 0x04, 64, 99,
        0x00, 255, 0x00, 0x01, 200, 7,
        0, 0,                   // no extended data
    ];
    assert_eq!(record, expected);
}

#[test]
fn more_minutiae_than_fit_leave_the_best_ones() {
    let many = (0..150).map(|i| Minutia {
        x: i,
        y: i,
        angle: 0,
        kind: MinutiaKind::Other,
        quality: 1 + (i % 100) as u8,
    });
    let record = template(many.collect()).to_iso19794_2();
    assert!(record.len() <= MAX_RECORD_LENGTH);
    let back = Template::from_iso19794_2(&record).unwrap();
    assert_eq!(back.minutiae.len(), 78);
    // Qualities 1..=50 occur twice, 51..=100 once: the best 78 are 100..=51 and 50..=37 twice.
    assert_eq!(back.minutiae.iter().map(|m| m.quality).min(), Some(37));
}

fn record_with(change: impl FnOnce(&mut Vec<u8>)) -> Result<Template, RecordError> {
    let minutia = Minutia {
        x: 17,
        y: 260,
        angle: 64,
        kind: MinutiaKind::Other,
        quality: 99,
    };
    let mut record = template(vec![minutia]).to_iso19794_2();
    change(&mut record);
    Template::from_iso19794_2(&record)
}

#[test]
fn each_way_to_be_wrong_has_its_own_error() {
    assert_eq!(record_with(|r| r[0] = b'f'), Err(RecordError::NotARecord));
    assert_eq!(record_with(Vec::clear), Err(RecordError::NotARecord));
    assert_eq!(record_with(|r| r[5] = b'3'), Err(RecordError::Version));
    assert_eq!(record_with(|r| r.truncate(20)), Err(RecordError::Truncated));
    assert_eq!(
        record_with(|r| r.push(0)),
        Err(RecordError::Length {
            stated: 36,
            actual: 37
        })
    );
    assert_eq!(
        record_with(|r| r[19] = 0),
        Err(RecordError::Resolution { x: 0, y: 197 })
    );
    assert_eq!(
        record_with(|r| r[18..22].fill(0xFF)),
        Err(RecordError::Resolution { x: 0xFFFF, y: 0xFFFF })
    );
    assert_eq!(record_with(|r| r[22] = 0), Err(RecordError::Views(0)));
    assert_eq!(record_with(|r| r[22] = 2), Err(RecordError::Truncated));
    assert_eq!(record_with(|r| r[24] = 11), Err(RecordError::Finger(11)));
    assert_eq!(record_with(|r| r[27] = 2), Err(RecordError::Truncated));
    assert_eq!(record_with(|r| r[28] |= 0xC0), Err(RecordError::MinutiaKind));
    assert_eq!(record_with(|r| r[30] = 0x3F), Err(RecordError::OutsideImage));
    assert_eq!(record_with(|r| r[34] = 1), Err(RecordError::Truncated));
}

#[test]
fn several_impressions_and_extended_data_can_be_read() {
    let record = template(Vec::new()).to_iso19794_2();
    let mut several = record.clone();
    several.truncate(28);
    several.extend_from_slice(&[0, 3, 9, 9, 9]);
    several.extend_from_slice(&record[24..]);
    several[11] = several.len() as u8;
    several[22] = 2;
    assert_eq!(Template::from_iso19794_2(&several), Err(RecordError::Views(2)));
    assert_eq!(
        Template::all_from_iso19794_2(&several),
        Ok(vec![template(Vec::new()); 2])
    );
}

fn any_minutia() -> impl Strategy<Value = Minutia> {
    let kind = prop_oneof![
        Just(MinutiaKind::Other),
        Just(MinutiaKind::RidgeEnding),
        Just(MinutiaKind::RidgeBifurcation)
    ];
    (0..256_u16, 0..288_u16, any::<u8>(), kind, 0..=100_u8).prop_map(|(x, y, angle, kind, quality)| Minutia {
        x,
        y,
        angle,
        kind,
        quality,
    })
}

proptest! {
    #[test]
    fn a_record_gives_back_what_went_in(minutiae in prop::collection::vec(any_minutia(), 0..=78)) {
        let mut original = template(minutiae);
        original.minutiae.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
        let record = original.to_iso19794_2();
        prop_assert!(record.len() <= MAX_RECORD_LENGTH);
        prop_assert_eq!(Template::from_iso19794_2(&record), Ok(original));
    }

    #[test]
    fn any_bytes_are_refused_or_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Template::all_from_iso19794_2(&bytes);
    }

    #[test]
    fn a_damaged_record_never_panics_the_parser_or_the_matcher(
        minutiae in prop::collection::vec(any_minutia(), 10..=78),
        damage in prop::collection::vec((0..500_usize, any::<u8>()), 1..8),
    ) {
        let mut record = template(minutiae).to_iso19794_2();
        for (place, value) in damage {
            let place = place % record.len();
            // Damage to length and magic is refused at once and shows nothing.
            if place >= 12 {
                record[place] = value;
            }
        }
        if let Ok(views) = Template::all_from_iso19794_2(&record) {
            for view in &views {
                let _ = super::super::verify(view, &views);
            }
        }
    }
}
