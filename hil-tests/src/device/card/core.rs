//! The card itself: a pure function from command to answer, with files and a life cycle.

use host_driver::card::{Instruction, KTP_EL, LifeCycle, StatusWord, Uid, profile::DataGroup};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    command::{Command, Expected},
    fault::{Fault, FaultKind, Faults},
    files::{Ef, EfStore},
};

/// ATR of a KTP-el chip, historical bytes `eKTP0D2eKTP` (pcsc-tools, `smartcard_list.txt`).
const ATR_KTP_EL: [u8; 16] = [
    0x3B, 0x8B, 0x80, 0x01, 0x65, 0x4B, 0x54, 0x50, 0x30, 0x44, 0x32, 0x65, 0x4B, 0x54, 0x50, 0x4C,
];

/// ATR that a PC/SC reader makes up for a MIFARE Classic 1K (PC/SC part 3, 3.1.3.2.3.1): a card of another kind.
const ATR_MEMORY_CARD: [u8; 20] = [
    0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x03, 0x00, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x6A,
];

/// What a chip can do, where chips differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// Takes commands with extended length; answers them with 6700 otherwise.
    pub extended_length: bool,
    /// Sends at most so many reply bytes at once and announces the rest with `61xx`; 1 to 256.
    pub reply_block: Option<usize>,
    /// Tells short EF identifiers and takes them in READ and UPDATE BINARY.
    pub short_ids: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            extended_length: true,
            reply_block: None,
            short_ids: true,
        }
    }
}

/// What is on a card at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The chip's number.
    pub uid: Uid,
    /// Life cycle of the application.
    pub life_cycle: LifeCycle,
    /// The application's files.
    pub files: Vec<Ef>,
}

impl Snapshot {
    /// Content of the file that holds `group`, if it was completely written.
    pub fn content(&self, group: DataGroup) -> Option<&[u8]> {
        let id = KTP_EL.file(group).id.0;
        self.files.iter().find(|file| file.id == id)?.content()
    }
}

/// Reply data and status word; an `Err` is a status word without data.
pub(super) type Answer = Result<(Vec<u8>, StatusWord), StatusWord>;

/// Where SELECT left the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Current {
    MasterFile,
    Application,
    /// Index of an elementary file.
    File(usize),
}

/// An emulated chip.
///
/// Life cycle: creation → (first UPDATE BINARY) → initialisation → (ACTIVATE FILE) → activated ⇄ deactivated, and from
/// each of them → (TERMINATE DF) → terminated.
#[derive(Debug, Clone)]
pub struct CardCore {
    atr: Vec<u8>,
    uid: Uid,
    pub(super) features: Features,
    /// None: a card without the application.
    pub(super) store: Option<EfStore>,
    pub(super) life_cycle: LifeCycle,
    pub(super) current: Current,
    waiting: Vec<u8>,
    challenge: ChaCha8Rng,
    faults: Faults,
    in_field: bool,
}

impl CardCore {
    /// A KTP-el blank as it comes from the factory: empty files of full size, life cycle creation.
    ///
    /// # Panics
    /// Never: that the profile's files fit the chip is checked when `host-driver` is compiled.
    pub fn blank(uid: Uid) -> Self {
        let mut store = EfStore::new(KTP_EL.memory, KTP_EL.file_header);
        for file in &KTP_EL.files {
            assert_eq!(
                store.create(file.id.0, file.size),
                Ok(()),
                "the profile fits its chip"
            );
        }
        Self::new(uid, &ATR_KTP_EL, Some(store))
    }

    /// A card of another kind: it has a number, but no such application.
    pub fn foreign(uid: Uid) -> Self {
        Self::new(uid, &ATR_MEMORY_CARD, None)
    }

    fn new(uid: Uid, atr: &[u8], store: Option<EfStore>) -> Self {
        let seed = uid
            .as_bytes()
            .iter()
            .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        Self {
            atr: atr.to_vec(),
            uid,
            features: Features::default(),
            store,
            life_cycle: LifeCycle::Creation,
            current: Current::MasterFile,
            waiting: Vec::new(),
            challenge: ChaCha8Rng::seed_from_u64(seed),
            faults: Faults::default(),
            in_field: true,
        }
    }

    /// Sets what the chip can do.
    #[must_use]
    pub fn with_features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    /// Sets the life cycle, for instance [`LifeCycle::Initialisation`] for blanks of a factory that ships them so.
    #[must_use]
    pub const fn with_life_cycle(mut self, life_cycle: LifeCycle) -> Self {
        self.life_cycle = life_cycle;
        self
    }

    /// Arms faults, instead of those that are armed; their commands are counted from now.
    pub fn arm(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.arm(faults.into_iter().collect());
    }

    /// Answer to reset.
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// The chip's number.
    pub const fn uid(&self) -> Uid {
        self.uid
    }

    /// Gives the chip another number, as no honest chip does.
    pub const fn set_uid(&mut self, uid: Uid) {
        self.uid = uid;
    }

    /// Life cycle of the application.
    pub const fn life_cycle(&self) -> LifeCycle {
        self.life_cycle
    }

