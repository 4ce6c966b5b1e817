//! The holder's data as EF 6FF1 carries it: one line of quoted fields with commas between.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, tag},
    character::complete::char,
    combinator::{all_consuming, value},
    multi::{fold_many0, separated_list1},
    sequence::delimited,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

/// Fields of the line.
pub const FIELDS: usize = 21;

/// Birth date on chip and card face: day, month, year.
const DATE: &[BorrowedFormatItem<'_>] = format_description!("[day]-[month]-[year]");

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// The holder's data, under the names the civil registry uses.
///
/// Texts are as the registry writes them and go to the chip in UTF-8. `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Biodata {
    /// Nomor Induk Kependudukan: 16 digits.
    pub nik: String,
    /// Street address.
    pub alamat: String,
    /// Rukun tetangga (neighbourhood), as printed: usually three digits.
    pub rt: String,
    /// Rukun warga (group of neighbourhoods), as printed.
    pub rw: String,
    /// Place of birth.
    pub tempat_lahir: String,
    /// District.
    pub kecamatan: String,
    /// Village or ward.
    pub kelurahan: String,
    /// Regency or city.
    pub kabupaten: String,
    /// `LAKI-LAKI` or `PEREMPUAN`.
    pub jenis_kelamin: String,
    /// Blood group; `-` when unknown.
    pub golongan_darah: String,
    /// Religion or belief.
    pub agama: String,
    /// Marital status.
    pub status_perkawinan: String,
    /// Occupation.
    pub pekerjaan: String,
    /// Full name.
    pub nama: String,
    /// Date of birth; `YYYY-MM-DD` where this is serialised.
    #[serde(with = "iso_date")]
    pub tanggal_lahir: Date,
    /// Province.
    pub provinsi: String,
    /// Nationality: `WNI` for citizens.
    pub kewarganegaraan: String,
    /// Fields 17, 18, 19 and 21 of the line, whose meaning is not public. Carried unchanged, empty on new cards.
    #[serde(default)]
    pub unknown: [String; 4],
}

/// Why a line is not, or cannot become, biodata. Never says what the fields hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BiodataError {
    /// NIK of another form.
    #[error("the NIK is not 16 digits: correct the record")]
    Nik,
    /// A field that would break the line.
    #[error("field `{0}` holds a line break or another control character: correct the record")]
    ControlCharacter(&'static str),
    /// Not UTF-8, or not quoted fields.
    #[error("the chip's biodata is not a line of quoted fields")]
    NotALine,
    /// Another number of fields.
    #[error("the chip's biodata has {0} fields instead of {FIELDS}")]
    FieldCount(usize),
    /// Not DD-MM-YYYY.
    #[error("the chip's biodata has an impossible birth date")]
    BirthDate,
}

/// One quoted field; a quote inside is doubled (RFC 4180, section 2, rule 7: the public format does not say).
fn field(input: &str) -> IResult<&str, String> {
    let part = alt((is_not("\""), value("\"", tag("\"\""))));
    let text = fold_many0(part, String::new, |text, part| text + part);
    delimited(char('"'), text, char('"')).parse(input)
}

impl Biodata {
    /// The fields in the public order, with the birth date as text.
    fn fields<'a>(&'a self, birth: &'a str) -> [(&'static str, &'a str); FIELDS] {
        [
            ("nik", &self.nik),
            ("alamat", &self.alamat),
            ("rt", &self.rt),
            ("rw", &self.rw),
            ("tempat_lahir", &self.tempat_lahir),
            ("kecamatan", &self.kecamatan),
            ("kelurahan", &self.kelurahan),
            ("kabupaten", &self.kabupaten),
            ("jenis_kelamin", &self.jenis_kelamin),
            ("golongan_darah", &self.golongan_darah),
            ("agama", &self.agama),
            ("status_perkawinan", &self.status_perkawinan),
            ("pekerjaan", &self.pekerjaan),
            ("nama", &self.nama),
            ("tanggal_lahir", birth),
            ("provinsi", &self.provinsi),
            ("unknown 17", &self.unknown[0]),
            ("unknown 18", &self.unknown[1]),
            ("unknown 19", &self.unknown[2]),
            ("kewarganegaraan", &self.kewarganegaraan),
            ("unknown 21", &self.unknown[3]),
        ]
    }

    /// The line for EF 6FF1.
    ///
    /// # Errors
    /// [`BiodataError`] naming the field that cannot be written.
    pub fn encode(&self) -> Result<Vec<u8>, BiodataError> {
        if self.nik.len() != 16 || !self.nik.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BiodataError::Nik);
        }
        let birth = self
            .tanggal_lahir
            .format(DATE)
            .map_err(|_| BiodataError::BirthDate)?;
        let mut line = String::with_capacity(256);
        for (name, text) in self.fields(&birth) {
            if text.chars().any(char::is_control) {
                return Err(BiodataError::ControlCharacter(name));
            }
            if !line.is_empty() {
                line.push(',');
            }
            line.push('"');
            line.push_str(&text.replace('"', "\"\""));
            line.push('"');
        }
        Ok(line.into_bytes())
    }

    /// Reads the line of EF 6FF1.
    ///
    /// # Errors
    /// [`BiodataError`] when it is not such a line.
    pub fn decode(line: &[u8]) -> Result<Self, BiodataError> {
        let line = str::from_utf8(line).map_err(|_| BiodataError::NotALine)?;
        let (_, fields) = all_consuming(separated_list1(char(','), field))
            .parse(line.trim_end_matches(['\r', '\n', '\0']))
            .map_err(|_| BiodataError::NotALine)?;
        let fields: [String; FIELDS] = fields
            .try_into()
            .map_err(|fields: Vec<_>| BiodataError::FieldCount(fields.len()))?;
        let [
            nik,
            alamat,
            rt,
            rw,
            tempat_lahir,
            kecamatan,
            kelurahan,
            kabupaten,
            jenis_kelamin,
            golongan_darah,
            agama,
            status_perkawinan,
            pekerjaan,
            nama,
            birth,
            provinsi,
            unknown_17,
            unknown_18,
            unknown_19,
            kewarganegaraan,
            unknown_21,
        ] = fields;
        Ok(Self {
            nik,
            alamat,
            rt,
            rw,
            tempat_lahir,
            kecamatan,
            kelurahan,
            kabupaten,
            jenis_kelamin,
            golongan_darah,
            agama,
            status_perkawinan,
            pekerjaan,
            nama,
            tanggal_lahir: Date::parse(&birth, DATE).map_err(|_| BiodataError::BirthDate)?,
            provinsi,
            kewarganegaraan,
            unknown: [unknown_17, unknown_18, unknown_19, unknown_21],
        })
    }
}

