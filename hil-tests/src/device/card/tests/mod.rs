//! The host's chip logic against the emulated chip, and the chip's own rules.

use std::sync::{Arc, LazyLock, Mutex};

use host_driver::card::{
    Activation, Activity, Biodata, CardControl, CardError, Chip, ChipCondition, ChipContent, ContentError,
    DataGroup, DataGroups, KeyId, LifeCycle, OfficeKey, PrefixFault, Progress, SignatureBitmap, Uid,
};
use time::macros::date;

use super::{CardCore, Direct, Features};

mod faults;
mod profile;
mod wire;

fn uid() -> Uid {
    "04A1B2C3D4E5F6".parse().unwrap()
}

fn office() -> OfficeKey {
    OfficeKey::from_secret(&[0x11; 32]).unwrap()
}

/// An invented person; region 99 of the NIK does not exist.
fn groups() -> DataGroups {
    let mut photo_jpeg = vec![0xFF, 0xD8];
    photo_jpeg.extend((0..2990u32).map(|i| ((i * 31) >> 3) as u8));
    photo_jpeg.extend([0xFF, 0xD9]);
    let template = |seed: u32| {
        [
            b"FMR\0 20\0".as_slice(),
            &(0..440).map(|i| (i * seed) as u8).collect::<Vec<_>>(),
        ]
        .concat()
    };
    DataGroups {
        card_control: CardControl {
            key: KeyId::default(),
            application: 42,
            issued: date!(2024 - 05 - 17),
        },
        biodata: Biodata {
            nik: "9971234101850001".into(),
            alamat: "JL. KENANGA NO. 5".into(),
            rt: "003".into(),
            rw: "007".into(),
            tempat_lahir: "KOTA CONTOH".into(),
            kecamatan: "CONTOH UTARA".into(),
            kelurahan: "SUKAMAJU".into(),
            kabupaten: "KOTA CONTOH".into(),
            jenis_kelamin: "LAKI-LAKI".into(),
            golongan_darah: "O".into(),
            agama: "ISLAM".into(),
            status_perkawinan: "KAWIN".into(),
            pekerjaan: "WIRASWASTA".into(),
            nama: "BUDI CONTOH".into(),
            tanggal_lahir: date!(1985 - 01 - 01),
            provinsi: "PROVINSI CONTOH".into(),
            kewarganegaraan: "WNI".into(),
            unknown: Default::default(),
        },
        photo_jpeg,
        signature: SignatureBitmap::from_bytes(&[0x5A; SignatureBitmap::BYTES]).unwrap(),
        templates: [template(3), template(5)],
    }
}

fn content() -> &'static ChipContent {
    static CONTENT: LazyLock<ChipContent> = LazyLock::new(|| office().sign(&uid(), groups()).unwrap());
    &CONTENT
}

type Shared = Arc<Mutex<CardCore>>;

fn share(card: CardCore) -> Shared {
    Arc::new(Mutex::new(card))
}

fn blank() -> Shared {
    share(CardCore::blank(uid()))
}

fn chip(card: &Shared) -> Chip<Direct> {
    Chip::new(Direct::insert(Arc::clone(card)))
}

fn personalised() -> Shared {
    let card = blank();
    chip(&card).personalise(content(), |_| ()).unwrap();
    card
}

#[test]
fn a_blank_is_filled_read_back_and_activated() {
    let card = blank();
    let mut chip = chip(&card);
    assert_eq!(chip.inspect().unwrap().condition, ChipCondition::Blank);

    let state = chip.personalise(content(), |_| ()).unwrap();
    assert_eq!((state.uid, state.condition), (uid(), ChipCondition::Personalised));
    assert_eq!(state.life_cycle, LifeCycle::Initialisation);

    assert_eq!(chip.activate(), Ok(Activation::Done));
    assert_eq!(chip.life_cycle(), Ok(LifeCycle::Activated));
    assert_eq!(chip.activate(), Ok(Activation::WasActive));

    let image = chip.read_image(|_| ()).unwrap();
    assert_eq!(image.decode(), Ok(content().clone()));
    assert_eq!(office().public().verify(&uid(), &image), Ok(()));

    let snapshot = card.lock().unwrap().snapshot();
    assert_eq!(snapshot.life_cycle, LifeCycle::Activated);
    assert_eq!(
        snapshot.content(DataGroup::Photo),
        Some(content().groups.photo_jpeg.as_slice())
    );
}