    /// What is on the card.
    pub fn snapshot(&self) -> Snapshot {
        let files = self
            .store
            .as_ref()
            .map(|store| store.files().to_vec())
            .unwrap_or_default();
        Snapshot {
            uid: self.uid,
            life_cycle: self.life_cycle,
            files,
        }
    }

    /// Whether the card is in the field; false after a fault took it out, until [`Self::power_on`].
    pub const fn in_field(&self) -> bool {
        self.in_field
    }

    /// The card enters a field: it forgets what was selected, never what is stored.
    pub fn power_on(&mut self) {
        self.in_field = true;
        self.current = Current::MasterFile;
        self.waiting.clear();
    }

    /// Answers one command APDU, status word included; `None` when the card is not, or no longer, in the field.
    pub fn process(&mut self, apdu: &[u8]) -> Option<Vec<u8>> {
        if !self.in_field {
            return None;
        }
        match self.faults.next() {
            None => Some(self.answer(apdu, None)),
            Some(FaultKind::Status(status)) => Some(StatusWord(status).to_bytes().to_vec()),
            Some(FaultKind::Pretend) => Some(StatusWord::OK.to_bytes().to_vec()),
            Some(FaultKind::Answer(bytes)) => Some(bytes),
            Some(FaultKind::Lie { at, mask }) => {
                let mut answer = self.answer(apdu, None);
                let at = at % answer.len();
                answer[at] ^= mask;
                Some(answer)
            }
            Some(cell @ FaultKind::BadCell { .. }) => Some(self.answer(apdu, Some(&cell))),
            Some(kind) => {
                if kind == FaultKind::RemovedAfter {
                    self.answer(apdu, None);
                } else if let FaultKind::Torn { .. } = kind
                    && apdu.get(1) == Some(&Instruction::UpdateBinary.code())
                {
                    self.answer(apdu, Some(&kind));
                }
                self.in_field = false;
                None
            }
        }
    }

    /// The answer to a command in full, or its first block with `61xx`.
    fn answer(&mut self, apdu: &[u8], memory: Option<&FaultKind>) -> Vec<u8> {
        let (data, status) = Command::parse(apdu)
            .and_then(|command| self.execute(&command, memory))
            .unwrap_or_else(|status| (Vec::new(), status));
        self.pack(data, status)
    }

    fn pack(&mut self, mut data: Vec<u8>, status: StatusWord) -> Vec<u8> {
        let status = match self.features.reply_block {
            Some(block) if data.len() > block => {
                self.waiting = data.split_off(block);
                StatusWord(
                    0x6100
                        | if self.waiting.len() > 255 {
                            0
                        } else {
                            self.waiting.len() as u16
                        },
                )
            }
            _ => status,
        };
        data.extend_from_slice(&status.to_bytes());
        data
    }

    /// Carries a command out: reply data and status word.
    fn execute(&mut self, command: &Command<'_>, memory: Option<&FaultKind>) -> Answer {
        if command.extended && !self.features.extended_length {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let instruction =
            Instruction::from_code(command.instruction).ok_or(StatusWord::UNKNOWN_INSTRUCTION)?;
        if instruction != Instruction::GetResponse {
            self.waiting.clear();
        }
        match (command.class, instruction) {
            (0xFF, Instruction::GetData) => self.get_uid(command),
            (0x00, Instruction::SelectFile) => self.select(command),
            (0x00, Instruction::ReadBinary) => self.read(command),
            (0x00, Instruction::UpdateBinary) => self.update(command, memory),
            (0x00, Instruction::ActivateFile) => self.activate(command),
            (0x00, Instruction::DeactivateFile) => self.leave(LifeCycle::Activated, LifeCycle::Deactivated),
            (0x00, Instruction::TerminateDf) => self.leave(self.life_cycle, LifeCycle::Terminated),
            (0x00, Instruction::GetChallenge) => {
                let mut challenge = vec![0; command.expected.most().min(256)];
                self.challenge.fill_bytes(&mut challenge);
                Ok((challenge, StatusWord::OK))
            }
            (0x00, Instruction::GetResponse) => self.get_response(command),
            (0x00 | 0xFF, _) => Err(StatusWord::UNKNOWN_INSTRUCTION),
            _ => Err(StatusWord::UNKNOWN_CLASS),
        }
    }

    /// What a reader answers for the card: a virtual card must do it itself.
    fn get_uid(&self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Err(StatusWord::NOT_SUPPORTED);
        }
        let uid = self.uid.as_bytes();
        match command.expected {
            Expected::Exactly(length) if length != uid.len() => Err(StatusWord(0x6C00 | uid.len() as u16)),
            _ => Ok((uid.to_vec(), StatusWord::OK)),
        }
    }

    fn get_response(&mut self, command: &Command<'_>) -> Answer {
        if self.waiting.is_empty() {
            return Err(StatusWord::CONDITIONS);
        }
        let block = self.features.reply_block.unwrap_or(256);
        let take = command.expected.most().min(block).min(self.waiting.len());
        let rest = self.waiting.split_off(take);
        let data = std::mem::replace(&mut self.waiting, rest);
        let left = self.waiting.len();
        let status = match left {
            0 => StatusWord::OK,
            1..=255 => StatusWord(0x6100 | left as u16),
            _ => StatusWord(0x6100),
        };
        Ok((data, status))
    }

