//! *Berita acara pemusnahan*: the record of destroyed blanks, as a PDF to be signed and filed.

use super::clock::Moment;
use crate::config;
use crate::issuance::machine::RejectReason;
use crate::store::Destroyed;
use krilla::Document;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Stroke;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};

/// A4, in points of 1/72 inch.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const LEFT: f32 = 70.0;
const RIGHT: f32 = WIDTH - 70.0;
/// Distance of lines of running text, and of rows.
const LEADING: f32 = 15.0;
/// Rows on the first page, which has a heading, and on each further one.
const FIRST_ROWS: usize = 36;
const MORE_ROWS: usize = 45;
/// Room for the sums by reason and the closing sentence, and for two signatures side by side, in rows.
const CLOSING_ROWS: usize = 7;
const SIGNATURE_ROWS: usize = 6;
/// Who can sign as a witness: more do not fit on one page with the rest of the closing.
pub const MOST_WITNESSES: usize = 10;
/// Where the columns of the table begin: number, UID, application, reason, day.
const COLUMNS: [f32; 5] = [LEFT + 4.0, LEFT + 34.0, LEFT + 164.0, LEFT + 244.0, LEFT + 374.0];

static REGULAR: &[u8] = include_bytes!("../face/fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../face/fonts/LiberationSans-Bold.ttf");

/// What stands in a record besides the blanks.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// Its number in the office's register.
    pub number: &'a str,
    /// Who destroyed them.
    pub who: &'a str,
    /// Who watched; each signs.
    pub witnesses: &'a [String],
    /// When.
    pub at: Moment,
}

/// The record could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the record of destruction could not be drawn: {0}")]
pub struct NotDrawn(String);

/// The reason in words, as the ministry's list has it.
pub fn reason_in_words(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::GagalEncode => "Gagal encode",
        RejectReason::Rusak => "Rusak",
        RejectReason::GagalCetak => "Gagal cetak",
        RejectReason::PerubahanElemenData => "Perubahan elemen data",
    }
}

/// Draws the record of `blanks`.
///
/// # Errors
/// [`NotDrawn`] if the fonts or the document cannot be made, which the tests exclude.
pub fn to_pdf(
    office: &config::Office,
    record: &Record<'_>,
    blanks: &[Destroyed],
) -> Result<Vec<u8>, NotDrawn> {
    let font = |data: &'static [u8]| Font::new(data.into(), 0).ok_or_else(|| NotDrawn("a font".into()));
    let fonts = Fonts {
        regular: font(REGULAR)?,
        bold: font(BOLD)?,
    };
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(format!("Berita acara {}", record.number))
            .language("id".into()),
    );
    let mut pages = pages(blanks.len(), record.witnesses.len());
    let count = pages.len();
    let mut rows = blanks.iter().enumerate();
    for (number, (room, has_signatures)) in pages.drain(..).enumerate() {
        let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| NotDrawn("a page".into()))?;
        let mut page = document.start_page_with(size);
        {
            let mut sheet = Sheet {
                surface: page.surface(),
                fonts: &fonts,
                y: 70.0,
            };
            if number == 0 {
                heading(&mut sheet, office, record, blanks.len());
            }
            if room > 0 {
                sheet.row(
                    &fonts.bold,
                    &["No.", "UID", "Permohonan", "Alasan", "Ditolak"].map(String::from),
                );
            }
            for (place, blank) in rows.by_ref().take(room) {
                let offset = office.utc_offset_minutes;
                let cells = [
                    format!("{}", place + 1),
                    blank
                        .uid
                        .as_ref()
                        .map_or("tidak terbaca".into(), ToString::to_string),
                    blank.application.to_string(),
                    reason_in_words(blank.reason).into(),
                    blank.rejected_at.local_day(offset),
                ];
                sheet.row(&fonts.regular, &cells);
            }
            if has_signatures {
                summary(&mut sheet, blanks);
                signatures(&mut sheet, record);
            }
            let foot = format!(
                "Berita acara {} - halaman {} dari {count}",
                record.number,
                number + 1
            );
            sheet.text(LEFT, HEIGHT - 40.0, 8.0, &fonts.regular, &foot);
        }
        page.finish();
    }
    document.finish().map_err(|error| NotDrawn(format!("{error:?}")))
}

