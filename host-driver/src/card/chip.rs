//! What the host does with a chip: look at it, fill it, read it back, activate it.

use super::{
    apdu::{Apdu, Instruction, SHORT_DATA_MAX, SHORT_EXPECTED_MAX},
    channel::{Channel, Response, Traffic},
    content::{ChipContent, ChipImage, ContentError},
    error::{CardError, ChipCondition, PrefixFault},
    fcp::{Fcp, LifeCycle},
    profile::{BEING_WRITTEN, CardProfile, DataGroup, ElementaryFile, FileId, KTP_EL, LENGTH_PREFIX},
    status::StatusWord,
    transport::CardTransport,
    uid::Uid,
};

/// P2 of SELECT: return the FCP template (ISO/IEC 7816-4:2020, table 64).
const RETURN_FCP: u8 = 0x04;

/// Highest offset that READ and UPDATE BINARY can say: 15 bits (ISO/IEC 7816-4:2020, 11.3.2).
const OFFSET_MAX: usize = 0x7FFF;

/// What [`Chip::inspect`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipState {
    /// The chip's number.
    pub uid: Uid,
    /// Life cycle of the application.
    pub life_cycle: LifeCycle,
    /// How far the chip is on its way.
    pub condition: ChipCondition,
}

/// What a [`Progress`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Bytes written to the chip.
    Writing,
    /// Bytes read from the chip.
    Reading,
}

/// How far a long operation is; told after every block, since a person waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub activity: Activity,
    /// Content bytes done.
    pub done: usize,
    /// Content bytes in all; while reading an unknown chip, those known so far.
    pub total: usize,
}

/// What [`Chip::activate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The chip was activated now.
    Done,
    /// The chip was active before; nothing was sent.
    WasActive,
}

/// An elementary file as the card described it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OpenFile {
    size: usize,
    short_id: Option<u8>,
}

/// Where READ or UPDATE BINARY goes: P1-P2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    /// The current file.
    Current,
    /// The file with this short identifier, which becomes the current one.
    Short(u8),
}

impl Address {
    const fn parameters(self, offset: usize) -> [u8; 2] {
        match self {
            Self::Short(id) if offset <= 0xFF => [0x80 | id, offset as u8],
            _ => [(offset >> 8) as u8 & 0x7F, offset as u8],
        }
    }
}

/// A powered chip of one profile.
///
/// Looking: [`Self::uid`], [`Self::inspect`], [`Self::life_cycle`], [`Self::read_image`], [`Self::read_back`].
/// Changing: [`Self::personalise`], [`Self::activate`], [`Self::terminate`].
///
/// Every method ends after a number of commands that the profile bounds, whatever the card answers.
#[derive(Debug)]
pub struct Chip<T> {
    channel: Channel<T>,
    profile: &'static CardProfile,
    files: [Option<OpenFile>; 7],
    /// Whether the card takes extended length, as far as is known: it is believed until it answers 6700.
    extended: bool,
}

impl<T: CardTransport> Chip<T> {
    /// A KTP-el chip behind `transport`.
    pub fn new(transport: T) -> Self {
        Self::with_profile(transport, &KTP_EL)
    }

    /// A chip of another profile.
    pub const fn with_profile(transport: T, profile: &'static CardProfile) -> Self {
        let extended = profile.block > SHORT_DATA_MAX;
        Self {
            channel: Channel::new(transport),
            profile,
            files: [None; 7],
            extended,
        }
    }

    /// Answer to reset.
    pub fn atr(&self) -> &[u8] {
        self.channel.transport().atr()
    }

    /// What went over the wire since the chip was opened.
    pub const fn traffic(&self) -> Traffic {
        self.channel.traffic()
    }

    /// Asks the reader for the chip's number (`FF CA 00 00 00`).
    pub fn uid(&mut self) -> Result<Uid, CardError> {
        let command = Apdu::new(Instruction::GetData, 0, 0)
            .class(0xFF)
            .expect(SHORT_EXPECTED_MAX);
        let data = self.accepted(&command)?;
        Uid::try_from(data.as_slice()).map_err(|_| CardError::Nonsense {
            instruction: Instruction::GetData,
            what: "impossible UID",
        })
    }

    /// Life cycle of the application.
    pub fn life_cycle(&mut self) -> Result<LifeCycle, CardError> {
        Ok(self.open_application()?.life_cycle.unwrap_or(LifeCycle::Unstated))
    }

