//! Who the sample applicants are.

use host_driver::office::nik::{KkNumber, Nik};
use host_driver::office::record::{Biodata, RecordStatus, Sex};
use time::Date;
use time::macros::date;

use super::Hand;
use crate::finger::{Press, RealScans};

/// A sample applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The right person with everything in order: ends with a card.
    Budi,
    /// Somebody else's finger is laid on the sensor.
    WrongFinger,
    /// Documents are missing: the application goes back.
    Incomplete,
    /// Nobody knows this NIK.
    Unknown,
    /// The record has been sent but is not ready to print.
    NotReady,
    /// The fingers are so dry that nothing can be read.
    Unreadable,
}

impl Sample {
    /// All samples.
    pub const ALL: [Self; 6] = [
        Self::Budi,
        Self::WrongFinger,
        Self::Incomplete,
        Self::Unknown,
        Self::NotReady,
        Self::Unreadable,
    ];

    /// The name that `--applicant` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Budi => "budi",
            Self::WrongFinger => "wrong-finger",
            Self::Incomplete => "incomplete",
            Self::Unknown => "unknown",
            Self::NotReady => "not-ready",
            Self::Unreadable => "unreadable",
        }
    }

    /// The sample of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sample| sample.name() == name)
    }
}

/// What is known of a person before fingers and pictures are made.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) nik: Nik,
    pub(super) kk: KkNumber,
    pub(super) contact: &'static str,
    pub(super) documents_complete: bool,
    /// `None`: there is no record.
    pub(super) status: Option<RecordStatus>,
    pub(super) biodata: Biodata,
    pub(super) signature_seed: u64,
}

/// Province (99: there is none), city and district of the made-up numbers.
const REGION: &str = "997402";

/// Registration date in the made-up family card numbers, DDMMYY.
const REGISTERED: &str = "120319";

