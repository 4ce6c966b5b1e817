//! What the host does with a chip: look at it, fill it, read it back, activate it.

use super::{
    apdu::{Apdu, Instruction, SHORT_EXPECTED_MAX},
    channel::Traffic,
    content::{ChipContent, ChipImage, ContentError},
    error::{CardError, ChipCondition, PrefixFault},
    fcp::LifeCycle,
    files::{Address, Files},
    profile::{BEING_WRITTEN, CardProfile, DataGroup, KTP_EL, LENGTH_PREFIX},
    transport::CardTransport,
    uid::Uid,
};

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

/// A powered chip of one profile.
///
/// Looking: [`Self::uid`], [`Self::inspect`], [`Self::life_cycle`], [`Self::read_image`], [`Self::read_back`].
/// Changing: [`Self::personalise`], [`Self::activate`], [`Self::terminate`].
///
/// Every method ends after a number of commands that the profile bounds, whatever the card answers.
#[derive(Debug)]
pub struct Chip<T> {
    files: Files<T>,
}

impl<T: CardTransport> Chip<T> {
    /// A KTP-el chip behind `transport`.
    pub fn new(transport: T) -> Self {
        Self::with_profile(transport, &KTP_EL)
    }

    /// A chip of another profile.
    pub const fn with_profile(transport: T, profile: &'static CardProfile) -> Self {
        Self {
            files: Files::new(transport, profile),
        }
    }

    /// Answer to reset.
    pub fn atr(&self) -> &[u8] {
        self.files.channel.transport().atr()
    }

    /// What went over the wire since the chip was opened.
    pub const fn traffic(&self) -> Traffic {
        self.files.channel.traffic()
    }

    /// Asks the reader for the chip's number (`FF CA 00 00 00`).
    pub fn uid(&mut self) -> Result<Uid, CardError> {
        let command = Apdu::new(Instruction::GetData, 0, 0)
            .class(0xFF)
            .expect(SHORT_EXPECTED_MAX);
        let data = self.files.accepted(&command)?;
        Uid::try_from(data.as_slice()).map_err(|_| CardError::Nonsense {
            instruction: Instruction::GetData,
            what: "impossible UID",
        })
    }

    /// Life cycle of the application.
    pub fn life_cycle(&mut self) -> Result<LifeCycle, CardError> {
        Ok(self
            .files
            .open_application()?
            .life_cycle
            .unwrap_or(LifeCycle::Unstated))
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
                match self.files.read_prefix(DataGroup::CardControl) {
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
        image.check_fits(self.files.profile)?;
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
        self.files.open_application()?;
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
            let content = self.files.read_file(group, None, &mut told)?;
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
        self.files.open_application()?;
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
            let content = self.files.read_file(group, Some(length), &mut told)?;
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
        let id = self.files.profile.application.to_bytes();
        self.files
            .accepted(&Apdu::new(Instruction::ActivateFile, 0, 0).data(&id))?;
        match self.life_cycle()? {
            LifeCycle::Activated => Ok(Activation::Done),
            other => Err(CardError::NotActivated(other)),
        }
    }

    /// Makes the application unusable for ever, so that a rejected card is worth nothing to a thief.
    pub fn terminate(&mut self) -> Result<(), CardError> {
        self.files.open_application()?;
        self.files
            .accepted(&Apdu::new(Instruction::TerminateDf, 0, 0))
            .map(drop)
    }

    /// Checks the content against the file sizes of this very card.
    fn check_room(&mut self, image: &ChipImage) -> Result<(), CardError> {
        for group in DataGroup::ALL {
            let (open, _) = self.files.open_file(group)?;
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
        let (_, control) = self.files.open_file(DataGroup::CardControl)?;
        self.files
            .update(control, 0, &BEING_WRITTEN.to_be_bytes(), &mut |_| ())?;
        let mut done = 0;
        for group in DataGroup::ALL
            .into_iter()
            .cycle()
            .skip(1)
            .take(DataGroup::ALL.len())
        {
            let content = image.get(group);
            let (_, address) = self.files.open_file(group)?;
            let mut told = |written: usize| {
                progress(Progress {
                    activity: Activity::Writing,
                    done: done + written,
                    total,
                });
            };
            self.files.update(address, LENGTH_PREFIX, content, &mut told)?;
            self.files.update(
                Address::Current,
                0,
                &(content.len() as u16).to_be_bytes(),
                &mut |_| (),
            )?;
            done += content.len();
        }
        Ok(())
    }
}