#[test]
fn one_personalisation_takes_few_commands() {
    let card = blank();
    let mut chip = chip(&card);
    chip.personalise(content(), |_| ()).unwrap();
    let traffic = chip.traffic();
    let bytes = content().encode().unwrap().total() as u64;
    assert!(traffic.commands <= 40, "{traffic:?}");
    // Content once out and once in; everything else is headers.
    assert!(
        traffic.sent + traffic.received < 2 * bytes + 600,
        "{traffic:?} for {bytes} bytes"
    );
}

#[test]
fn progress_only_grows_and_ends_at_the_total() {
    let mut seen: Vec<Progress> = Vec::new();
    chip(&blank())
        .personalise(content(), |progress| seen.push(progress))
        .unwrap();
    let total = content().encode().unwrap().total();
    for activity in [Activity::Writing, Activity::Reading] {
        let done: Vec<_> = seen
            .iter()
            .filter(|p| p.activity == activity)
            .map(|p| (p.done, p.total))
            .collect();
        assert!(done.is_sorted() && done.len() >= 7, "{done:?}");
        assert_eq!(done.last(), Some(&(total, total)));
    }
}

#[test]
fn every_kind_of_chip_ends_with_the_same_content() {
    for extended_length in [true, false] {
        for reply_block in [None, Some(256), Some(100), Some(1)] {
            for short_ids in [true, false] {
                for life_cycle in [LifeCycle::Creation, LifeCycle::Initialisation] {
                    let features = Features {
                        extended_length,
                        reply_block,
                        short_ids,
                    };
                    let card = share(
                        CardCore::blank(uid())
                            .with_features(features)
                            .with_life_cycle(life_cycle),
                    );
                    let mut chip = chip(&card);
                    chip.personalise(content(), |_| ())
                        .unwrap_or_else(|error| panic!("{features:?}: {error}"));
                    assert_eq!(chip.read_back(|_| ()), Ok(content().clone()), "{features:?}");
                    assert_eq!(chip.activate(), Ok(Activation::Done), "{features:?}");
                }
            }
        }
    }
}

#[test]
fn content_that_does_not_fit_leaves_the_blank_untouched() {
    let card = blank();
    let mut content = content().clone();
    content.groups.photo_jpeg.splice(2..2, [0; 1200]);
    let error = chip(&card).personalise(&content, |_| ()).unwrap_err();
    let needed = content.groups.photo_jpeg.len();
    let expected = ContentError::TooLarge {
        group: DataGroup::Photo,
        needed,
        capacity: 4094,
    };
    assert_eq!(error, CardError::Content(expected));
    assert_eq!(card.lock().unwrap().snapshot(), CardCore::blank(uid()).snapshot());
}

#[test]
fn a_card_of_another_kind_is_named_as_such() {
    let card = share(CardCore::foreign(uid()));
    assert_eq!(chip(&card).inspect(), Err(CardError::WrongCard("KTP-el")));
    assert_eq!(
        chip(&card).personalise(content(), |_| ()),
        Err(CardError::WrongCard("KTP-el"))
    );
}

#[test]
fn only_a_blank_is_written() {
    let card = personalised();
    let error = chip(&card).personalise(content(), |_| ());
    assert_eq!(error, Err(CardError::NotBlank(ChipCondition::Personalised)));
    chip(&card).activate().unwrap();
    let error = chip(&card).personalise(content(), |_| ());
    assert_eq!(error, Err(CardError::NotBlank(ChipCondition::Activated)));
}

#[test]
fn an_empty_chip_is_not_activated() {
    assert_eq!(
        chip(&blank()).activate(),
        Err(CardError::NotComplete(ChipCondition::Blank))
    );
}

