//! Command APDUs: what the host asks a card (ISO/IEC 7816-4:2020, section 5.1).

use thiserror::Error;

/// The one table of instructions: code, name, and whether the command changes what the card holds.
macro_rules! instructions {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, changes: $changes:literal;)*) => {
        /// Instruction byte (INS) of a command, as far as this project uses it.
        ///
        /// Source: ISO/IEC 7816-4:2020 table 4 and ISO/IEC 7816-9 (life cycle commands).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Instruction {
            $($(#[$doc])* $variant,)*
        }

        impl Instruction {
            /// The INS byte on the wire.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            /// The standard's name of the command, in capitals as the standard writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether the card may hold something else, or be in another state, after the command.
            ///
            /// When such a command got no answer, what it did is *unknown* until the card was looked at.
            pub const fn changes_card(self) -> bool {
                match self { $(Self::$variant => $changes,)* }
            }

            /// The instruction with this INS byte, if this project knows it.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

instructions! {
    /// Makes a dedicated file unusable for ever (ISO/IEC 7816-9).
    TerminateDf = 0xE6, "TERMINATE DF", changes: true;
    /// Makes a file unusable until it is activated again.
    DeactivateFile = 0x04, "DEACTIVATE FILE", changes: true;
    /// Proves that the outside world holds a key; with an answer it is MUTUAL AUTHENTICATE.
    ExternalAuthenticate = 0x82, "EXTERNAL AUTHENTICATE", changes: false;
    /// Asks the card for a random number.
    GetChallenge = 0x84, "GET CHALLENGE", changes: false;
    /// Makes a file (application) operational.
    ActivateFile = 0x44, "ACTIVATE FILE", changes: true;
    /// Chooses the current file.
    SelectFile = 0xA4, "SELECT", changes: false;
    /// Reads bytes of a transparent file.
    ReadBinary = 0xB0, "READ BINARY", changes: false;
    /// Fetches the rest of a reply that the card announced with `61xx`.
    GetResponse = 0xC0, "GET RESPONSE", changes: false;
    /// Reads a data object; with class FF the reader answers it (PC/SC part 3, section 3.2.2.1.3).
    GetData = 0xCA, "GET DATA", changes: false;
    /// Overwrites bytes of a transparent file.
    UpdateBinary = 0xD6, "UPDATE BINARY", changes: true;
}

impl std::fmt::Display for Instruction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Most data bytes (Nc) of a command in short form.
pub const SHORT_DATA_MAX: usize = 255;
/// Most reply bytes (Ne) a command in short form can ask for; written as Le = 00.
pub const SHORT_EXPECTED_MAX: usize = 256;
/// Most data bytes (Nc) of a command in extended form.
pub const EXTENDED_DATA_MAX: usize = 65_535;
/// Most reply bytes (Ne) a command in extended form can ask for; written as Le = 0000.
pub const EXTENDED_EXPECTED_MAX: usize = 65_536;

/// Why a command cannot be put into bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ApduError {
    /// More data than the length field can say.
    #[error("{instruction} with {length} data bytes does not fit one command: split it by offset")]
    TooMuchData {
        /// The command.
        instruction: Instruction,
        /// Data bytes it was given.
        length: usize,
    },
    /// A longer reply asked for than the length field can say.
    #[error("{instruction} cannot ask for {length} bytes in one reply: split it by offset")]
    TooMuchExpected {
        /// The command.
        instruction: Instruction,
        /// Reply bytes it asked for.
        length: usize,
    },
}

/// A command to a card, before it is put into bytes.
///
/// Wire, short form: `| CLA | INS | P1 | P2 | [Lc: 1] | [data] | [Le: 1] |`
///
/// Wire, extended form: `| CLA | INS | P1 | P2 | 00 | [Lc: 2 BE] | [data] | [Le: 2 BE] |`
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Apdu<'a> {
    class: u8,
    instruction: Instruction,
    parameters: [u8; 2],
    data: &'a [u8],
    expected: usize,
}

impl<'a> Apdu<'a> {
    /// A command of the interindustry class 00, without data and without a reply.
    pub const fn new(instruction: Instruction, p1: u8, p2: u8) -> Self {
        Self {
            class: 0x00,
            instruction,
            parameters: [p1, p2],
            data: &[],
            expected: 0,
        }
    }

    /// Sets the class byte (CLA).
    #[must_use]
    pub const fn class(mut self, class: u8) -> Self {
        self.class = class;
        self
    }

    /// Sets the command data, at most [`EXTENDED_DATA_MAX`] bytes.
    #[must_use]
    pub const fn data(mut self, data: &'a [u8]) -> Self {
        self.data = data;
        self
    }

    /// Sets the most reply bytes that may come (Ne), at most [`EXTENDED_EXPECTED_MAX`]; 0 means no reply data.
    #[must_use]
    pub const fn expect(mut self, bytes: usize) -> Self {
        self.expected = bytes;
        self
    }

    /// The command's instruction.
    pub const fn instruction(&self) -> Instruction {
        self.instruction
    }

    /// Most reply bytes asked for (Ne).
    pub const fn expected(&self) -> usize {
        self.expected
    }

    /// Whether the command needs the extended form.
    pub const fn is_extended(&self) -> bool {
        self.data.len() > SHORT_DATA_MAX || self.expected > SHORT_EXPECTED_MAX
    }

    /// Appends the command's bytes to `wire`: in short form if it fits, else in extended form.
    ///
    /// # Errors
    /// [`ApduError`] when not even the extended form can say the lengths; `wire` is then unchanged.
    pub fn encode(&self, wire: &mut Vec<u8>) -> Result<(), ApduError> {
        let Self {
            class,
            instruction,
            parameters: [p1, p2],
            data,
            expected,
        } = *self;
        if data.len() > EXTENDED_DATA_MAX {
            return Err(ApduError::TooMuchData {
                instruction,
                length: data.len(),
            });
        }
        if expected > EXTENDED_EXPECTED_MAX {
            return Err(ApduError::TooMuchExpected {
                instruction,
                length: expected,
            });
        }
        wire.extend_from_slice(&[class, instruction.code(), p1, p2]);
        if self.is_extended() {
            wire.push(0);
            if !data.is_empty() {
                wire.extend_from_slice(&(data.len() as u16).to_be_bytes());
                wire.extend_from_slice(data);
            }
            if expected > 0 {
                // 65,536 is written as 0000, which is what the narrowing gives (7816-4, 5.1).
                wire.extend_from_slice(&(expected as u16).to_be_bytes());
            }
        } else {
            if !data.is_empty() {
                wire.push(data.len() as u8);
                wire.extend_from_slice(data);
            }
            if expected > 0 {
                wire.push(expected as u8); // 256 is written as 00.
            }
        }
        Ok(())
    }
}

/// Shows header and lengths only: command data may be a resident's.
impl std::fmt::Debug for Apdu<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [p1, p2] = self.parameters;
        let Self {
            class,
            instruction,
            data,
            expected,
            ..
        } = self;
        write!(
            f,
            "Apdu({class:02X} {instruction} P1={p1:02X} P2={p2:02X} Nc={} Ne={expected})",
            data.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(apdu: Apdu<'_>) -> Vec<u8> {
        let mut wire = Vec::new();
        apdu.encode(&mut wire).unwrap();
        wire
    }

    #[test]
    fn the_four_short_cases_have_the_standards_bytes() {
        assert_eq!(
            wire(Apdu::new(Instruction::ActivateFile, 0, 0)),
            [0x00, 0x44, 0x00, 0x00]
        );
        assert_eq!(
            wire(Apdu::new(Instruction::ReadBinary, 0, 2).expect(8)),
            [0x00, 0xB0, 0x00, 0x02, 0x08]
        );
        let select = Apdu::new(Instruction::SelectFile, 0, 0).data(&[0x7F, 0x0A]);
        assert_eq!(wire(select), [0x00, 0xA4, 0x00, 0x00, 0x02, 0x7F, 0x0A]);
        assert_eq!(
            wire(select.expect(256)),
            [0x00, 0xA4, 0x00, 0x00, 0x02, 0x7F, 0x0A, 0x00]
        );
    }

    #[test]
    fn a_command_that_needs_it_goes_in_extended_form() {
        let read = wire(Apdu::new(Instruction::ReadBinary, 0x92, 0).expect(3000));
        assert_eq!(read, [0x00, 0xB0, 0x92, 0x00, 0x00, 0x0B, 0xB8]);
        let all = wire(Apdu::new(Instruction::ReadBinary, 0, 0).expect(EXTENDED_EXPECTED_MAX));
        assert_eq!(all, [0x00, 0xB0, 0x00, 0x00, 0x00, 0x00, 0x00]);
        let data = [0xAA; 256];
        let update = wire(Apdu::new(Instruction::UpdateBinary, 0, 2).data(&data));
        assert_eq!(update[..7], [0x00, 0xD6, 0x00, 0x02, 0x00, 0x01, 0x00]);
        assert_eq!(update.len(), 7 + 256);
    }

    #[test]
    fn the_reader_is_asked_for_the_uid_with_class_ff() {
        let uid = Apdu::new(Instruction::GetData, 0, 0).class(0xFF).expect(256);
        assert_eq!(wire(uid), [0xFF, 0xCA, 0x00, 0x00, 0x00]);
    }

    #[test]
    fn lengths_that_no_form_can_say_are_refused() {
        let data = vec![0; 65_536];
        let update = Apdu::new(Instruction::UpdateBinary, 0, 0).data(&data);
        assert!(matches!(
            update.encode(&mut Vec::new()),
            Err(ApduError::TooMuchData { length: 65_536, .. })
        ));
        let read = Apdu::new(Instruction::ReadBinary, 0, 0).expect(65_537);
        assert!(matches!(
            read.encode(&mut Vec::new()),
            Err(ApduError::TooMuchExpected { .. })
        ));
    }

    #[test]
    fn instruction_codes_survive_the_round_trip() {
        for code in 0..=u8::MAX {
            if let Some(instruction) = Instruction::from_code(code) {
                assert_eq!(instruction.code(), code);
            }
        }
    }

    #[test]
    fn debug_output_shows_no_command_data() {
        let shown = format!(
            "{:?}",
            Apdu::new(Instruction::UpdateBinary, 0, 2).data(b"3171234567890123")
        );
        assert_eq!(shown, "Apdu(00 UPDATE BINARY P1=00 P2=02 Nc=16 Ne=0)");
    }
}
