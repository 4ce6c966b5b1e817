//! Where each text stands on the card, and how it is made to fit.
//!
//! Distances are dots of the 1016 x 648 frame, 11.8 of them to a millimetre; the card's edge is about 3 dots inside
//! the frame at the sides and 5 at top and bottom.

use super::font::{Weight, width};
use super::{Area, CardFace, FaceError, Signature, WIDTH};

/// Frame of the photo: 20.0 x 25.4 mm.
pub(super) const PHOTO: Area = Area {
    x: 748,
    y: 131,
    width: 236,
    height: 300,
};

/// The signature stands under the date of issue, enlarged by 1.25: 17.8 mm wide.
pub(super) const SIGNATURE: Area = Area {
    x: PHOTO.x + PHOTO.width / 2 - Signature::WIDTH * 5 / 8,
    y: 536,
    width: Signature::WIDTH * 5 / 4,
    height: Signature::HEIGHT * 5 / 4,
};

/// Left edge of labels.
const LABEL_X: f32 = 40.0;
/// Left edge of the labels that belong to the address.
const SUB_LABEL_X: f32 = 72.0;
/// The column of colons.
const COLON_X: f32 = 274.0;
/// Left edge of values.
const VALUE_X: f32 = 292.0;
/// Where values must end, clear of the photo.
const VALUE_END: f32 = PHOTO.x as f32 - 20.0;
/// Blood group: label, colon and value on the line of the sex.
const BLOOD_LABEL_X: f32 = 508.0;
const BLOOD_COLON_X: f32 = 646.0;
const BLOOD_VALUE_X: f32 = 662.0;

/// Header lines: baselines, size, and the width they may take.
const HEADER_BASELINES: [f32; 2] = [58.0, 98.0];
const HEADER_SIZE: f32 = 35.0;
const HEADER_WIDTH: f32 = WIDTH as f32 - 2.0 * LABEL_X;

/// The line of the NIK, larger than the others.
const NIK_BASELINE: f32 = 160.0;
const NIK_SIZE: f32 = 39.0;
const NIK_SPACING: f32 = 1.5;

/// Baselines of the first and the last line of the fields.
const FIRST_BASELINE: f32 = 202.0;
const LAST_BASELINE: f32 = 612.0;
/// Distance of baselines when there is room.
const LINE_PITCH: f32 = 36.5;
/// Size of letters as a part of the distance of baselines.
const SIZE_OF_PITCH: f32 = 0.74;
/// Letters smaller than 4.1 points (17 dots) are not legible in black resin at 300 dpi.
const SMALLEST: f32 = 17.0;
/// A value has at most so many lines.
const MOST_LINES: usize = 3;

/// Lines under the photo.
const DATE_BASELINE: f32 = 518.0;
const PLACE_SIZE: f32 = 26.0;
const PLACE_PITCH: f32 = 29.0;
/// The place may be a little wider than the photo.
const PLACE_WIDTH: f32 = PHOTO.width as f32 + 16.0;

/// A text that needs no smaller letters than this part of the usual size stays on one line.
const LITTLE: f32 = 0.84;

/// Where `x` of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
}

/// One line of text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) x: f32,
    pub(super) baseline: f32,
    /// Size of the letters: distance of baselines of text set solid.
    pub(super) size: f32,
    /// Additional room after each letter.
    pub(super) spacing: f32,
    pub(super) weight: Weight,
    pub(super) align: Align,
    pub(super) content: String,
}

/// All lines of a card.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) texts: Vec<Text>,
}

/// A labelled value of the card.
struct Field<'a> {
    label: &'static str,
    /// Belongs to the address and is indented.
    sub: bool,
    value: &'a str,
}

/// A value, broken into lines of one size.
struct Fitted {
    lines: Vec<String>,
    size: f32,
}

impl Layout {
    /// Places every text of `face`.
    pub(super) fn of(face: &CardFace) -> Result<Self, FaceError> {
        let mut texts = Vec::new();
        header(&mut texts, face)?;
        nik(&mut texts, face)?;
        fields(&mut texts, face)?;
        issue(&mut texts, face)?;
        Ok(Self { texts })
    }
}

fn header(texts: &mut Vec<Text>, face: &CardFace) -> Result<(), FaceError> {
    let province = prefixed(&face.province, "PROVINSI", &["PROVINSI "]);
    let regency = prefixed(&face.regency, "KABUPATEN", &["KABUPATEN ", "KOTA ", "KAB. "]);
    let lines = [("Provinsi", province), ("Kabupaten/Kota", regency)];
    for ((field, text), baseline) in lines.into_iter().zip(HEADER_BASELINES) {
        let size = shrink(field, &text, HEADER_SIZE, HEADER_WIDTH, Weight::Bold)?;
        texts.push(Text {
            x: WIDTH as f32 / 2.0,
            baseline,
            size,
            spacing: 0.0,
            weight: Weight::Bold,
            align: Align::Centre,
            content: text,
        });
    }
    Ok(())
}