/// Rows of each page, and whether it has the signatures.
fn pages(blanks: usize, witnesses: usize) -> Vec<(usize, bool)> {
    // Whoever destroyed them and the head of the office sign too.
    let signatures = (witnesses.min(MOST_WITNESSES) + 2).div_ceil(2) * SIGNATURE_ROWS;
    let mut pages = Vec::new();
    let mut left = blanks;
    let mut room = FIRST_ROWS;
    loop {
        let rows = left.min(room);
        left -= rows;
        let fits = left == 0 && room - rows >= CLOSING_ROWS + signatures;
        pages.push((rows, fits));
        if fits {
            return pages;
        }
        room = MORE_ROWS;
    }
}

struct Fonts {
    regular: Font,
    bold: Font,
}

struct Sheet<'a> {
    surface: Surface<'a>,
    fonts: &'a Fonts,
    /// Where the next line goes.
    y: f32,
}

impl Sheet<'_> {
    fn text(&mut self, x: f32, y: f32, size: f32, font: &Font, text: &str) {
        let start = Point::from_xy(x, y);
        self.surface
            .draw_text(start, font.clone(), size, text, false, TextDirection::Auto);
    }

    fn line(&mut self, size: f32, font: &Font, text: &str) {
        self.text(LEFT, self.y, size, font, text);
        self.y += LEADING;
    }

    fn rule(&mut self, y: f32, from: f32, to: f32) {
        let mut path = PathBuilder::new();
        path.move_to(from, y);
        path.line_to(to, y);
        let Some(path) = path.finish() else { return };
        self.surface.set_stroke(Some(Stroke {
            width: 0.5,
            ..Stroke::default()
        }));
        self.surface.draw_path(&path);
        self.surface.set_stroke(None);
    }

    fn row(&mut self, font: &Font, cells: &[String; 5]) {
        for (x, cell) in COLUMNS.into_iter().zip(cells) {
            self.text(x, self.y, 10.0, font, cell);
        }
        self.rule(self.y + 4.0, LEFT, RIGHT);
        self.y += LEADING;
    }
}

fn heading(sheet: &mut Sheet<'_>, office: &config::Office, record: &Record<'_>, count: usize) {
    let fonts = sheet.fonts;
    sheet.line(11.0, &fonts.bold, &office.name);
    sheet.line(
        10.0,
        &fonts.regular,
        &format!("{}, PROVINSI {}", office.regency, office.province),
    );
    sheet.rule(sheet.y - 6.0, LEFT, RIGHT);
    sheet.y += 14.0;
    sheet.line(13.0, &fonts.bold, "BERITA ACARA PEMUSNAHAN BLANGKO KTP-EL");
    sheet.line(10.0, &fonts.regular, &format!("Nomor: {}", record.number));
    sheet.y += 8.0;
    let day = record.at.local(office.utc_offset_minutes);
    let when = format!(
        "Pada hari ini {}, di {},",
        in_words(day.date()),
        office.office_place
    );
    sheet.line(10.0, &fonts.regular, &when);
    let what = format!("telah dimusnahkan {count} keping blangko KTP-el yang tidak dapat dipakai, yaitu:");
    sheet.line(10.0, &fonts.regular, &what);
    sheet.y += 8.0;
}

fn summary(sheet: &mut Sheet<'_>, blanks: &[Destroyed]) {
    let fonts = sheet.fonts;
    sheet.y += 8.0;
    for reason in RejectReason::ALL {
        let count = blanks.iter().filter(|blank| blank.reason == reason).count();
        if count > 0 {
            sheet.line(
                10.0,
                &fonts.regular,
                &format!("{}: {count} keping", reason_in_words(reason)),
            );
        }
    }
}