#[test]
fn a_terminated_chip_is_worth_nothing() {
    let card = personalised();
    chip(&card).terminate().unwrap();
    assert_eq!(
        chip(&card).inspect().unwrap().condition,
        ChipCondition::Terminated
    );
    assert!(chip(&card).read_image(|_| ()).is_err());
    assert_eq!(
        chip(&card).activate(),
        Err(CardError::NotComplete(ChipCondition::Terminated))
    );
}

#[test]
fn content_copied_to_another_chip_is_found() {
    let copy = share(CardCore::blank("04000000000001".parse().unwrap()));
    let mut chip = chip(&copy);
    chip.personalise(content(), |_| ()).unwrap();
    let image = chip.read_image(|_| ()).unwrap();
    assert!(office().public().verify(&uid(), &image).is_ok());
    assert!(
        office()
            .public()
            .verify(&copy.lock().unwrap().uid(), &image)
            .is_err()
    );
}

#[test]
fn an_interrupted_chip_says_which_file_is_bad() {
    let card = personalised();
    let mut core = card.lock().unwrap();
    assert_eq!(core.process(&[0, 0xA4, 0, 0, 2, 0x7F, 0x0A]), Some(vec![0x90, 0]));
    for (prefix, fault) in [
        ([0, 0], PrefixFault::Empty),
        ([0xFF, 0xFF], PrefixFault::BeingWritten),
        ([0x20, 0], PrefixFault::Impossible),
    ] {
        let [high, low] = prefix;
        assert_eq!(
            core.process(&[0, 0xD6, 0x92, 0, 2, high, low]),
            Some(vec![0x90, 0])
        );
        drop(core);
        let error = chip(&card).read_image(|_| ()).unwrap_err();
        assert!(
            matches!(error, CardError::Unreadable { group: DataGroup::Photo, fault: found, .. } if found == fault)
        );
        core = card.lock().unwrap();
        core.process(&[0, 0xA4, 0, 0, 2, 0x7F, 0x0A]);
    }
}

/// The commands of public KTP-el readers, byte for byte.
#[test]
fn public_readers_get_the_photo() {
    let card = personalised();
    let mut core = card.lock().unwrap();
    let mut send = |apdu: &[u8]| core.process(apdu).unwrap();
    assert_eq!(
        send(&[0xFF, 0xCA, 0, 0, 0]),
        [uid().as_bytes(), &[0x90, 0]].concat()
    );
    assert_eq!(send(&[0x00, 0xA4, 0, 0, 2, 0x7F, 0x0A]), [0x90, 0x00]);
    assert_eq!(send(&[0x00, 0xA4, 0, 0, 2, 0x6F, 0xF2]), [0x90, 0x00]);
    let photo = &content().groups.photo_jpeg;
    let start = send(&[0x00, 0xB0, 0, 0, 8]);
    assert_eq!(start[..2], (photo.len() as u16).to_be_bytes());
    assert_eq!(start[2..8], photo[..6]);
    assert_eq!(send(&[0x00, 0xB0, 1, 8, 0])[..256], photo[0x106..0x206]);
    assert_eq!(send(&[0x00, 0xA4, 0, 0, 2, 0x6F, 0xF0]), [0x90, 0x00]);
    assert_eq!(send(&[0x00, 0xB0, 0, 0, 0x35]).len(), 0x35 + 2);
    assert_eq!(send(&[0x00, 0x84, 0, 0, 8]).len(), 8 + 2);
}

#[test]
fn an_activated_chip_takes_no_writes() {
    let card = personalised();
    chip(&card).activate().unwrap();
    let before = card.lock().unwrap().snapshot();
    let mut core = card.lock().unwrap();
    core.process(&[0, 0xA4, 0, 0, 2, 0x7F, 0x0A]);
    assert_eq!(core.process(&[0, 0xD6, 0x92, 0, 1, 0xAA]), Some(vec![0x69, 0x85]));
    assert_eq!(core.snapshot(), before);
}

#[test]
fn the_atr_ends_with_its_check_byte() {
    for card in [CardCore::blank(uid()), CardCore::foreign(uid())] {
        // TCK makes the exclusive-or of all bytes from T0 on zero (ISO/IEC 7816-3:2006, 8.2.5).
        assert_eq!(card.atr()[1..].iter().fold(0, |sum, byte| sum ^ byte), 0);
    }
}
