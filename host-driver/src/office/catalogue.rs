//! Everything that the program says to an operator, in Indonesian and English. One place, so that both stay complete.

use super::record::RecordStatus;
use super::words::Words;
use crate::issuance::machine::{Against, Ending, Question, Trouble};

/// A question of the counter, before or during the issuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Call the next ticket?
    CallNext,
    /// The applicant's NIK.
    Nik,
    /// The applicant's telephone number.
    Contact,
    /// Are the documents complete?
    DocumentsComplete,
    /// A question of the issuance.
    Issuance(Question),
}

impl Asked {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallNext => "call_next",
            Self::Nik => "nik",
            Self::Contact => "contact",
            Self::DocumentsComplete => "documents_complete",
            Self::Issuance(Question::CardGood) => "card_good",
            Self::Issuance(Question::CardOnDesk) => "card_on_desk",
            Self::Issuance(Question::HandedOver) => "handed_over",
            Self::Issuance(Question::RetryOrCancel) => "retry_or_cancel",
        }
    }

    /// What may be answered; empty when the answer is free text.
    pub fn choices(self) -> &'static [&'static str] {
        match self {
            Self::Nik | Self::Contact => &[],
            Self::Issuance(Question::RetryOrCancel) => &["retry", "cancel"],
            _ => &["yes", "no"],
        }
    }

    /// The question in words. `about` is the ticket, or what went wrong.
    pub fn words(self, about: &Words) -> Words {
        let Words { id, en } = about;
        match self {
            Self::CallNext => Words::new(
                format!("Panggil nomor {id} sekarang?"),
                format!("Call number {en} now?"),
            ),
            Self::Nik => Words::new("NIK pemohon (16 angka)?", "The applicant's NIK (16 digits)?"),
            Self::Contact => Words::new("Nomor telepon pemohon?", "The applicant's telephone number?"),
            Self::DocumentsComplete => {
                Words::new("Apakah berkas permohonan lengkap?", "Are the documents complete?")
            }
            Self::Issuance(Question::CardGood) => Words::new(
                "Periksa kartu di baki keluaran. Apakah cetakannya baik dan lengkap?",
                "Look at the card in the output tray. Is it printed well and completely?",
            ),
            Self::Issuance(Question::CardOnDesk) => Words::new(
                "Letakkan kartu di pembaca meja. Sudah?",
                "Put the card on the desk reader. Is it there?",
            ),
            Self::Issuance(Question::HandedOver) => Words::new(
                "KTP-el sudah aktif. Sudah diserahkan kepada pemohon?",
                "The card is active. Has it been handed to the applicant?",
            ),
            Self::Issuance(Question::RetryOrCancel) => Words::new(
                format!("{id} Coba lagi, atau batalkan untuk sekarang?"),
                format!("{en} Try again, or stop for now?"),
            ),
        }
    }
}

