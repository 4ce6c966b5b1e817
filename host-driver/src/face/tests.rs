use image::{GrayImage, Rgb, RgbImage};
use proptest::prelude::*;
use time::macros::date;

use super::font::width;
use super::layout::{Align, Layout, PHOTO, SIGNATURE, Text};
use super::*;

/// A face of the usual length. All of it is invented.
fn budi() -> CardFace {
    CardFace {
        province: "SUMATERA BARAT".to_owned(),
        regency: "KOTA PADANG PANJANG".to_owned(),
        nik: "1374011203910007".to_owned(),
        name: "BUDI SANTOSO".to_owned(),
        birth_place: "PADANG PANJANG".to_owned(),
        birth_date: date!(1991 - 03 - 12),
        sex: "LAKI-LAKI".to_owned(),
        blood_group: "O".to_owned(),
        address: "JL. MERDEKA NO. 12".to_owned(),
        rt: "004".to_owned(),
        rw: "007".to_owned(),
        village: "GUGUK MALINTANG".to_owned(),
        district: "PADANG PANJANG TIMUR".to_owned(),
        religion: "ISLAM".to_owned(),
        marital_status: "BELUM KAWIN".to_owned(),
        occupation: "KARYAWAN SWASTA".to_owned(),
        citizenship: "WNI".to_owned(),
        valid_until: CardFace::LIFELONG.to_owned(),
        photo_jpeg: photo(&RgbImage::from_pixel(60, 80, Rgb([200, 30, 30]))),
        signature: Signature::blank(),
        issue_place: "PADANG PANJANG".to_owned(),
        issue_date: date!(2026 - 01 - 14),
    }
}

/// A face on which every text is as long as records have them.
fn long_names() -> CardFace {
    CardFace {
        regency: "PENUKAL ABAB LEMATANG ILIR".to_owned(),
        name: "RADEN AJENG SITI NURHALIZAH KUSUMANINGRAT PUTRI WULANDARI".to_owned(),
        birth_place: "KEPULAUAN SIAU TAGULANDANG BIARO".to_owned(),
        sex: "PEREMPUAN".to_owned(),
        blood_group: "AB+".to_owned(),
        address: "KOMPLEKS PERUMAHAN GRIYA CEMPAKA PUTIH INDAH BLOK AA-17 NO. 123, GANG H. YUSUF".to_owned(),
        village: "DESA PERCONTOHAN TRANSMIGRASI SUKA MAKMUR JAYA".to_owned(),
        district: "MUARA SUNGAI KERAMASAN HULU BARAT DAYA".to_owned(),
        religion: "KEPERCAYAAN TERHADAP TUHAN YME".to_owned(),
        occupation: "PENTERJEMAH/PENYIAR TELEVISI/PENYIAR RADIO".to_owned(),
        issue_place: "PENUKAL ABAB LEMATANG ILIR".to_owned(),
        ..budi()
    }
}

fn photo(picture: &RgbImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Jpeg).unwrap();
    file.into_inner()
}

/// The rectangle that a text may blacken: left, top, right, bottom.
fn outline(text: &Text) -> [f32; 4] {
    let letters = text.content.chars().count() as f32;
    let wide = width(&text.content, text.size, text.weight).unwrap() + letters * text.spacing;
    let left = match text.align {
        Align::Left => text.x,
        Align::Centre => text.x - wide / 2.0,
    };
    // Capitals of Liberation Sans are 0.73 high, descenders 0.21 deep.
    [
        left,
        text.baseline - text.size * 0.73,
        left + wide,
        text.baseline + text.size * 0.21,
    ]
}

