//! The written procedures, as data: the three SOPs are three values of one type (shared/sop/README.md).

use std::time::Duration;

/// A written procedure of an office.
#[derive(Debug, PartialEq, Eq)]
pub struct Procedure {
    /// Short name, as in `--procedure`.
    pub id: &'static str,
    /// The office that wrote it.
    pub office: &'static str,
    /// The document.
    pub document: &'static str,
    /// For whom, in Indonesian.
    pub for_whom_id: &'static str,
    /// For whom, in English.
    pub for_whom_en: &'static str,
    /// What the applicant gets.
    pub card: CardKind,
    /// The steps, in order.
    pub steps: &'static [ProcedureStep],
}

/// What a procedure ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// Identity card with a chip: tested, personalised, printed, activated.
    KtpEl,
    /// Child's card without a chip: printed only.
    Kia,
}

/// One row of an SOP.
#[derive(Debug, PartialEq, Eq)]
pub struct ProcedureStep {
    /// Its number in the document.
    pub number: u8,
    /// Who does it.
    pub who: Role,
    /// What is done, in the order in which it is done.
    pub work: &'static [Work],
    /// What is needed.
    pub needs: &'static str,
    /// What comes out.
    pub output: &'static str,
    /// Time allowed; `None` where the document gives none.
    pub standard: Option<Duration>,
}

/// Who does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Pemohon.
    Applicant,
    /// Staf / petugas register.
    RegisterClerk,
    /// Kepala seksi.
    SectionHead,
    /// Operator perekaman.
    RecordingOperator,
    /// Operator cetak, or just operator.
    PrintOperator,
    /// Operator pelayanan online.
    OnlineOperator,
}

impl Role {
    /// The word that the documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "pemohon",
            Self::RegisterClerk => "petugas register",
            Self::SectionHead => "kasi",
            Self::RecordingOperator => "operator perekaman",
            Self::PrintOperator => "operator cetak",
            Self::OnlineOperator => "operator pelayanan online",
        }
    }
}

/// A kind of work. A step of an SOP is made of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Give a queue number.
    QueueNumber,
    /// Take the application with a contact number.
    TakeApplication,
    /// Receive the documents by message.
    ReceiveByMessage,
    /// See whether the documents are complete; if not, they go back to the applicant.
    CheckDocuments,
    /// Verify the documents.
    VerifyDocuments,
    /// Record photo, signature and fingerprints.
    RecordBiometrics,
    /// Enter the data.
    EnterData,
    /// Compare a live finger with the record.
    BiometricTest,
    /// Print the card, after writing its chip if it has one.
    PrintCard,
    /// Activate the chip with the owner's finger.
    ActivateCard,
    /// Tell the applicant that the card is ready.
    SendMessage,
    /// Hand the card over.
    HandOver,
}

/// What agenda and console report one by one, in the order of a whole application.
///
/// It is finer than the documents' steps: the ten minutes for "biometric test, print and activation" are six of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// From the press at the kiosk to the ticket in the resident's hand.
    Ticket,
    /// From there to the call.
    Called,
    /// Application and contact number are taken.
    Application,
    /// Completeness is checked.
    Documents,
    /// Live finger against the record.
    BiometricTest,
    /// Blank from the hopper, UID read.
    Feed,
    /// Chip written and verified.
    Personalise,
    /// Face printed, card in the output tray.
    Print,
    /// Operator looks at the card.
    Inspect,
    /// Live finger against the chip, activation.
    Activate,
    /// Card to the applicant.
    HandOver,
    /// The application's line in the agenda book is closed.
    Agenda,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 12] = [
        Self::Ticket,
        Self::Called,
        Self::Application,
        Self::Documents,
        Self::BiometricTest,
        Self::Feed,
        Self::Personalise,
        Self::Print,
        Self::Inspect,
        Self::Activate,
        Self::HandOver,
        Self::Agenda,
    ];

    /// The name in agenda and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Called => "called",
            Self::Application => "application",
            Self::Documents => "documents",
            Self::BiometricTest => "biometric_test",
            Self::Feed => "feed",
            Self::Personalise => "personalise",
            Self::Print => "print",
            Self::Inspect => "inspect",
            Self::Activate => "activate",
            Self::HandOver => "hand_over",
            Self::Agenda => "agenda",
        }
    }

    /// The work that it is part of, if a document can name it.
    fn work(self) -> Option<Work> {
        match self {
            Self::Ticket => Some(Work::QueueNumber),
            Self::Called | Self::Agenda => None,
            Self::Application => Some(Work::TakeApplication),
            Self::Documents => Some(Work::CheckDocuments),
            Self::BiometricTest => Some(Work::BiometricTest),
            Self::Feed | Self::Personalise | Self::Print | Self::Inspect => Some(Work::PrintCard),
            Self::Activate => Some(Work::ActivateCard),
            Self::HandOver => Some(Work::HandOver),
        }
    }
}