    /// Looks at the chip without changing it: number, life cycle, how far it is.
    pub fn inspect(&mut self) -> Result<ChipState, CardError> {
        let uid = self.uid()?;
        let life_cycle = self.life_cycle()?;
        let condition = match life_cycle {
            LifeCycle::Creation => ChipCondition::Blank,
            LifeCycle::Activated => ChipCondition::Activated,
            LifeCycle::Deactivated => ChipCondition::Deactivated,
            LifeCycle::Terminated => ChipCondition::Terminated,
            // Card control is marked first and completed last, so it tells for all files.
            LifeCycle::Initialisation | LifeCycle::Unstated | LifeCycle::Other(_) => {
                match self.read_prefix(DataGroup::CardControl) {
                    Ok(_) => ChipCondition::Personalised,
                    Err(CardError::Unreadable {
                        fault: PrefixFault::Empty,
                        ..
                    }) => ChipCondition::Blank,
                    Err(CardError::Unreadable { .. }) => ChipCondition::Interrupted,
                    Err(other) => return Err(other),
                }
            }
        };
        Ok(ChipState {
            uid,
            life_cycle,
            condition,
        })
    }

    /// Fills a blank: checks that it is one and that everything fits, writes, reads everything back and compares.
    ///
    /// Nothing is written unless all checks passed. A chip left in the middle shows itself as
    /// [`ChipCondition::Interrupted`]. The order of writing is in the profile's documentation.
    ///
    /// # Errors
    /// [`CardError`]; after any, the card goes to the reject tray, except for [`CardError::Content`],
    /// [`CardError::NotBlank`] and [`CardError::WrongCard`], which leave the card as it was.
    pub fn personalise(
        &mut self,
        content: &ChipContent,
        mut progress: impl FnMut(Progress),
    ) -> Result<ChipState, CardError> {
        let image = content.encode()?;
        image.check_fits(self.profile)?;
        let before = self.inspect()?;
        if before.condition != ChipCondition::Blank {
            return Err(CardError::NotBlank(before.condition));
        }
        self.check_room(&image)?;
        self.write(&image, &mut progress)?;
        self.verify(&image, &mut progress)?;
        let after = self.inspect()?;
        if after.uid != before.uid {
            return Err(CardError::UidChanged);
        }
        if after.condition != ChipCondition::Personalised {
            return Err(CardError::NotComplete(after.condition));
        }
        Ok(after)
    }

    /// Reads all files of a filled chip.
    ///
    /// # Errors
    /// [`CardError::Unreadable`] for the first file without complete content, or any failure of the card.
    pub fn read_image(&mut self, mut progress: impl FnMut(Progress)) -> Result<ChipImage, CardError> {
        self.open_application()?;
        let mut image = ChipImage::default();
        let mut done = 0;
        for group in DataGroup::ALL {
            let mut told = |within: usize, length: usize| {
                progress(Progress {
                    activity: Activity::Reading,
                    done: done + within,
                    total: done + length,
                });
            };
            let content = self.read_file(group, None, &mut told)?;
            done += content.len();
            image.set(group, content);
        }
        Ok(image)
    }

    /// Reads a filled chip and decodes what it holds.
    ///
    /// To check the office's signature, use [`Self::read_image`] and [`super::OfficePublicKey::verify`].
    pub fn read_back(&mut self, progress: impl FnMut(Progress)) -> Result<ChipContent, CardError> {
        Ok(self.read_image(progress)?.decode()?)
    }

    /// Reads the chip and compares it with what it should hold.
    ///
    /// # Errors
    /// [`CardError::ReadBackDiffers`] with the first difference, or any failure of the card.
    pub fn verify(
        &mut self,
        written: &ChipImage,
        mut progress: impl FnMut(Progress),
    ) -> Result<(), CardError> {
        self.open_application()?;
        let total = written.total();
        let mut done = 0;
        let mut read = ChipImage::default();
        for group in DataGroup::ALL {
            let mut told = |within: usize, _: usize| {
                progress(Progress {
                    activity: Activity::Reading,
                    done: (done + within).min(total),
                    total,
                });
            };
            let length = written.get(group).len();
            let content = self.read_file(group, Some(length), &mut told)?;
            done += content.len();
            read.set(group, content);
        }
        match written.first_difference(&read) {
            Some((group, offset)) => Err(CardError::ReadBackDiffers { group, offset }),
            None => Ok(()),
        }
    }