fn overlap(a: [f32; 4], b: [f32; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

fn rectangle(area: Area) -> [f32; 4] {
    let Area { x, y, width, height } = area;
    [x as f32, y as f32, (x + width) as f32, (y + height) as f32]
}

/// Asserts that nothing on the card covers anything else or leaves the card.
fn assert_tidy(face: &CardFace) {
    // 2 mm inside the card's edge.
    let card = [27.0, 29.0, WIDTH as f32 - 24.0, HEIGHT as f32 - 24.0];
    let layout = Layout::of(face).unwrap();
    let texts: Vec<([f32; 4], &str)> = layout
        .texts
        .iter()
        .map(|text| (outline(text), text.content.as_str()))
        .collect();
    for (number, &(a, name)) in texts.iter().enumerate() {
        assert!(
            a[0] >= card[0] && a[1] >= card[1] && a[2] <= card[2] && a[3] <= card[3],
            "{name} leaves the card: {a:?}"
        );
        assert!(!overlap(a, rectangle(PHOTO)), "{name} is on the photo");
        assert!(!overlap(a, rectangle(SIGNATURE)), "{name} is on the signature");
        for &(b, other) in &texts[number + 1..] {
            assert!(!overlap(a, b), "{name} and {other} overlap: {a:?} {b:?}");
        }
    }
}

fn dark(image: &RgbaImage, area: Area) -> usize {
    let part = image::imageops::crop_imm(image, area.x, area.y, area.width, area.height).to_image();
    part.pixels().filter(|dot| dot.0[0] < 128).count()
}

#[test]
fn an_ordinary_card_is_tidy() {
    assert_tidy(&budi());
}

#[test]
fn long_names_and_addresses_are_tidy_too() {
    assert_tidy(&long_names());
}

#[test]
fn all_fields_are_on_the_card_in_its_order() {
    let layout = Layout::of(&budi()).unwrap();
    let all: Vec<&str> = layout
        .texts
        .iter()
        .map(|text| text.content.as_str())
        .filter(|&text| text != ":")
        .collect();
    assert_eq!(
        all.join("|"),
        "PROVINSI SUMATERA BARAT|KOTA PADANG PANJANG|NIK|1374011203910007|Nama|BUDI SANTOSO|\
         Tempat/Tgl Lahir|PADANG PANJANG, 12-03-1991|Jenis Kelamin|Gol. Darah|O|LAKI-LAKI|Alamat|JL. MERDEKA NO. 12|\
         RT/RW|004/007|Kel/Desa|GUGUK MALINTANG|Kecamatan|PADANG PANJANG TIMUR|Agama|ISLAM|\
         Status Perkawinan|BELUM KAWIN|Pekerjaan|KARYAWAN SWASTA|Kewarganegaraan|WNI|Berlaku Hingga|SEUMUR HIDUP|\
         PADANG PANJANG|14-01-2026"
    );
}

#[test]
fn a_regency_gets_its_word_and_a_city_keeps_it() {
    let second_line = |regency: &str| {
        let face = CardFace {
            regency: regency.to_owned(),
            ..budi()
        };
        Layout::of(&face).unwrap().texts[1].content.clone()
    };
    assert_eq!(second_line("AGAM"), "KABUPATEN AGAM");
    assert_eq!(second_line("KABUPATEN AGAM"), "KABUPATEN AGAM");
    assert_eq!(second_line("KOTA BUKITTINGGI"), "KOTA BUKITTINGGI");
}

#[test]
fn what_is_unknown_is_a_dash() {
    let face = CardFace {
        blood_group: String::new(),
        occupation: "  ".to_owned(),
        ..budi()
    };
    let layout = Layout::of(&face).unwrap();
    assert_eq!(layout.texts.iter().filter(|text| text.content == "-").count(), 2);
}

#[test]
fn text_is_resin_and_the_photo_is_dye() {
    let rendered = budi().render().unwrap();
    let panels = rendered.separate();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let dot = (y * WIDTH + x) as usize;
            let dye = panels.yellow[dot] > 0 || panels.magenta[dot] > 0 || panels.cyan[dot] > 0;
            let photo = PHOTO.contains(x, y);
            assert!(!dye || photo, "dye outside the photo at {x}, {y}");
            assert!(panels.black[dot] == 0 || !photo, "resin on the photo at {x}, {y}");
        }
    }
    // Red: all the yellow and magenta, little cyan.
    let middle = ((PHOTO.y + PHOTO.height / 2) * WIDTH + PHOTO.x + PHOTO.width / 2) as usize;
    assert!(panels.magenta[middle] > 100 && panels.yellow[middle] > 100 && panels.cyan[middle] < 40);
    assert!(panels.black.contains(&BLACK_INK));
    assert!(panels.overlay.iter().all(|&dot| dot == BLACK_INK));
    assert!(panels.yellow.iter().all(|&level| level <= COLOUR_FULL));
}

#[test]
fn the_photo_fills_its_frame_whatever_its_shape() {
    for (wide, high) in [(60, 80), (200, 50), (10, 300), (1, 1)] {
        let grey = RgbImage::from_pixel(wide, high, Rgb([60, 60, 60]));
        let face = CardFace {
            photo_jpeg: photo(&grey),
            ..budi()
        };
        let image = face.render().unwrap();
        let filled = dark(image.image(), PHOTO);
        assert_eq!(filled, (PHOTO.width * PHOTO.height) as usize, "{wide} x {high}");
    }
}

#[test]
fn a_signature_appears_the_right_way_round() {
    let mut bytes = [0; Signature::LENGTH];
    // Ink in the upper left quarter only.
    for row in 0..22 {
        bytes[row * 21..row * 21 + 10].fill(0xff);
    }
    let signature = Signature::from_bytes(&bytes).unwrap();
    assert!(signature.ink(0, 0) && signature.ink(79, 21) && !signature.ink(80, 0) && !signature.ink(0, 22));
    assert!(!signature.ink(168, 0) && !signature.ink(0, 44));
    let image = CardFace { signature, ..budi() }.render().unwrap();
    let quarter = |x, y| Area {
        x,
        y,
        width: SIGNATURE.width / 2,
        height: SIGNATURE.height / 2,
    };
    let (right, low) = (
        SIGNATURE.x + SIGNATURE.width / 2,
        SIGNATURE.y + SIGNATURE.height / 2,
    );
    assert!(dark(image.image(), quarter(SIGNATURE.x, SIGNATURE.y)) > 2000);
    assert!(dark(image.image(), quarter(right, SIGNATURE.y)) < 50);
    assert!(dark(image.image(), quarter(SIGNATURE.x, low)) < 100);
}