impl Procedure {
    /// The procedure of a name.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|procedure| procedure.id == id)
    }

    /// The document's step that `step` is part of. Several of ours may share one of theirs, and its time.
    pub fn step_of(&self, step: Step) -> Option<&'static ProcedureStep> {
        let work = step.work()?;
        self.steps.iter().find(|row| row.work.contains(&work))
    }

    /// The time that the document allows for `step` together with those that share its row.
    pub fn standard(&self, step: Step) -> Option<Duration> {
        self.step_of(step).and_then(|row| row.standard)
    }

    /// The sum of all times in the document.
    pub fn total(&self) -> Duration {
        self.steps.iter().filter_map(|row| row.standard).sum()
    }
}

/// Every procedure.
pub static ALL: [&Procedure; 3] = [&KTP_BARU, &KTP_SUDAH_REKAM, &KIA];

/// Identity card for a resident who has never been recorded.
pub static KTP_BARU: Procedure = Procedure {
    id: "ktp-baru",
    office: "Dinas Kependudukan dan Pencatatan Sipil Kabupaten Pesisir Selatan",
    document: "SOP 470/284/DKPS-PS/2020",
    for_whom_id: "penduduk yang belum pernah merekam data",
    for_whom_en: "a resident who has never been recorded",
    card: CardKind::KtpEl,
    steps: &[
        ProcedureStep {
            number: 1,
            who: Role::RegisterClerk,
            work: &[Work::TakeApplication, Work::CheckDocuments, Work::QueueNumber],
            needs: "fotokopi KK",
            output: "fotokopi KK",
            standard: Some(Duration::from_mins(10)),
        },
        ProcedureStep {
            number: 2,
            who: Role::SectionHead,
            work: &[Work::VerifyDocuments],
            needs: "fotokopi KK",
            output: "rekomendasi perekaman",
            standard: Some(Duration::from_mins(10)),
        },
        ProcedureStep {
            number: 3,
            who: Role::RecordingOperator,
            work: &[Work::RecordBiometrics],
            needs: "alat perekaman, jaringan perekaman",
            output: "data terekam",
            standard: Some(Duration::from_mins(15)),
        },
        ProcedureStep {
            number: 4,
            who: Role::PrintOperator,
            work: &[Work::PrintCard, Work::ActivateCard],
            needs: "komputer, printer KTP-el, pembaca sidik jari, smart card",
            output: "KTP-el aktif",
            standard: Some(Duration::from_mins(15)),
        },
        ProcedureStep {
            number: 5,
            who: Role::RegisterClerk,
            work: &[Work::HandOver],
            needs: "KTP-el",
            output: "KTP-el",
            standard: Some(Duration::from_mins(10)),
        },
    ],
};