/// Where the samples differ.
struct Particulars {
    name: &'static str,
    birthplace: &'static str,
    born: Date,
    sex: Sex,
    blood: &'static str,
    address: &'static str,
    neighbourhood: [&'static str; 2],
    village: &'static str,
    district: &'static str,
    married: &'static str,
    occupation: &'static str,
    contact: &'static str,
    serial: u16,
    status: Option<RecordStatus>,
}

pub(super) fn person(sample: Sample) -> Person {
    let particulars = particulars(sample);
    Person {
        name: particulars.name,
        nik: nik(particulars.born, particulars.sex, particulars.serial),
        kk: kk(particulars.serial),
        contact: particulars.contact,
        documents_complete: sample != Sample::Incomplete,
        status: particulars.status,
        signature_seed: u64::from(particulars.serial),
        biodata: Biodata {
            nama: particulars.name.into(),
            tempat_lahir: particulars.birthplace.into(),
            tanggal_lahir: particulars.born,
            jenis_kelamin: particulars.sex,
            golongan_darah: particulars.blood.into(),
            alamat: particulars.address.into(),
            rt: particulars.neighbourhood[0].into(),
            rw: particulars.neighbourhood[1].into(),
            kelurahan: particulars.village.into(),
            kecamatan: particulars.district.into(),
            kabupaten: "KOTA PADANG PANJANG".into(),
            provinsi: "SUMATERA BARAT".into(),
            agama: "ISLAM".into(),
            status_perkawinan: particulars.married.into(),
            pekerjaan: particulars.occupation.into(),
            kewarganegaraan: "WNI".into(),
        },
    }
}

fn particulars(sample: Sample) -> Particulars {
    let ready = Some(RecordStatus::PrintReadyRecord);
    match sample {
        Sample::Budi => Particulars {
            name: "BUDI CONTOH SANTOSO",
            birthplace: "PADANG PANJANG",
            born: date!(1991 - 08 - 17),
            sex: Sex::Male,
            blood: "O",
            address: "JL. CONTOH NO. 17",
            neighbourhood: ["004", "002"],
            village: "GUGUK MALINTANG",
            district: "PADANG PANJANG TIMUR",
            married: "KAWIN",
            occupation: "WIRASWASTA",
            contact: "081200000001",
            serial: 1,
            status: ready,
        },
        Sample::WrongFinger => Particulars {
            name: "SITI CONTOH RAHMAWATI",
            birthplace: "BUKITTINGGI",
            born: date!(1988 - 03 - 05),
            sex: Sex::Female,
            blood: "A",
            address: "JL. MISAL NO. 8",
            neighbourhood: ["011", "003"],
            village: "BALAI-BALAI",
            district: "PADANG PANJANG BARAT",
            married: "KAWIN",
            occupation: "GURU",
            contact: "081200000002",
            serial: 2,
            status: ready,
        },
        Sample::Incomplete => Particulars {
            name: "AGUS CONTOH PERMANA",
            birthplace: "SOLOK",
            born: date!(2000 - 12 - 31),
            sex: Sex::Male,
            blood: "-",
            address: "JL. ANDAI NO. 3",
            neighbourhood: ["001", "001"],
            village: "NGALAU",
            district: "PADANG PANJANG TIMUR",
            married: "BELUM KAWIN",
            occupation: "PELAJAR/MAHASISWA",
            contact: "081200000003",
            serial: 3,
            status: ready,
        },
        Sample::Unknown => Particulars {
            name: "DEWI CONTOH LESTARI",
            birthplace: "PADANG",
            born: date!(1979 - 01 - 20),
            sex: Sex::Female,
            blood: "B",
            address: "JL. UMPAMA NO. 21",
            neighbourhood: ["007", "005"],
            village: "SILAING BAWAH",
            district: "PADANG PANJANG BARAT",
            married: "CERAI MATI",
            occupation: "PEDAGANG",
            contact: "081200000004",
            serial: 4,
            status: None,
        },
        Sample::NotReady => Particulars {
            name: "RIZKI CONTOH PRATAMA",
            birthplace: "PAYAKUMBUH",
            born: date!(2008 - 06 - 01),
            sex: Sex::Male,
            blood: "AB",
            address: "JL. TAMSIL NO. 5",
            neighbourhood: ["002", "004"],
            village: "EKOR LUBUK",
            district: "PADANG PANJANG TIMUR",
            married: "BELUM KAWIN",
            occupation: "PELAJAR/MAHASISWA",
            contact: "081200000005",
            serial: 5,
            status: Some(RecordStatus::SentForEnrollment),
        },
        Sample::Unreadable => Particulars {
            name: "HASAN CONTOH BASRI",
            birthplace: "BATUSANGKAR",
            born: date!(1953 - 11 - 09),
            sex: Sex::Male,
            blood: "O",
            address: "JL. CONTOH NO. 99",
            neighbourhood: ["009", "006"],
            village: "TANAH HITAM",
            district: "PADANG PANJANG BARAT",
            married: "KAWIN",
            occupation: "PETANI/PEKEBUN",
            contact: "081200000006",
            serial: 6,
            status: ready,
        },
    }
}

/// Region 6, birth date DDMMYY with 40 added to a woman's day, serial 4 (facts: "NIK and KK").
fn nik(born: Date, sex: Sex, serial: u16) -> Nik {
    let day = born.day() + if sex == Sex::Female { 40 } else { 0 };
    let (month, year) = (u8::from(born.month()), born.year() % 100);
    let number = format!("{REGION}{day:02}{month:02}{year:02}{serial:04}");
    Nik::parse(&number).expect("region 6, date 6 and serial 4 are 16 digits")
}

fn kk(serial: u16) -> KkNumber {
    let number = format!("{REGION}{REGISTERED}{serial:04}");
    KkNumber::parse(&number).expect("region 6, date 6 and serial 4 are 16 digits")
}

/// The hand that was enrolled and the hand that comes to the counter.
pub(super) fn synthetic_hands(sample: Sample) -> [Hand; 2] {
    let press = if sample == Sample::Unreadable {
        Press::Faint
    } else {
        Press::Ordinary
    };
    let owner = Hand::grow(1000 + 10 * sample as u64, press);
    let brings = if sample == Sample::WrongFinger {
        Hand::grow(2000, press)
    } else {
        owner.clone()
    };
    [owner, brings]
}

/// As [`synthetic_hands`], with the scans' fingers. Real fingers that cannot be read are not in the set: that sample
/// brings synthetic ones to the counter.
pub(super) fn real_hands(sample: Sample, scans: &RealScans) -> [Hand; 2] {
    let hand = |right, left, other| Hand::Real {
        scans: scans.clone(),
        right,
        left,
        other,
    };
    let owner = hand(101, 102, 104);
    match sample {
        Sample::WrongFinger => [owner, hand(105, 106, 107)],
        Sample::Unreadable => [owner, Hand::grow(1000, Press::Faint)],
        _ => [owner.clone(), owner],
    }
}