/// What went wrong, and what to do about it.
pub fn trouble(trouble: &Trouble) -> Words {
    let with = |id: &str, detail: &Words, id_then: &str, en: &str, en_then: &str| {
        let join = |text: &str, detail: &str, then: &str| {
            let detail = detail.trim_end_matches('.');
            if detail.is_empty() {
                format!("{text}. {then}")
            } else {
                format!("{text}: {detail}. {then}")
            }
        };
        Words::new(join(id, &detail.id, id_then), join(en, &detail.en, en_then))
    };
    match trouble {
        Trouble::FingerNotPlaced => Words::new(
            "Jari tidak ditempelkan pada waktunya. Minta pemohon menempelkan jari yang diminta layar.",
            "No finger was placed in time. Ask the applicant to place the finger that the screen asks for.",
        ),
        Trouble::FingerUnreadable(detail) => with(
            "Sidik jari tidak terbaca",
            detail,
            "Bersihkan jari dan kaca sensor. Ini bukan berarti tidak cocok.",
            "The fingerprint cannot be read",
            "Clean the finger and the sensor's glass. This does not mean that it does not match.",
        ),
        Trouble::CaptureFailed(detail) => with(
            "Perekaman sidik jari gagal",
            detail,
            "Periksa papan perekam dan kabelnya.",
            "The fingerprint could not be captured",
            "Check the capture board and its cable.",
        ),
        Trouble::Interrupted => Words::new(
            "Program terhenti di tengah permohonan ini. Lanjutkan bila pemohon masih di tempat.",
            "The program was stopped in the middle of this application. Go on if the applicant is still here.",
        ),
        Trouble::StrayCard => Words::new(
            "Ada kartu tertinggal di printer; kartu itu dipindahkan ke baki tolak dan dicatat. Periksa asalnya.",
            "A card had been left in the printer; it is in the reject tray now and recorded. Find out where it came from.",
        ),
        Trouble::PrinterFault(detail) => with(
            "Printer kartu belum siap",
            detail,
            "Blangko tidak berkurang karenanya.",
            "The card printer is not ready",
            "No blank has been lost by this.",
        ),
        Trouble::NotFed(detail) => with(
            "Tidak ada blangko yang keluar dari hopper",
            detail,
            "Isi atau rapikan blangko di hopper.",
            "No blank came out of the hopper",
            "Fill the hopper, or straighten its blanks.",
        ),
        Trouble::FeedUnclear => Words::new(
            "Printer tidak dapat mengatakan apakah blangko sudah diambil. Nyalakan printer lalu coba lagi; jangan keluarkan \
             kartu dengan tangan, supaya blangkonya tercatat.",
            "The printer cannot say whether a blank was fed. Switch it on and try again; do not take a card out by hand, \
             so that its blank is recorded.",
        ),
        Trouble::CardLost => Words::new(
            "Printer tidak dapat mengatakan di mana kartunya. Nyalakan printer lalu coba lagi; jika Anda mengeluarkan \
             kartu dengan tangan, masukkan ke kotak tolak sebelum memilih batal.",
            "The printer cannot say where the card is. Switch it on and try again; if you take the card out by hand, \
             put it into the reject box before you choose to stop.",
        ),
        Trouble::CardStuck(detail) => with(
            "Kartu tidak keluar dari printer",
            detail,
            "Buka printer; jika kartu dikeluarkan dengan tangan, masukkan ke kotak tolak sebelum memilih batal.",
            "The card does not leave the printer",
            "Open the printer; if you take the card out by hand, put it into the reject box before you choose to stop.",
        ),
        Trouble::ReaderGone(detail) => with(
            "Pembaca kartu tidak dapat dipakai",
            detail,
            "`loket readers` menunjukkan pembaca yang ada.",
            "A card reader cannot be used",
            "`loket readers` shows which are there.",
        ),
        Trouble::WrongBlank(detail) => with(
            "Kartu ini bukan blangko yang dapat dipakai",
            detail,
            "Kartu dipindahkan ke baki tolak dan dicatat sebagai rusak. Periksa isi hopper.",
            "This card is not a usable blank",
            "It went to the reject tray and is recorded as rusak. Check what is in the hopper.",
        ),
        Trouble::EncodeFailed(detail) => with(
            "Chip gagal ditulis",
            detail,
            "Blangko yang gagal dicatat sebagai gagal encode.",
            "The chip could not be written",
            "A blank that failed is recorded as gagal encode.",
        ),
        Trouble::PrintFailed(detail) => with(
            "Kartu gagal dicetak",
            detail,
            "Blangko dicatat sebagai gagal cetak.",
            "The card was not printed",
            "The blank is recorded as gagal cetak.",
        ),
        Trouble::CardNotGood => Words::new(
            "Hasil cetak tidak baik. Masukkan kartu ke kotak tolak; sudah dicatat sebagai gagal cetak.",
            "The print is not good. Put the card into the reject box; it is recorded as gagal cetak.",
        ),
        Trouble::NoCardOnDesk(detail) => with(
            "Tidak ada kartu yang terbaca di pembaca meja",
            detail,
            "Letakkan kartu yang baru dicetak.",
            "No readable card is on the desk reader",
            "Put the card there that was just printed.",
        ),
        Trouble::OtherCardOnDesk => Words::new(
            "Kartu di pembaca meja bukan kartu permohonan ini. Letakkan kartu yang baru dicetak.",
            "The card on the desk reader is not the one of this application. Put the card there that was just printed.",
        ),
        Trouble::ChipDiffers => Words::new(
            "Isi chip berbeda dari yang ditulis. Masukkan kartu ke kotak tolak; sudah dicatat sebagai gagal encode.",
            "The chip's content is not what was written. Put the card into the reject box; it is recorded as gagal encode.",
        ),
        Trouble::NotActivated(detail) => with(
            "Chip belum aktif",
            detail,
            "Biarkan kartu di pembaca meja.",
            "The chip is not active",
            "Leave the card on the desk reader.",
        ),
        Trouble::NotHandedOver => Words::new(
            "Kartu aktif belum diserahkan. Simpan kartu; lanjutkan permohonan saat pemohon datang.",
            "The active card has not been handed over. Keep it safe; resume the application when the applicant comes.",
        ),
        Trouble::OperatorGone => Words::new(
            "Tidak ada jawaban dari petugas.",
            "Nobody answered at the console.",
        ),
    }
}