/// Identity card for a resident who is already recorded. This is the one that the counter carries out.
pub static KTP_SUDAH_REKAM: Procedure = Procedure {
    id: "ktp-sudah-rekam",
    office: "Dinas Kependudukan dan Pencatatan Sipil Kota Padang Panjang",
    document: "SOP DUKCAPIL-PP XII-2019",
    for_whom_id: "penduduk yang sudah merekam data",
    for_whom_en: "a resident already recorded",
    card: CardKind::KtpEl,
    steps: &[
        ProcedureStep {
            number: 1,
            who: Role::Applicant,
            work: &[Work::TakeApplication],
            needs: "bahan permohonan, nomor kontak",
            output: "bahan permohonan",
            standard: Some(Duration::from_mins(1)),
        },
        ProcedureStep {
            number: 2,
            who: Role::RegisterClerk,
            work: &[Work::CheckDocuments],
            needs: "bahan permohonan",
            output: "bahan permohonan yang sudah dicek",
            standard: Some(Duration::from_mins(2)),
        },
        ProcedureStep {
            number: 3,
            who: Role::PrintOperator,
            work: &[Work::BiometricTest, Work::PrintCard, Work::ActivateCard],
            needs: "bahan permohonan yang sudah dicek",
            output: "KTP-el yang sudah dicetak",
            standard: Some(Duration::from_mins(10)),
        },
        ProcedureStep {
            number: 4,
            who: Role::PrintOperator,
            work: &[Work::HandOver],
            needs: "KTP-el",
            output: "KTP-el",
            standard: None,
        },
    ],
};

/// Child's card; the documents come by message.
pub static KIA: Procedure = Procedure {
    id: "kia",
    office: "Dinas Kependudukan dan Pencatatan Sipil Kabupaten Pesisir Selatan",
    document: "SOP 470/283/DKPS-PS/2020",
    for_whom_id: "anak (Kartu Identitas Anak)",
    for_whom_en: "a child",
    card: CardKind::Kia,
    steps: &[
        ProcedureStep {
            number: 1,
            who: Role::OnlineOperator,
            work: &[Work::ReceiveByMessage],
            needs: "KK, akta kelahiran, foto",
            output: "salinan",
            standard: Some(Duration::from_mins(10)),
        },
        ProcedureStep {
            number: 2,
            who: Role::SectionHead,
            work: &[Work::VerifyDocuments],
            needs: "salinan",
            output: "rekomendasi cetak",
            standard: Some(Duration::from_mins(10)),
        },
        ProcedureStep {
            number: 3,
            who: Role::PrintOperator,
            work: &[Work::EnterData, Work::PrintCard],
            needs: "rekomendasi cetak, printer KTP-el",
            output: "data",
            standard: Some(Duration::from_mins(15)),
        },
        ProcedureStep {
            number: 4,
            who: Role::RegisterClerk,
            work: &[Work::SendMessage, Work::HandOver],
            needs: "KIA",
            output: "KIA",
            standard: Some(Duration::from_mins(10)),
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_are_those_of_the_documents() {
        let minutes = |procedure: &Procedure| procedure.total().as_secs() / 60;
        assert_eq!([&KTP_BARU, &KTP_SUDAH_REKAM, &KIA].map(minutes), [60, 13, 45]);
    }

    #[test]
    fn test_print_and_activation_share_the_ten_minutes() {
        let shared = [
            Step::BiometricTest,
            Step::Feed,
            Step::Personalise,
            Step::Print,
            Step::Inspect,
            Step::Activate,
        ];
        for step in shared {
            assert_eq!(
                KTP_SUDAH_REKAM.standard(step),
                Some(Duration::from_mins(10)),
                "{step:?}"
            );
        }
        assert_eq!(
            KTP_SUDAH_REKAM.standard(Step::Application),
            Some(Duration::from_mins(1))
        );
        assert_eq!(
            KTP_SUDAH_REKAM.standard(Step::Documents),
            Some(Duration::from_mins(2))
        );
        assert_eq!(KTP_SUDAH_REKAM.standard(Step::HandOver), None);
    }

    #[test]
    fn a_card_without_a_chip_is_neither_tested_nor_activated() {
        assert_eq!(KIA.step_of(Step::BiometricTest), None);
        assert_eq!(KIA.step_of(Step::Activate), None);
    }

    #[test]
    fn steps_are_numbered_from_one() {
        for procedure in ALL {
            let numbers: Vec<u8> = procedure.steps.iter().map(|step| step.number).collect();
            assert_eq!(numbers, (1..=procedure.steps.len() as u8).collect::<Vec<_>>());
            assert_eq!(Procedure::by_id(procedure.id), Some(procedure));
        }
    }
}