/// Shows nothing of the holder.
impl std::fmt::Debug for Biodata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Biodata(..)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};
    use time::macros::date;

    use super::*;

    /// An invented person; the NIK's region 99 does not exist.
    pub(crate) fn invented() -> Biodata {
        Biodata {
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
        }
    }

    #[test]
    fn the_line_has_the_public_field_order() {
        let line = String::from_utf8(invented().encode().unwrap()).unwrap();
        assert_eq!(
            line,
            "\"9971234101850001\",\"JL. KENANGA NO. 5\",\"003\",\"007\",\"KOTA CONTOH\",\"CONTOH UTARA\",\"SUKAMAJU\",\
             \"KOTA CONTOH\",\"LAKI-LAKI\",\"O\",\"ISLAM\",\"KAWIN\",\"WIRASWASTA\",\"BUDI CONTOH\",\"01-01-1985\",\
             \"PROVINSI CONTOH\",\"\",\"\",\"\",\"WNI\",\"\""
        );
        assert_eq!(Biodata::decode(line.as_bytes()), Ok(invented()));
    }

    #[test]
    fn quotes_and_commas_inside_a_field_survive() {
        let mut biodata = invented();
        biodata.alamat = "GANG \"MAWAR\", NO. 1".into();
        biodata.nama = "MA'RUF".into();
        assert_eq!(Biodata::decode(&biodata.encode().unwrap()), Ok(biodata));
    }

    #[test]
    fn what_would_break_the_line_is_refused_by_name() {
        let mut biodata = invented();
        biodata.alamat = "JL. A\nJL. B".into();
        assert_eq!(biodata.encode(), Err(BiodataError::ControlCharacter("alamat")));
        biodata = invented();
        biodata.nik.pop();
        assert_eq!(biodata.encode(), Err(BiodataError::Nik));
    }

    #[test]
    fn other_lines_are_refused() {
        assert_eq!(Biodata::decode(b""), Err(BiodataError::NotALine));
        assert_eq!(Biodata::decode(b"\"a\",\"b\""), Err(BiodataError::FieldCount(2)));
        assert_eq!(Biodata::decode(&[0xFF; 30]), Err(BiodataError::NotALine));
        let impossible = String::from_utf8(invented().encode().unwrap())
            .unwrap()
            .replace("01-01-1985", "31-02-1985");
        assert_eq!(
            Biodata::decode(impossible.as_bytes()),
            Err(BiodataError::BirthDate)
        );
    }

    #[test]
    fn debug_output_names_nobody() {
        assert_eq!(format!("{:?}", invented()), "Biodata(..)");
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(0x7816), ..ProptestConfig::default() })]

        #[test]
        fn any_printable_text_survives_the_chip(name in "\\PC{0,40}", address in "\\PC{0,40}") {
            let biodata = Biodata { nama: name, alamat: address, ..invented() };
            prop_assume!(biodata.encode().is_ok());
            prop_assert_eq!(Biodata::decode(&biodata.encode().unwrap()), Ok(biodata));
        }

        #[test]
        fn no_line_makes_the_parser_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Biodata::decode(&line);
        }
    }
}