    /// Makes a filled chip operational, and checks that it is.
    ///
    /// The caller answers for the rest: that this is the UID of the application, and that the holder's live finger
    /// matched the template on this chip.
    ///
    /// # Errors
    /// [`CardError::NotComplete`] when the chip is not filled; else see [`CardError::leaves_unknown`].
    pub fn activate(&mut self) -> Result<Activation, CardError> {
        match self.inspect()?.condition {
            ChipCondition::Activated => return Ok(Activation::WasActive),
            ChipCondition::Personalised => {}
            other => return Err(CardError::NotComplete(other)),
        }
        let id = self.profile.application.to_bytes();
        self.accepted(&Apdu::new(Instruction::ActivateFile, 0, 0).data(&id))?;
        match self.life_cycle()? {
            LifeCycle::Activated => Ok(Activation::Done),
            other => Err(CardError::NotActivated(other)),
        }
    }

    /// Makes the application unusable for ever, so that a rejected card is worth nothing to a thief.
    pub fn terminate(&mut self) -> Result<(), CardError> {
        self.open_application()?;
        self.accepted(&Apdu::new(Instruction::TerminateDf, 0, 0))
            .map(drop)
    }

    /// Sends a command that must be answered with 9000.
    fn accepted(&mut self, command: &Apdu<'_>) -> Result<Vec<u8>, CardError> {
        let Response { data, status } = self.channel.exchange(command)?;
        if status.is_ok() {
            Ok(data)
        } else {
            Err(CardError::Refused {
                instruction: command.instruction(),
                status,
            })
        }
    }

    /// SELECT by file identifier; `None` when there is no such file.
    fn select(&mut self, file: FileId) -> Result<Option<Fcp>, CardError> {
        let id = file.to_bytes();
        let instruction = Instruction::SelectFile;
        let command = Apdu::new(instruction, 0, RETURN_FCP)
            .data(&id)
            .expect(SHORT_EXPECTED_MAX);
        let Response { data, status } = self.channel.exchange(&command)?;
        match status {
            // The warnings come with the FCP of a file that is withdrawn or terminated.
            StatusWord::OK | StatusWord::FILE_DEACTIVATED | StatusWord::FILE_TERMINATED => {}
            StatusWord::FILE_NOT_FOUND => return Ok(None),
            status => return Err(CardError::Refused { instruction, status }),
        }
        let fcp = Fcp::parse(&data).map_err(|_| CardError::Nonsense {
            instruction,
            what: "malformed file control parameters",
        })?;
        if fcp.file_id.is_some_and(|selected| selected != file.0) {
            return Err(CardError::Nonsense {
                instruction,
                what: "another file was selected",
            });
        }
        Ok(Some(fcp))
    }

    fn open_application(&mut self) -> Result<Fcp, CardError> {
        self.select(self.profile.application)?
            .ok_or(CardError::WrongCard(self.profile.name))
    }

    /// Makes a file addressable: by its short identifier if the card gave one before, else by SELECT.
    fn open_file(&mut self, group: DataGroup) -> Result<(OpenFile, Address), CardError> {
        if let Some(
            open @ OpenFile {
                short_id: Some(short),
                ..
            },
        ) = self.files[group.index()]
        {
            return Ok((open, Address::Short(short)));
        }
        let &ElementaryFile { id, size, .. } = self.profile.file(group);
        let fcp = self
            .select(id)?
            .ok_or(CardError::FileMissing { group, file: id })?;
        let size = fcp.size.map_or(size, |size| (size as usize).min(OFFSET_MAX + 1));
        let open = OpenFile {
            size,
            short_id: fcp.short_id,
        };
        self.files[group.index()] = Some(open);
        Ok((open, Address::Current))
    }

    /// Checks the content against the file sizes of this very card.
    fn check_room(&mut self, image: &ChipImage) -> Result<(), CardError> {
        for group in DataGroup::ALL {
            let (open, _) = self.open_file(group)?;
            let (needed, capacity) = (image.get(group).len(), open.size.saturating_sub(LENGTH_PREFIX));
            if needed > capacity {
                return Err(ContentError::TooLarge {
                    group,
                    needed,
                    capacity,
                }
                .into());
            }
        }
        Ok(())
    }

    /// Writes all files: card control is marked first and completed last; in each file the content goes before its length.
    fn write(&mut self, image: &ChipImage, progress: &mut impl FnMut(Progress)) -> Result<(), CardError> {
        let total = image.total();
        let (_, control) = self.open_file(DataGroup::CardControl)?;
        self.update(control, 0, &BEING_WRITTEN.to_be_bytes(), &mut |_| ())?;
        let mut done = 0;
        for group in DataGroup::ALL
            .into_iter()
            .cycle()
            .skip(1)
            .take(DataGroup::ALL.len())
        {
            let content = image.get(group);
            let (_, address) = self.open_file(group)?;
            let mut told = |written: usize| {
                progress(Progress {
                    activity: Activity::Writing,
                    done: done + written,
                    total,
                });
            };
            self.update(address, LENGTH_PREFIX, content, &mut told)?;
            self.update(
                Address::Current,
                0,
                &(content.len() as u16).to_be_bytes(),
                &mut |_| (),
            )?;
            done += content.len();
        }
        Ok(())
    }