#[test]
fn no_thin_stroke_of_a_signature_is_lost() {
    // Every line and every column of its own: a stroke of one dot must be unbroken on the card.
    for row in 0..44 {
        let mut bytes = [0; Signature::LENGTH];
        bytes[row * 21..(row + 1) * 21].fill(0xff);
        let face = CardFace {
            signature: Signature::from_bytes(&bytes).unwrap(),
            ..budi()
        };
        let ink = dark(face.render().unwrap().image(), SIGNATURE);
        assert!(ink >= SIGNATURE.width as usize, "row {row}: {ink}");
    }
}

#[test]
fn a_signature_has_924_bytes() {
    assert_eq!(
        Signature::from_bytes(&[0; 923]),
        Err(FaceError::Signature { length: 923 })
    );
    assert_eq!(
        Signature::from_bytes(Signature::blank().as_bytes()),
        Ok(Signature::blank())
    );
}

#[test]
fn names_that_look_like_markup_are_printed_as_they_are() {
    let face = CardFace {
        name: r#"<b>O'NEIL</b> & "SONS""#.to_owned(),
        ..budi()
    };
    assert!(
        svg::document(&Layout::of(&face).unwrap())
            .contains("&lt;b&gt;O&apos;NEIL&lt;/b&gt; &amp; &quot;SONS&quot;")
    );
    face.render().unwrap();
}

#[test]
fn what_cannot_be_printed_is_refused_by_the_name_of_its_field() {
    let with_name = |name: &str| {
        CardFace {
            name: name.to_owned(),
            ..budi()
        }
        .render()
        .unwrap_err()
    };
    assert_eq!(
        with_name("BUDI 😀"),
        FaceError::NoGlyph {
            field: "Nama",
            character: '😀'
        }
    );
    assert_eq!(
        with_name("BUDI\0"),
        FaceError::NoGlyph {
            field: "Nama",
            character: '\0'
        }
    );
    assert_eq!(
        with_name(&"BUDI ".repeat(60)),
        FaceError::TooLong { field: "Nama" }
    );
    assert_eq!(with_name(&"W".repeat(300)), FaceError::TooLong { field: "Nama" });
}

#[test]
fn a_photo_that_is_no_picture_is_refused() {
    for photo_jpeg in [Vec::new(), b"not a picture".to_vec(), vec![0xff; 3000]] {
        let face = CardFace { photo_jpeg, ..budi() };
        assert!(matches!(face.render(), Err(FaceError::Photo { .. })));
    }
}

#[test]
fn a_picture_of_another_size_is_separated_within_the_frame() {
    for (wide, high) in [(1, 1), (2000, 100), (100, 2000)] {
        let black = RgbaImage::from_pixel(wide, high, image::Rgba([0, 0, 0, 255]));
        let panels = Panels::separate(&black, PHOTO);
        assert!(panels.black[0] == BLACK_INK);
        assert_eq!(panels.black.len(), Panels::DOTS);
    }
}

#[test]
fn the_widths_that_the_layout_counts_on_are_what_the_renderer_draws() {
    let rendered = long_names().render().unwrap();
    let gray: GrayImage = image::DynamicImage::ImageRgba8(rendered.image().clone()).into_luma8();
    let outlines: Vec<[f32; 4]> = Layout::of(&long_names())
        .unwrap()
        .texts
        .iter()
        .map(outline)
        .collect();
    for (x, y, dot) in gray.enumerate_pixels().filter(|(_, _, dot)| dot.0[0] < 128) {
        let (left, top) = (x as f32, y as f32);
        let inside = outlines
            .iter()
            .any(|outline| overlap([left, top, left + 1.0, top + 1.0], *outline))
            || PHOTO.contains(x, y);
        assert!(inside, "ink at {x}, {y} ({dot:?}) belongs to no text");
    }
}

/// Capitals and what stands between them in names and addresses.
fn text(most: usize) -> impl Strategy<Value = String> {
    let letters: Vec<char> = ('A'..='Z').chain("   .,'/-".chars()).collect();
    proptest::collection::vec(proptest::sample::select(letters), 0..=most).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_tidy_or_refused(
        name in text(70),
        address in text(110),
        village in text(50),
        birth_place in text(40),
        occupation in text(60),
        blood_group in text(4),
        regency in text(40),
        issue_place in text(40),
    ) {
        let face = CardFace { regency, name, birth_place, blood_group, address, village, occupation, issue_place, ..budi() };
        match Layout::of(&face) {
            Ok(_) => assert_tidy(&face),
            Err(error) => {
                let too_long = matches!(error, FaceError::TooLong { .. });
                prop_assert!(too_long);
            }
        }
    }

    #[test]
    fn any_characters_render_or_are_refused(name in any::<String>()) {
        let face = CardFace { name, ..budi() };
        match Layout::of(&face) {
            Ok(layout) => {
                let drawn = draw(&svg::document(&layout), &face.photo_jpeg, &face.signature);
                prop_assert!(drawn.is_ok());
            }
            Err(error) => {
                let refused = matches!(error, FaceError::TooLong { .. } | FaceError::NoGlyph { .. });
                prop_assert!(refused);
            }
        }
    }
}
