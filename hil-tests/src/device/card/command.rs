//! Takes a command APDU apart, as a card does (ISO/IEC 7816-4:2020, section 5.2).

use host_driver::card::StatusWord;

/// A command APDU as the card sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Command<'a> {
    pub(super) class: u8,
    pub(super) instruction: u8,
    pub(super) p1: u8,
    pub(super) p2: u8,
    pub(super) data: &'a [u8],
    pub(super) expected: Expected,
    /// Whether its lengths are in extended form.
    pub(super) extended: bool,
}

/// What the Le field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// No Le: no reply data wanted.
    Nothing,
    /// So many bytes.
    Exactly(usize),
    /// Le of zeros: as much as there is, up to 256 or 65,536 bytes.
    UpTo(usize),
}

impl Expected {
    /// Most reply bytes the host takes.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Exactly(bytes) | Self::UpTo(bytes) => bytes,
        }
    }

    fn short(le: u8) -> Self {
        if le == 0 {
            Self::UpTo(256)
        } else {
            Self::Exactly(le.into())
        }
    }

    fn long(le: [u8; 2]) -> Self {
        match u16::from_be_bytes(le) {
            0 => Self::UpTo(65_536),
            le => Self::Exactly(le.into()),
        }
    }
}

impl<'a> Command<'a> {
    /// Takes the bytes apart; lengths that do not add up are answered with 6700.
    pub(super) fn parse(apdu: &'a [u8]) -> Result<Self, StatusWord> {
        let [class, instruction, p1, p2, body @ ..] = apdu else {
            return Err(StatusWord::WRONG_LENGTH);
        };
        let (data, expected, extended) = match body {
            [] => (&[][..], Expected::Nothing, false),
            [le] => (&[][..], Expected::short(*le), false),
            [0, high, low] => (&[][..], Expected::long([*high, *low]), true),
            [0, high, low, rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                match rest.split_at_checked(length).filter(|_| length > 0) {
                    Some((data, [])) => (data, Expected::Nothing, true),
                    Some((data, [high, low])) => (data, Expected::long([*high, *low]), true),
                    _ => return Err(StatusWord::WRONG_LENGTH),
                }
            }
            [length, rest @ ..] => match rest
                .split_at_checked(usize::from(*length))
                .filter(|_| *length > 0)
            {
                Some((data, [])) => (data, Expected::Nothing, false),
                Some((data, [le])) => (data, Expected::short(*le), false),
                _ => return Err(StatusWord::WRONG_LENGTH),
            },
        };
        Ok(Self {
            class: *class,
            instruction: *instruction,
            p1: *p1,
            p2: *p2,
            data,
            expected,
            extended,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(apdu: &[u8]) -> (&[u8], Expected, bool) {
        let command = Command::parse(apdu).unwrap();
        (command.data, command.expected, command.extended)
    }

    #[test]
    fn the_seven_forms_of_the_standard_are_told_apart() {
        assert_eq!(parsed(&[0, 0x44, 0, 0]), (&[][..], Expected::Nothing, false));
        assert_eq!(
            parsed(&[0, 0xB0, 0, 0, 8]),
            (&[][..], Expected::Exactly(8), false)
        );
        assert_eq!(parsed(&[0, 0xB0, 0, 0, 0]), (&[][..], Expected::UpTo(256), false));
        assert_eq!(
            parsed(&[0, 0xA4, 0, 0, 2, 0x7F, 0x0A]),
            (&[0x7F, 0x0A][..], Expected::Nothing, false)
        );
        assert_eq!(
            parsed(&[0, 0xA4, 0, 4, 2, 0x7F, 0x0A, 0]),
            (&[0x7F, 0x0A][..], Expected::UpTo(256), false)
        );
        assert_eq!(
            parsed(&[0, 0xB0, 0, 0, 0, 0x0B, 0xB8]),
            (&[][..], Expected::Exactly(3000), true)
        );
        assert_eq!(
            parsed(&[0, 0xD6, 0, 0, 0, 0, 1, 9]),
            (&[9][..], Expected::Nothing, true)
        );
        assert_eq!(
            parsed(&[0, 0xD6, 0, 0, 0, 0, 1, 9, 0, 0]),
            (&[9][..], Expected::UpTo(65_536), true)
        );
    }

    #[test]
    fn lengths_that_do_not_add_up_are_wrong() {
        for apdu in [
            &[0, 0xA4, 0][..],
            &[0, 0xA4, 0, 0, 2, 0x7F],
            &[0, 0xD6, 0, 0, 0, 0, 2, 9],
            &[0, 0xD6, 0, 0, 0, 1],
        ] {
            assert_eq!(Command::parse(apdu), Err(StatusWord::WRONG_LENGTH), "{apdu:02X?}");
        }
    }
}
