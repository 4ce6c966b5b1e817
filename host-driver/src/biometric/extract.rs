//! From an image to a template.

use super::readability::{Unreadable, assess};
use super::template::record_angle;
use super::{FingerPosition, GrayImage, MIN_MINUTIAE, Minutia, MinutiaKind, Template};

/// Finds the minutiae of an impression. The finger is not known here; see [`Template::of`].
///
/// Takes some 30 ms for 256 x 288 pixels.
///
/// # Errors
/// [`Unreadable`], if the image does not show enough of a finger to be compared. Capture again.
pub fn extract(image: &GrayImage) -> Result<Template, Unreadable> {
    assess(image)?;
    let kernel_image =
        fprint_mindtct::GrayImage::new(image.pixels(), image.width(), image.height(), image.dpi())
            .map_err(|_| Unreadable::TooLittleFinger)?;
    let (width, height) = (to_coordinate(image.width()), to_coordinate(image.height()));
    let mut minutiae: Vec<Minutia> = fprint_mindtct::detect_minutiae(kernel_image)
        .into_iter()
        .filter_map(|found| {
            Some(Minutia {
                // NBIS counts y from the lower edge; xytreps.c: y = height - y.
                x: u16::try_from(found.x).ok().filter(|x| *x < width)?,
                y: u16::try_from(image.height() as i32 - found.y)
                    .ok()
                    .filter(|y| *y < height)?,
                angle: record_angle(found.theta),
                kind: MinutiaKind::Other,
                // 0 would say "not reported" in a record.
                quality: found.quality.clamp(1, 100) as u8,
            })
        })
        .collect();
    if minutiae.len() < MIN_MINUTIAE {
        return Err(Unreadable::TooFewMinutiae);
    }
    minutiae.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
    let sum: usize = minutiae.iter().map(|minutia| usize::from(minutia.quality)).sum();
    let quality = (sum / minutiae.len()) as u8;
    Ok(Template {
        width,
        height,
        dpi: image.dpi(),
        finger: FingerPosition::Unknown,
        quality,
        minutiae,
    })
}

/// A size as a record can say it: 14 bits. Larger images lose what lies beyond.
fn to_coordinate(size: usize) -> u16 {
    size.min(0x3FFF) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_glass_and_a_tiny_image_are_unreadable() {
        let empty = GrayImage::new(256, 288, 500, vec![240; 256 * 288]).unwrap();
        assert_eq!(extract(&empty), Err(Unreadable::Uniform));
        let tiny: Vec<u8> = (0..400).map(|i| if i % 8 < 4 { 0 } else { 255 }).collect();
        let tiny = GrayImage::new(20, 20, 500, tiny).unwrap();
        assert_eq!(extract(&tiny), Err(Unreadable::TooLittleFinger));
    }

    #[test]
    fn straight_ridges_have_too_few_minutiae() {
        let stripes = (0..288)
            .flat_map(|y| (0..256).map(move |_| if y % 9 < 5 { 30 } else { 230 }))
            .collect();
        let stripes = GrayImage::new(256, 288, 500, stripes).unwrap();
        assert_eq!(extract(&stripes), Err(Unreadable::TooFewMinutiae));
    }
}