fn nik(texts: &mut Vec<Text>, face: &CardFace) -> Result<(), FaceError> {
    let value = cleaned(&face.nik);
    let room = VALUE_END - VALUE_X - NIK_SPACING * value.chars().count() as f32;
    let size = shrink("NIK", &value, NIK_SIZE, room, Weight::Bold)?;
    let parts = [
        (LABEL_X, NIK_SIZE, 0.0, "NIK".to_owned()),
        (COLON_X - 2.0, NIK_SIZE, 0.0, ":".to_owned()),
        (VALUE_X, size, NIK_SPACING, value),
    ];
    texts.extend(parts.into_iter().map(|(x, size, spacing, text)| Text {
        x,
        baseline: NIK_BASELINE,
        size,
        spacing,
        weight: Weight::Bold,
        align: Align::Left,
        content: text,
    }));
    Ok(())
}

fn fields(texts: &mut Vec<Text>, face: &CardFace) -> Result<(), FaceError> {
    let birth = format!("{}, {}", or_dash(&face.birth_place), date(face.birth_date));
    let neighbourhood = format!("{}/{}", or_dash(&face.rt), or_dash(&face.rw));
    let field = |label, value| Field {
        label,
        sub: false,
        value,
    };
    let sub = |label, value| Field {
        label,
        sub: true,
        value,
    };
    let fields = [
        field("Nama", &face.name),
        field("Tempat/Tgl Lahir", &birth),
        field(SEX, &face.sex),
        field("Alamat", &face.address),
        sub("RT/RW", &neighbourhood),
        sub("Kel/Desa", &face.village),
        sub("Kecamatan", &face.district),
        field("Agama", &face.religion),
        field("Status Perkawinan", &face.marital_status),
        field("Pekerjaan", &face.occupation),
        field("Kewarganegaraan", &face.citizenship),
        field("Berlaku Hingga", &face.valid_until),
    ];

    // More lines stand closer and are smaller, and smaller letters need fewer lines: look for the widest pitch
    // at which everything has its place.
    let mut pitch = LINE_PITCH;
    let fitted = loop {
        let size = pitch * SIZE_OF_PITCH;
        let fitted = fields
            .iter()
            .map(|field| fit(field, size))
            .collect::<Result<Vec<_>, _>>()?;
        let lines = fitted.iter().map(|value| value.lines.len()).sum::<usize>();
        if FIRST_BASELINE + pitch * (lines - 1) as f32 <= LAST_BASELINE {
            break fitted;
        }
        pitch -= 0.5;
        if pitch * SIZE_OF_PITCH < SMALLEST {
            let longest = fields.iter().max_by_key(|field| field.value.len());
            return Err(FaceError::TooLong {
                field: longest.map_or("Nama", |field| field.label),
            });
        }
    };

    let size = pitch * SIZE_OF_PITCH;
    let mut put = |x, baseline, size, text| {
        texts.push(Text {
            x,
            baseline,
            size,
            spacing: 0.0,
            weight: Weight::Regular,
            align: Align::Left,
            content: text,
        });
    };
    let mut baseline = FIRST_BASELINE;
    for (field, value) in fields.iter().zip(fitted) {
        put(
            if field.sub { SUB_LABEL_X } else { LABEL_X },
            baseline,
            size,
            field.label.to_owned(),
        );
        put(COLON_X, baseline, size, ":".to_owned());
        if field.label == SEX {
            let blood = or_dash(&face.blood_group);
            let room = VALUE_END - BLOOD_VALUE_X;
            let blood_size = shrink("Gol. Darah", &blood, size, room, Weight::Regular)?;
            put(BLOOD_LABEL_X, baseline, size, "Gol. Darah".to_owned());
            put(BLOOD_COLON_X, baseline, size, ":".to_owned());
            put(BLOOD_VALUE_X, baseline, blood_size, blood);
        }
        for line in value.lines {
            put(VALUE_X, baseline, value.size, line);
            baseline += pitch;
        }
    }
    Ok(())
}

/// The line that the blood group shares.
const SEX: &str = "Jenis Kelamin";