    /// File and offset that READ or UPDATE BINARY means; a short identifier makes its file the current one.
    fn locate(&mut self, command: &Command<'_>) -> Result<(usize, usize), StatusWord> {
        let store = self.store.as_ref().ok_or(StatusWord::NO_CURRENT_FILE)?;
        let (index, offset) = if command.p1 & 0x80 != 0 {
            if !self.features.short_ids || command.p1 & 0x60 != 0 {
                return Err(StatusWord::WRONG_PARAMETERS);
            }
            if self.current == Current::MasterFile {
                return Err(StatusWord::FILE_NOT_FOUND);
            }
            let index = store
                .position(|file| file.short_id() == command.p1 & 0x1F)
                .ok_or(StatusWord::FILE_NOT_FOUND)?;
            (index, usize::from(command.p2))
        } else {
            let Current::File(index) = self.current else {
                return Err(StatusWord::NO_CURRENT_FILE);
            };
            (index, usize::from(u16::from_be_bytes([command.p1, command.p2])))
        };
        if offset >= store.files()[index].bytes.len() {
            return Err(StatusWord::WRONG_OFFSET);
        }
        self.current = Current::File(index);
        Ok((index, offset))
    }

    fn read(&mut self, command: &Command<'_>) -> Answer {
        let (index, offset) = self.locate(command)?;
        if matches!(self.life_cycle, LifeCycle::Deactivated | LifeCycle::Terminated) {
            return Err(StatusWord::CONDITIONS);
        }
        let Some(store) = &self.store else {
            return Err(StatusWord::NO_CURRENT_FILE);
        };
        let rest = &store.files()[index].bytes[offset..];
        match command.expected {
            Expected::Nothing => Err(StatusWord::WRONG_LENGTH),
            // The two customs of cards at the end of a file: the right length, or what there is with a warning.
            Expected::Exactly(length) if length > rest.len() && !command.extended => {
                Err(StatusWord(0x6C00 | rest.len() as u16))
            }
            Expected::Exactly(length) if length > rest.len() => Ok((rest.to_vec(), StatusWord::END_OF_FILE)),
            expected => Ok((rest[..expected.most().min(rest.len())].to_vec(), StatusWord::OK)),
        }
    }

    fn update(&mut self, command: &Command<'_>, memory: Option<&FaultKind>) -> Answer {
        let (index, offset) = self.locate(command)?;
        if !matches!(self.life_cycle, LifeCycle::Creation | LifeCycle::Initialisation) {
            return Err(StatusWord::CONDITIONS);
        }
        let Some(store) = &mut self.store else {
            return Err(StatusWord::NO_CURRENT_FILE);
        };
        if command.data.is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let room = store
            .file_mut(index)
            .bytes
            .get_mut(offset..offset + command.data.len())
            .ok_or(StatusWord::NO_SPACE)?;
        let stored = if let Some(FaultKind::Torn { bytes }) = memory {
            (*bytes).min(room.len())
        } else {
            room.len()
        };
        room[..stored].copy_from_slice(&command.data[..stored]);
        if let Some(FaultKind::BadCell { at, mask }) = memory {
            room[at % command.data.len()] ^= mask;
        }
        self.life_cycle = LifeCycle::Initialisation;
        Ok((Vec::new(), StatusWord::OK))
    }

    /// ACTIVATE FILE, on the current application or on the one named in the data.
    fn activate(&mut self, command: &Command<'_>) -> Answer {
        let named = command.data == KTP_EL.application.to_bytes();
        if !(named || command.data.is_empty() && self.current == Current::Application) {
            return Err(if command.data.is_empty() {
                StatusWord::NO_CURRENT_FILE
            } else {
                StatusWord::FILE_NOT_FOUND
            });
        }
        let Some(store) = &self.store else {
            return Err(StatusWord::FILE_NOT_FOUND);
        };
        let complete = store.files().iter().all(|file| file.content().is_some());
        match self.life_cycle {
            LifeCycle::Initialisation if complete => self.life_cycle = LifeCycle::Activated,
            LifeCycle::Deactivated => self.life_cycle = LifeCycle::Activated,
            LifeCycle::Activated => {}
            _ => return Err(StatusWord::CONDITIONS),
        }
        Ok((Vec::new(), StatusWord::OK))
    }

    /// DEACTIVATE FILE or TERMINATE DF, on the current application.
    fn leave(&mut self, from: LifeCycle, to: LifeCycle) -> Answer {
        if self.current != Current::Application {
            return Err(StatusWord::NO_CURRENT_FILE);
        }
        if self.life_cycle != from || from == LifeCycle::Terminated {
            return Err(StatusWord::CONDITIONS);
        }
        self.life_cycle = to;
        Ok((Vec::new(), StatusWord::OK))
    }
}
