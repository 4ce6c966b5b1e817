//! Files that a test rig wants to look at after a run: captured fingers and the chip as read back.
//!
//! These are personal data, so nothing is written unless the configuration asks for it, and only the owner may read it.

use crate::biometric::GrayImage;
use crate::card::{CardError, ChipContent};
use crate::config::Output;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where evidence goes, if it is kept at all.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    folder: Option<PathBuf>,
}

impl Evidence {
    /// As configured.
    pub fn new(output: &Output) -> Self {
        Self {
            folder: output.folder.clone().filter(|_| output.keep_evidence),
        }
    }

    /// Keeps a captured finger as `finger-<purpose>-<attempt>.png`.
    pub fn finger(&self, image: &GrayImage, purpose: &str, attempt: u8) {
        let Some(folder) = &self.folder else { return };
        let mut png = std::io::Cursor::new(Vec::new());
        let encoded = u32::try_from(image.width())
            .ok()
            .zip(u32::try_from(image.height()).ok())
            .and_then(|(width, height)| image::GrayImage::from_raw(width, height, image.pixels().to_vec()))
            .map(|picture| picture.write_to(&mut png, image::ImageFormat::Png));
        if let Some(Ok(())) = encoded {
            keep(folder, &format!("finger-{purpose}-{attempt}.png"), png.get_ref());
        }
    }

    /// Keeps what `read` reads back from a chip as `chip.json`. Nothing is read when nothing is kept.
    pub fn chip_of(
        &self,
        uid: &str,
        life_cycle: &str,
        read: impl FnOnce() -> Result<ChipContent, CardError>,
    ) {
        let Some(folder) = &self.folder else { return };
        let content = match read() {
            Ok(content) => content,
            Err(error) => return log::warn!("the chip's content could not be kept: {error}"),
        };
        let groups = &content.groups;
        let json = serde_json::json!({
            "uid": uid,
            "life_cycle": life_cycle,
            "card_control": groups.card_control,
            "biodata": groups.biodata,
            "photo_jpeg": base64(&groups.photo_jpeg),
            "signature": base64(groups.signature.as_bytes()),
            "templates": groups.templates.iter().map(|template| base64(template)).collect::<Vec<_>>(),
            "digital_signature": base64(&content.digital_signature),
        });
        keep(folder, "chip.json", format!("{json:#}\n").as_bytes());
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

/// Writes one file. A failure is told in the log and hinders nothing: the issuance does not depend on evidence.
fn keep(folder: &Path, name: &str, bytes: &[u8]) {
    let written =
        std::fs::create_dir_all(folder).and_then(|()| private(&folder.join(name))?.write_all(bytes));
    if let Err(error) = written {
        log::warn!("evidence `{name}` could not be kept: {error}");
    }
}

fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_unless_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let output = Output {
            folder: Some(folder.path().into()),
            keep_evidence: false,
        };
        let image = GrayImage::new(256, 288, 500, vec![9; 256 * 288]).unwrap();
        Evidence::new(&output).finger(&image, "verify", 1);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        Evidence::new(&Output {
            keep_evidence: true,
            ..output
        })
        .finger(&image, "verify", 1);
        let kept = image::open(folder.path().join("finger-verify-1.png")).unwrap();
        assert_eq!(kept.to_luma8().into_raw(), vec![9; 256 * 288]);
    }
}
