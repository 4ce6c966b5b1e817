//! What one application's card will hold, worked out and checked before a blank is touched.

use crate::biometric::{FingerPosition, Template, most_typical};
use crate::card::{
    self, CardControl, ChipImage, ContentError, DataGroups, KTP_EL, KeyId, OfficeKey, SignatureBitmap, Uid,
};
use crate::config;
use crate::face::{CardFace, FaceError, Panels, Signature};
use crate::office::record::Record;
use crate::store::ApplicationId;
use time::Date;

/// Why no card can be made from a record. Every message says what to do and none quotes the record.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The face cannot be drawn.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// The content does not fit the chip.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// An enrolled template cannot be read.
    #[error(
        "the record's template of the {finger:?} cannot be read ({cause}); the applicant must be recorded again"
    )]
    Template {
        /// Which finger.
        finger: FingerPosition,
        /// What is wrong with it.
        cause: crate::biometric::RecordError,
    },
    /// No finger is enrolled.
    #[error("the record has no fingers; the applicant must be recorded again")]
    NoFingers,
}

/// One enrolled finger.
#[derive(Debug)]
struct Enrolled {
    position: FingerPosition,
    templates: Vec<Template>,
}

/// The face and the chip of one application's card, ready to be made.
#[derive(Debug)]
pub struct Prepared {
    panels: Panels,
    groups: DataGroups,
    enrolled: Vec<Enrolled>,
}

impl Prepared {
    /// Draws the face and lays out the chip. The result depends on nothing else, so after a crash it comes out the same and
    /// can be compared with what is on the chip.
    ///
    /// # Errors
    /// [`PrepareError`]: nothing has been touched.
    pub fn new(
        record: &Record,
        office: &config::Office,
        application: ApplicationId,
        issued: Date,
    ) -> Result<Self, PrepareError> {
        let enrolled = enrolled(record)?;
        let groups = data_groups(record, &enrolled, application, issued)?;
        // The size check needs a complete chip; any key and any UID give a signature of the same size.
        let mut image = groups.encode()?;
        image.set(card::DataGroup::DigitalSignature, vec![0; SIGNATURE_BYTES]);
        image.check_fits(&KTP_EL)?;
        let panels = face(record, office, issued)?.render()?.separate();
        Ok(Self {
            panels,
            groups,
            enrolled,
        })
    }

    /// What is sent to the printer.
    pub fn panels(&self) -> &Panels {
        &self.panels
    }

    /// What is written to the chip with this UID: signed, so that a copy on another chip is found.
    ///
    /// # Errors
    /// [`ContentError`], which [`Self::new`] has ruled out.
    pub fn content(&self, key: &OfficeKey, uid: &Uid) -> Result<card::ChipContent, ContentError> {
        key.sign(uid, self.groups.clone())
    }

    /// [`Self::content`] as the chip's files.
    ///
    /// # Errors
    /// [`ContentError`], which [`Self::new`] has ruled out.
    pub fn image(&self, key: &OfficeKey, uid: &Uid) -> Result<ChipImage, ContentError> {
        self.content(key, uid)?.encode()
    }

    /// Enrolled fingers, in the order in which they are asked for.
    pub fn fingers(&self) -> Vec<FingerPosition> {
        self.enrolled.iter().map(|finger| finger.position).collect()
    }

    /// Enrolled impressions of a finger; empty for one that is not enrolled.
    pub fn templates(&self, finger: FingerPosition) -> &[Template] {
        self.enrolled
            .iter()
            .find(|enrolled| enrolled.position == finger)
            .map_or(&[], |enrolled| enrolled.templates.as_slice())
    }
}

/// Bytes of an ECDSA signature over P-256, as two raw numbers (FIPS 186-5, 6.4).
const SIGNATURE_BYTES: usize = 64;

fn enrolled(record: &Record) -> Result<Vec<Enrolled>, PrepareError> {
    let read = record.fingers.iter().map(|finger| {
        let position = finger.position;
        let mut templates = Vec::new();
        for bytes in &finger.templates {
            let views = Template::all_from_iso19794_2(bytes).map_err(|cause| PrepareError::Template {
                finger: position,
                cause,
            })?;
            templates.extend(views.into_iter().map(|view| view.of(position)));
        }
        Ok(Enrolled { position, templates })
    });
    let enrolled = read.collect::<Result<Vec<_>, PrepareError>>()?;
    if enrolled.iter().all(|finger| finger.templates.is_empty()) {
        return Err(PrepareError::NoFingers);
    }
    Ok(enrolled)
}

fn data_groups(
    record: &Record,
    enrolled: &[Enrolled],
    application: ApplicationId,
    issued: Date,
) -> Result<DataGroups, PrepareError> {
    // The chip holds one impression of each of two fingers. A person with one enrolled finger has it in both places.
    let mut on_chip = enrolled
        .iter()
        .filter_map(|finger| most_typical(&finger.templates))
        .map(Template::to_iso19794_2);
    let first = on_chip.next().ok_or(PrepareError::NoFingers)?;
    let second = on_chip.next().unwrap_or_else(|| first.clone());
    let b = &record.biodata;
    Ok(DataGroups {
        card_control: CardControl {
            key: KeyId::default(),
            application: application.0.cast_unsigned(),
            issued,
        },
        biodata: card::Biodata {
            nik: record.nik.as_str().to_owned(),
            alamat: b.alamat.clone(),
            rt: b.rt.clone(),
            rw: b.rw.clone(),
            tempat_lahir: b.tempat_lahir.clone(),
            kecamatan: b.kecamatan.clone(),
            kelurahan: b.kelurahan.clone(),
            kabupaten: b.kabupaten.clone(),
            jenis_kelamin: b.jenis_kelamin.as_str().to_owned(),
            golongan_darah: b.golongan_darah.clone(),
            agama: b.agama.clone(),
            status_perkawinan: b.status_perkawinan.clone(),
            pekerjaan: b.pekerjaan.clone(),
            nama: b.nama.clone(),
            tanggal_lahir: b.tanggal_lahir,
            provinsi: b.provinsi.clone(),
            kewarganegaraan: b.kewarganegaraan.clone(),
            unknown: Default::default(),
        },
        photo_jpeg: record.photo_jpeg.clone(),
        signature: SignatureBitmap::from_bytes(&record.signature)?,
        templates: [first, second],
    })
}

fn face(record: &Record, office: &config::Office, issued: Date) -> Result<CardFace, FaceError> {
    let b = &record.biodata;
    Ok(CardFace {
        province: office.province.clone(),
        regency: office.regency.clone(),
        nik: record.nik.as_str().to_owned(),
        name: b.nama.clone(),
        birth_place: b.tempat_lahir.clone(),
        birth_date: b.tanggal_lahir,
        sex: b.jenis_kelamin.as_str().to_owned(),
        blood_group: b.golongan_darah.clone(),
        address: b.alamat.clone(),
        rt: b.rt.clone(),
        rw: b.rw.clone(),
        village: b.kelurahan.clone(),
        district: b.kecamatan.clone(),
        religion: b.agama.clone(),
        marital_status: b.status_perkawinan.clone(),
        occupation: b.pekerjaan.clone(),
        citizenship: b.kewarganegaraan.clone(),
        valid_until: CardFace::LIFELONG.to_owned(),
        photo_jpeg: record.photo_jpeg.clone(),
        signature: Signature::from_bytes(&record.signature)?,
        issue_place: office.office_place.clone(),
        issue_date: issued,
    })
}
