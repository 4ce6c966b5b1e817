//! The printed face of a KTP-el: from biodata to a picture of the card, and from the picture to ribbon panels.
//!
//! [`CardFace`] holds what the printer adds to a blank: text, photo, signature. The artwork (emblem, map, guilloche)
//! is pre-printed on the blank and is not drawn here; white means "print nothing".
//!
//! ```text
//! CardFace --render--> RenderedFace (1016 x 648 RGBA) --separate--> Panels (Y, M, C: 128 levels; K, O: 2 levels)
//! ```
//!
//! The layout follows the KTP-el in use since 2011: two centred header lines, NIK, a column of labels, a column of
//! colons, values, and on the right the photo with place and date of issue and the signature under it.
//! Text that is too long for its place is wrapped and made smaller, never clipped; what cannot be printed
//! legibly at all is refused with [`FaceError::TooLong`].

mod font;
mod layout;
mod panels;
mod svg;

use std::sync::Arc;

use image::RgbaImage;
use resvg::{tiny_skia, usvg};
use time::Date;

pub use panels::{BLACK_INK, COLOUR_FULL, Panels};

/// Width of the printed frame in dots: an ID-1 card (85.60 mm) at 300 dpi is 1011, the printer takes over-edge frames
/// (Evolis programming guide A5013 rev. E, section 2).
pub const WIDTH: u32 = 1016;

/// Height of the printed frame in dots: 53.98 mm at 300 dpi is 638, plus the over-edge (A5013 rev. E, section 2).
pub const HEIGHT: u32 = 648;

/// Where the photo is printed; a blank's artwork leaves it white.
pub const PHOTO_AREA: Area = layout::PHOTO;

/// What the printer adds to the front of a KTP-el blank.
///
/// All texts are printed as they are given, after runs of white space have become one space. Empty texts are
/// printed as `-`, as the card does for an unknown blood group.
#[derive(Clone, PartialEq, Eq)]
pub struct CardFace {
    /// Province, with or without the word `PROVINSI`.
    pub province: String,
    /// Regency or city. Without one of the words `KABUPATEN`, `KOTA` or `KAB.` in front, `KABUPATEN` is printed
    /// before it.
    pub regency: String,
    /// Population number, 16 digits.
    pub nik: String,
    /// Full name.
    pub name: String,
    /// Place of birth.
    pub birth_place: String,
    /// Date of birth, printed DD-MM-YYYY.
    pub birth_date: Date,
    /// Sex as the card says it: `LAKI-LAKI` or `PEREMPUAN`.
    pub sex: String,
    /// Blood group: `A`, `B`, `AB`, `O`, perhaps with a rhesus sign, or empty when unknown.
    pub blood_group: String,
    /// Street and house number.
    pub address: String,
    /// Neighbourhood (rukun tetangga), three digits.
    pub rt: String,
    /// Community (rukun warga), three digits.
    pub rw: String,
    /// Village (kelurahan or desa).
    pub village: String,
    /// District (kecamatan).
    pub district: String,
    /// Religion.
    pub religion: String,
    /// Marital status (status perkawinan).
    pub marital_status: String,
    /// Occupation.
    pub occupation: String,
    /// Citizenship: `WNI` or `WNA`.
    pub citizenship: String,
    /// Valid until (berlaku hingga): [`CardFace::LIFELONG`] for citizens, a date for foreigners.
    pub valid_until: String,
    /// Portrait, a JPEG file. It fills the frame of 236 x 300 dots; what is too wide or too high is cut off evenly.
    pub photo_jpeg: Vec<u8>,
    /// The holder's signature.
    pub signature: Signature,
    /// Place of issue, printed under the photo.
    pub issue_place: String,
    /// Date of issue, printed DD-MM-YYYY.
    pub issue_date: Date,
}

impl CardFace {
    /// What a citizen's card says after `Berlaku Hingga`.
    pub const LIFELONG: &str = "SEUMUR HIDUP";

    /// Draws the face.
    ///
    /// # Errors
    /// See [`FaceError`]: the photo is not a picture, or a text cannot be printed.
    pub fn render(&self) -> Result<RenderedFace, FaceError> {
        let photo = image::load_from_memory_with_format(&self.photo_jpeg, image::ImageFormat::Jpeg).map_err(
            |error| FaceError::Photo {
                reason: error.to_string(),
            },
        )?;
        if photo.width() == 0 || photo.height() == 0 {
            return Err(FaceError::Photo {
                reason: "the picture has no size".to_owned(),
            });
        }
        let layout = layout::Layout::of(self)?;
        let image = draw(&svg::document(&layout), &self.photo_jpeg, &self.signature)?;
        Ok(RenderedFace {
            image,
            colour_area: PHOTO_AREA,
        })
    }
}

/// Shows nothing of the content: biodata does not belong into logs.
impl std::fmt::Debug for CardFace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardFace").finish_non_exhaustive()
    }
}

/// A signature as the KTP-el chip stores it: 168 x 44 dots, one bit each.
///
/// Rows from top to bottom, 21 bytes a row, the most significant bit is the leftmost dot, 1 is ink.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Box<[u8; Self::LENGTH]>);