    /// UPDATE BINARY in blocks.
    fn update(
        &mut self,
        mut address: Address,
        offset: usize,
        content: &[u8],
        told: &mut dyn FnMut(usize),
    ) -> Result<(), CardError> {
        let mut done = 0;
        while done < content.len() {
            let limit = if self.extended {
                self.profile.block
            } else {
                SHORT_DATA_MAX
            };
            let block = &content[done..content.len().min(done + limit)];
            let [p1, p2] = address.parameters(offset + done);
            let command = Apdu::new(Instruction::UpdateBinary, p1, p2).data(block);
            match self.accepted(&command) {
                Err(error) if self.gave_up_extended(&command, &error) => continue,
                answer => answer?,
            };
            address = Address::Current;
            done += block.len();
            told(done);
        }
        Ok(())
    }

    /// READ BINARY of up to `wanted` bytes; the card may give fewer, but at least one.
    fn read(&mut self, address: Address, offset: usize, wanted: usize) -> Result<Vec<u8>, CardError> {
        let instruction = Instruction::ReadBinary;
        loop {
            let limit = if self.extended {
                self.profile.block
            } else {
                SHORT_EXPECTED_MAX
            };
            let [p1, p2] = address.parameters(offset);
            let command = Apdu::new(instruction, p1, p2).expect(wanted.min(limit));
            let Response { data, status } = self.channel.exchange(&command)?;
            if status.is_ok() || status == StatusWord::END_OF_FILE {
                if data.is_empty() {
                    return Err(CardError::Nonsense {
                        instruction,
                        what: "no data",
                    });
                }
                return Ok(data);
            }
            let error = CardError::Refused { instruction, status };
            if !self.gave_up_extended(&command, &error) {
                return Err(error);
            }
        }
    }

    /// Falls back to short commands, once, when the card answers an extended one with "wrong length".
    fn gave_up_extended(&mut self, command: &Apdu<'_>, error: &CardError) -> bool {
        let refused = matches!(
            error,
            CardError::Refused {
                status: StatusWord::WRONG_LENGTH,
                ..
            }
        );
        if refused && self.extended && command.is_extended() {
            log::info!("the card takes no extended-length commands, going on with short ones");
            self.extended = false;
            return true;
        }
        false
    }

    /// Checks a length prefix against the file.
    fn content_length(&self, group: DataGroup, open: OpenFile, start: &[u8]) -> Result<usize, CardError> {
        let fault = match start.first_chunk().copied().map(u16::from_be_bytes) {
            Some(0) => PrefixFault::Empty,
            Some(BEING_WRITTEN) => PrefixFault::BeingWritten,
            Some(length) if usize::from(length) + LENGTH_PREFIX <= open.size => return Ok(length.into()),
            _ => PrefixFault::Impossible,
        };
        Err(CardError::Unreadable {
            group,
            file: self.profile.file(group).id,
            fault,
        })
    }

    /// Content length of a file.
    fn read_prefix(&mut self, group: DataGroup) -> Result<usize, CardError> {
        let (open, address) = self.open_file(group)?;
        let start = self.read(address, 0, LENGTH_PREFIX)?;
        self.content_length(group, open, &start)
    }

    /// Content of a file. `likely` is the length it should have: then a good chip needs no second command.
    fn read_file(
        &mut self,
        group: DataGroup,
        likely: Option<usize>,
        told: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<u8>, CardError> {
        let (open, address) = self.open_file(group)?;
        let first = likely
            .map_or(SHORT_EXPECTED_MAX, |length| length + LENGTH_PREFIX)
            .min(open.size);
        let mut content = self.read(address, 0, first)?;
        let length = self.content_length(group, open, &content)?;
        let end = length + LENGTH_PREFIX;
        while content.len() < end {
            told(content.len() - LENGTH_PREFIX, length);
            let more = self.read(Address::Current, content.len(), end - content.len())?;
            content.extend_from_slice(&more);
        }
        content.truncate(end);
        content.drain(..LENGTH_PREFIX);
        told(length, length);
        Ok(content)
    }
}