fn issue(texts: &mut Vec<Text>, face: &CardFace) -> Result<(), FaceError> {
    const PLACE: &str = "tempat terbit";
    let place = or_dash(&face.issue_place);
    let mut size = shrunk(PLACE, &place, PLACE_SIZE, PLACE_WIDTH, Weight::Regular)?;
    let mut lines = vec![place.clone()];
    if size < PLACE_SIZE * LITTLE {
        size = PLACE_SIZE * LITTLE;
        lines = loop {
            let lines = wrap(PLACE, &place, size, PLACE_WIDTH)?;
            if lines.len() <= 2 {
                break lines;
            }
            size -= 0.5;
            if size < SMALLEST {
                return Err(FaceError::TooLong { field: PLACE });
            }
        };
    }
    let above_date = lines.len();
    let mut put = |baseline, size, text| {
        texts.push(Text {
            x: PHOTO.x as f32 + PHOTO.width as f32 / 2.0,
            baseline,
            size,
            spacing: 0.0,
            weight: Weight::Regular,
            align: Align::Centre,
            content: text,
        });
    };
    for (line, text) in lines.into_iter().enumerate() {
        put(
            DATE_BASELINE - PLACE_PITCH * (above_date - line) as f32,
            size,
            text,
        );
    }
    put(DATE_BASELINE, PLACE_SIZE, date(face.issue_date));
    Ok(())
}

/// Breaks a value into lines of at most `size` dots that fit between [`VALUE_X`] and [`VALUE_END`]. A value that is
/// only a little too long is set smaller rather than broken.
fn fit(field: &Field<'_>, size: f32) -> Result<Fitted, FaceError> {
    let text = or_dash(field.value);
    let room = if field.label == SEX {
        BLOOD_LABEL_X - 12.0
    } else {
        VALUE_END
    } - VALUE_X;
    let one_line = shrunk(field.label, &text, size, room, Weight::Regular)?;
    if one_line >= (size * LITTLE).max(SMALLEST) {
        return Ok(Fitted {
            lines: vec![text],
            size: one_line,
        });
    }
    let mut size = size;
    while size >= SMALLEST {
        let lines = wrap(field.label, &text, size, room)?;
        if lines.len() <= MOST_LINES {
            return Ok(Fitted { lines, size });
        }
        size -= 0.5;
    }
    Err(FaceError::TooLong { field: field.label })
}

/// Breaks `text` at spaces, and inside a word that is wider than the line.
fn wrap(field: &'static str, text: &str, size: f32, room: f32) -> Result<Vec<String>, FaceError> {
    let measured = |text: &str| measure(field, text, size, Weight::Regular);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if measured(&longer)? <= room {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            line.push(character);
            if measured(&line)? > room {
                line.pop();
                if line.is_empty() {
                    return Err(FaceError::TooLong { field });
                }
                lines.push(std::mem::take(&mut line));
                line.push(character);
            }
        }
        if lines.len() > MOST_LINES {
            return Ok(lines);
        }
    }
    lines.push(line);
    Ok(lines)
}

/// The size, at most `size`, at which `text` is not wider than `room`.
fn shrunk(field: &'static str, text: &str, size: f32, room: f32, weight: Weight) -> Result<f32, FaceError> {
    let wide = measure(field, text, size, weight)?;
    Ok(if wide <= room { size } else { size * room / wide })
}

/// As [`shrunk`], but refuses illegible letters.
fn shrink(field: &'static str, text: &str, size: f32, room: f32, weight: Weight) -> Result<f32, FaceError> {
    let size = shrunk(field, text, size, room, weight)?;
    if size < SMALLEST {
        Err(FaceError::TooLong { field })
    } else {
        Ok(size)
    }
}

fn measure(field: &'static str, text: &str, size: f32, weight: Weight) -> Result<f32, FaceError> {
    // Fonts have glyphs for some control characters, XML has not.
    if let Some(character) = text.chars().find(|character| character.is_control()) {
        return Err(FaceError::NoGlyph { field, character });
    }
    width(text, size, weight).map_err(|character| FaceError::NoGlyph { field, character })
}

/// `text` with `word` in front, unless it has one of `known` there already.
fn prefixed(text: &str, word: &str, known: &[&str]) -> String {
    let text = cleaned(text);
    if known.iter().any(|prefix| text.starts_with(prefix)) {
        text
    } else {
        format!("{word} {text}")
    }
}

/// `text` with single spaces and none at the ends.
fn cleaned(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text`, or `-` if there is none.
fn or_dash(text: &str) -> String {
    let text = cleaned(text);
    if text.is_empty() { "-".to_owned() } else { text }
}

/// DD-MM-YYYY, as the card writes dates.
fn date(date: time::Date) -> String {
    format!(
        "{:02}-{:02}-{:04}",
        date.day(),
        u8::from(date.month()),
        date.year()
    )
}