impl Signature {
    /// Dots across.
    pub const WIDTH: u32 = 168;
    /// Dots from top to bottom.
    pub const HEIGHT: u32 = 44;
    /// Bytes of the bitmap: 168 x 44 / 8.
    pub const LENGTH: usize = (Self::WIDTH * Self::HEIGHT / 8) as usize;

    /// A signature of no ink at all: a resident who cannot sign.
    pub fn blank() -> Self {
        Self(Box::new([0; Self::LENGTH]))
    }

    /// Takes the bitmap's 924 bytes.
    ///
    /// # Errors
    /// [`FaceError::Signature`] if there are more or fewer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FaceError> {
        <[u8; Self::LENGTH]>::try_from(bytes)
            .map(|bytes| Self(Box::new(bytes)))
            .map_err(|_| FaceError::Signature { length: bytes.len() })
    }

    /// The bitmap's bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Whether there is ink at column `x` of row `y`; `false` outside the bitmap.
    pub fn ink(&self, x: u32, y: u32) -> bool {
        x < Self::WIDTH
            && y < Self::HEIGHT
            && self.0[(y * Self::WIDTH / 8 + x / 8) as usize] & (0x80 >> (x % 8)) != 0
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signature").finish_non_exhaustive()
    }
}

/// A rectangle of the frame, in dots from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Leftmost column.
    pub x: u32,
    /// Topmost row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Area {
    /// Whether the dot at column `x`, row `y` lies in the rectangle.
    pub fn contains(&self, x: u32, y: u32) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }
}

/// A face, drawn.
#[derive(Clone)]
pub struct RenderedFace {
    image: RgbaImage,
    colour_area: Area,
}

impl RenderedFace {
    /// The picture, [`WIDTH`] x [`HEIGHT`], opaque; white where nothing is printed.
    pub fn image(&self) -> &RgbaImage {
        &self.image
    }

    /// Where the photo is. Only there colour dye is used; everything else is black resin.
    pub fn colour_area(&self) -> Area {
        self.colour_area
    }

    /// Separates the picture into the panels of a YMCKO ribbon.
    pub fn separate(&self) -> Panels {
        Panels::separate(&self.image, self.colour_area)
    }
}

impl std::fmt::Debug for RenderedFace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderedFace")
            .field("colour_area", &self.colour_area)
            .finish_non_exhaustive()
    }
}

/// Why a face cannot be drawn. The texts name the field, never its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// The photo is not a JPEG picture.
    #[error("the photo is not a readable JPEG picture ({reason}); take the record back to the data centre")]
    Photo {
        /// What the decoder said.
        reason: String,
    },
    /// The signature's bitmap has the wrong size.
    #[error("the signature has {length} bytes instead of 924 (168 x 44 dots); correct the record")]
    Signature {
        /// Bytes it has.
        length: usize,
    },
    /// A text does not fit its place on the card even in the smallest legible letters.
    #[error("the field {field} is too long for the card; shorten it in the record")]
    TooLong {
        /// Label of the field as it is printed.
        field: &'static str,
    },
    /// A text has a character that the card's font does not have.
    #[error("the field {field} has the character U+{:04X}, which the card's font lacks; correct the record", *character as u32)]
    NoGlyph {
        /// Label of the field as it is printed.
        field: &'static str,
        /// The character.
        character: char,
    },
    /// The drawing failed although its content was checked: a fault of this program.
    #[error("the card face could not be drawn ({reason}); report this to the developers")]
    Drawing {
        /// What the renderer said.
        reason: String,
    },
}

/// Renders the SVG document on white.
fn draw(document: &str, photo_jpeg: &[u8], signature: &Signature) -> Result<RgbaImage, FaceError> {
    let drawing = |reason: String| FaceError::Drawing { reason };
    let photo = Arc::new(photo_jpeg.to_vec());
    let signature = Arc::new(signature_png(signature).map_err(|error| drawing(error.to_string()))?);
    let options = usvg::Options {
        font_family: font::FAMILY.to_owned(),
        fontdb: font::database(),
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            // The document names its two pictures; nothing is ever read from the file system.
            resolve_string: Box::new(move |href, _| match href {
                svg::PHOTO_HREF => Some(usvg::ImageKind::JPEG(Arc::clone(&photo))),
                svg::SIGNATURE_HREF => Some(usvg::ImageKind::PNG(Arc::clone(&signature))),
                _ => None,
            }),
        },
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(document, &options).map_err(|error| drawing(error.to_string()))?;
    let mut pixmap = tiny_skia::Pixmap::new(WIDTH, HEIGHT).ok_or_else(|| drawing("no memory".to_owned()))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::identity(), &mut pixmap.as_mut());
    // On white everything is opaque, so premultiplied and straight alpha are the same bytes.
    RgbaImage::from_raw(WIDTH, HEIGHT, pixmap.take()).ok_or_else(|| drawing("wrong size".to_owned()))
}

/// The signature as a PNG file: black ink, transparent paper.
fn signature_png(signature: &Signature) -> image::ImageResult<Vec<u8>> {
    let picture = image::GrayAlphaImage::from_fn(Signature::WIDTH, Signature::HEIGHT, |x, y| {
        image::LumaA([0, if signature.ink(x, y) { 255 } else { 0 }])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png)?;
    Ok(file.into_inner())
}

#[cfg(test)]
mod tests;