/// How an application ended.
pub fn ending(ending: &Ending) -> Words {
    match ending {
        Ending::Issued(_) => Words::new(
            "KTP-el aktif dan sudah diserahkan.",
            "The card is active and has been handed over.",
        ),
        Ending::NotMatched {
            against: Against::Record,
        } => Words::new(
            "Sidik jari tidak cocok dengan data rekam setelah 4 kali. Tidak ada blangko yang dipakai. Periksa identitas \
             pemohon; bila benar, lakukan perekaman ulang.",
            "The fingers do not match the record after 4 tries. No blank was used. Check who the applicant is; if right, \
             record again.",
        ),
        Ending::NotMatched {
            against: Against::Chip,
        } => Words::new(
            "Sidik jari tidak cocok dengan chip setelah 4 kali. Kartu tidak diserahkan: masukkan ke kotak tolak dan \
             laporkan.",
            "The finger does not match the chip after 4 tries. Do not hand the card over: put it into the reject box and \
             report it.",
        ),
        Ending::Inconclusive => Words::new(
            "Semua percobaan terputus; tidak ada yang menyatakan tidak cocok. Buka permohonan baru.",
            "Every try was cut short; none said that the finger does not match. Open a new application.",
        ),
        Ending::Cancelled => Words::new("Permohonan dibatalkan.", "The application was cancelled."),
        Ending::ActivationUnclear { uid } => Words::new(
            format!(
                "Tidak pasti apakah chip kartu {uid} aktif. Musnahkan kartu dengan berita acara dan laporkan."
            ),
            format!(
                "It is uncertain whether the chip of card {uid} is active. Have the card destroyed on record, and report it."
            ),
        ),
    }
}

/// Why no card can be printed for a record of this status, and what to do (facts/office.md).
pub fn not_printable(status: RecordStatus) -> Words {
    let (id, en) = match status {
        RecordStatus::Unregistered => (
            "Pemohon belum direkam. Lakukan perekaman.",
            "Nothing is recorded yet. Record the applicant.",
        ),
        RecordStatus::BioCaptured => (
            "Rekaman belum terkirim. Tunggu atau kirim ulang.",
            "The record has not been sent. Wait, or send it again.",
        ),
        RecordStatus::Processing | RecordStatus::ReceivedAtCentral => (
            "Rekaman sedang diproses. Tunggu.",
            "The record is being processed. Wait.",
        ),
        RecordStatus::SentForEnrollment => (
            "Rekaman masih SFE di pusat data. Biasanya 5 sampai 10 menit; terbitkan suket bila lama.",
            "The record is still SFE at the data centre. Usually 5 to 10 minutes; issue a suket if it takes long.",
        ),
        RecordStatus::EnrollFailureAtRegional | RecordStatus::EnrollFailureAtCentral => (
            "Biometrik tidak terbaca. Lakukan perekaman ulang.",
            "The biometrics are unreadable. Record again.",
        ),
        RecordStatus::SearchFailureAtCentral => (
            "Pencarian gagal di pusat data. Kirim ulang.",
            "The search at the data centre failed. Send again.",
        ),
        RecordStatus::AdjudicateRecord => (
            "Ada sidik jari serupa. Minta penghapusan rekaman di pusat, lalu rekam ulang.",
            "A similar print exists. Ask for the central record's deletion, then record again.",
        ),
        RecordStatus::RequestValidation => ("Rekaman perlu divalidasi.", "The record needs validation."),
        RecordStatus::DuplicateRecord => (
            "Data ganda. Minta penghapusan data ganda atau pindah datang; kartu tidak dapat dicetak.",
            "Recorded elsewhere already. Ask for deletion of the duplicate or for a move; no card can be printed.",
        ),
        RecordStatus::PrintReadyRecord => ("Siap cetak.", "Ready to print."),
        RecordStatus::SentForCardPrinting | RecordStatus::CardPrinted | RecordStatus::CardShipped => (
            "Kartu sudah dicetak untuk pemohon ini. Serahkan kartu yang ada.",
            "A card has been printed for this person already. Hand that one over.",
        ),
        RecordStatus::CardIssued => (
            "Pemohon sudah menerima kartu. Untuk kartu hilang atau rusak, gunakan prosedur penggantian.",
            "The applicant has got a card. For a lost or damaged one, use the replacement procedure.",
        ),
    };
    Words::new(id, en)
}

/// The documents are not complete.
pub fn returned() -> Words {
    Words::new(
        "Berkas tidak lengkap: dikembalikan kepada pemohon. Tidak ada blangko yang dipakai.",
        "The documents are not complete: given back to the applicant. No blank was used.",
    )
}

/// No record of this NIK.
pub fn unknown_applicant() -> Words {
    Words::new(
        "NIK ini tidak ada di data kantor. Cocokkan dengan KK, atau ambil data dengan `loket record import FILE`.",
        "This office has no record of this NIK. Compare it with the family card, or import the record with \
         `loket record import FILE`.",
    )
}