fn signatures(sheet: &mut Sheet<'_>, record: &Record<'_>) {
    let fonts = sheet.fonts;
    sheet.y += 8.0;
    sheet.line(
        10.0,
        &fonts.regular,
        "Demikian berita acara ini dibuat dengan sebenarnya untuk dipergunakan sebagaimana mestinya.",
    );
    sheet.y += 10.0;
    let mut places = vec![("Yang memusnahkan", record.who.to_owned())];
    places.extend(record.witnesses.iter().map(|name| ("Saksi", name.clone())));
    places.push(("Mengetahui, Kepala Dinas", String::new()));
    for pair in places.chunks(2) {
        for (column, (role, name)) in pair.iter().enumerate() {
            let x = LEFT + 240.0 * column as f32;
            sheet.text(x, sheet.y, 10.0, &fonts.regular, role);
            sheet.rule(sheet.y + 44.0, x, x + 170.0);
            sheet.text(x, sheet.y + 56.0, 10.0, &fonts.regular, name);
        }
        sheet.y += 78.0;
    }
}

/// A date as a letter has it: `Selasa, 1 Desember 2026`.
fn in_words(date: time::Date) -> String {
    const DAYS: [&str; 7] = ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"];
    const MONTHS: [&str; 12] = [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ];
    let day = DAYS[usize::from(date.weekday().number_days_from_monday())];
    let month = MONTHS[usize::from(u8::from(date.month())) - 1];
    format!("{day}, {} {month} {}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuance::machine::CardUid;
    use crate::store::ApplicationId;
    use time::macros::date;

    fn blanks(count: usize) -> Vec<Destroyed> {
        (0..count)
            .map(|number| Destroyed {
                uid: (number % 5 != 4).then(|| CardUid::from_bytes(&[4, 0x4B, 0x54, 0, 0, 1, number as u8])),
                application: ApplicationId(100 + number as i64),
                reason: RejectReason::ALL[number % 4],
                rejected_at: Moment::from_millis(1_796_000_000_000),
            })
            .collect()
    }

    #[test]
    fn every_blank_has_a_row_and_the_signatures_a_place() {
        for count in [1, 12, 13, 26, 27, 54, 55, 300] {
            let pages = pages(count, count % 11);
            assert_eq!(pages.iter().map(|(rows, _)| rows).sum::<usize>(), count);
            assert_eq!(pages.iter().filter(|(_, signed)| *signed).count(), 1, "{count}");
            assert!(pages.last().unwrap().1);
        }
    }

    #[test]
    fn the_record_is_a_pdf_of_that_many_pages() {
        let office: config::Office = toml::from_str(
            "name = 'Disdukcapil Padang Panjang'\nprovince = 'SUMATERA BARAT'\nregency = 'KOTA PADANG PANJANG'\n\
             office_place = 'PADANG PANJANG'\ncounter = 2",
        )
        .unwrap();
        let witnesses = ["Sari Dewi".to_owned(), "Ahmad Yani".to_owned()];
        let record = Record {
            number: "470/12/2026",
            who: "operator",
            witnesses: &witnesses,
            at: Moment::from_millis(1_796_090_400_000),
        };
        let pdf = to_pdf(&office, &record, &blanks(40)).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        // To be looked at.
        if let Some(folder) = std::env::var_os("LOKET_KEEP") {
            std::fs::write(std::path::Path::new(&folder).join("berita-acara.pdf"), &pdf).unwrap();
        }
    }

    #[test]
    fn a_date_is_written_as_in_a_letter() {
        assert_eq!(in_words(date!(2026 - 12 - 01)), "Selasa, 1 Desember 2026");
        assert_eq!(in_words(date!(2027 - 01 - 31)), "Minggu, 31 Januari 2027");
    }
}
