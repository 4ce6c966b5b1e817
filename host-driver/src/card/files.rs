//! The files of a chip by name: SELECT, and READ and UPDATE BINARY in blocks that the card takes.

use super::{
    apdu::{Apdu, Instruction, SHORT_DATA_MAX, SHORT_EXPECTED_MAX},
    channel::{Channel, Response},
    error::{CardError, PrefixFault},
    fcp::Fcp,
    profile::{BEING_WRITTEN, CardProfile, DataGroup, ElementaryFile, FileId, LENGTH_PREFIX},
    status::StatusWord,
    transport::CardTransport,
};

/// P2 of SELECT: return the FCP template (ISO/IEC 7816-4:2020, table 64).
const RETURN_FCP: u8 = 0x04;

/// Highest offset that READ and UPDATE BINARY can say: 15 bits (ISO/IEC 7816-4:2020, 11.3.2).
const OFFSET_MAX: usize = 0x7FFF;

/// An elementary file as the card described it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenFile {
    pub(super) size: usize,
    short_id: Option<u8>,
}

/// Where READ or UPDATE BINARY goes: P1-P2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
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

/// The application's files behind a transport.
#[derive(Debug)]
pub(super) struct Files<T> {
    pub(super) channel: Channel<T>,
    pub(super) profile: &'static CardProfile,
    open: [Option<OpenFile>; 7],
    /// Whether the card takes extended length, as far as is known: it is believed until it answers 6700.
    extended: bool,
}

impl<T: CardTransport> Files<T> {
    pub(super) const fn new(transport: T, profile: &'static CardProfile) -> Self {
        let extended = profile.block > SHORT_DATA_MAX;
        Self {
            channel: Channel::new(transport),
            profile,
            open: [None; 7],
            extended,
        }
    }

    /// Sends a command that must be answered with 9000.
    pub(super) fn accepted(&mut self, command: &Apdu<'_>) -> Result<Vec<u8>, CardError> {
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

    pub(super) fn open_application(&mut self) -> Result<Fcp, CardError> {
        self.select(self.profile.application)?
            .ok_or(CardError::WrongCard(self.profile.name))
    }

    /// Makes a file addressable: by its short identifier if the card gave one before, else by SELECT.
    pub(super) fn open_file(&mut self, group: DataGroup) -> Result<(OpenFile, Address), CardError> {
        if let Some(
            open @ OpenFile {
                short_id: Some(short),
                ..
            },
        ) = self.open[group.index()]
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
        self.open[group.index()] = Some(open);
        Ok((open, Address::Current))
    }

    /// UPDATE BINARY in blocks.
    pub(super) fn update(
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
    pub(super) fn read_prefix(&mut self, group: DataGroup) -> Result<usize, CardError> {
        let (open, address) = self.open_file(group)?;
        let start = self.read(address, 0, LENGTH_PREFIX)?;
        self.content_length(group, open, &start)
    }

    /// Content of a file. `likely` is the length it should have: then a good chip needs no second command.
    pub(super) fn read_file(
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
