//! File control parameters: what SELECT tells about a file (ISO/IEC 7816-4:2020, section 7.4).

use nom::{
    IResult, Parser,
    bytes::complete::take,
    combinator::{all_consuming, map, verify},
    multi::many0,
    number::complete::{be_u16, be_u24, u8},
};
use thiserror::Error;

/// State in the life of a file or application (ISO/IEC 7816-4:2020, table 15, byte under tag `8A`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifeCycle {
    /// `00`: the card does not say.
    Unstated,
    /// `01`: created, nothing written yet.
    Creation,
    /// `03`: being filled (personalised).
    Initialisation,
    /// `05` or `07`: in use.
    Activated,
    /// `04` or `06`: withdrawn from use, can be activated again.
    Deactivated,
    /// `0C` to `0F`: unusable for ever.
    Terminated,
    /// Any other value: reserved or the maker's own.
    Other(u8),
}

impl LifeCycle {
    /// Reads the life cycle status byte.
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0x00 => Self::Unstated,
            0x01 => Self::Creation,
            0x03 => Self::Initialisation,
            0x05 | 0x07 => Self::Activated,
            0x04 | 0x06 => Self::Deactivated,
            0x0C..=0x0F => Self::Terminated,
            other => Self::Other(other),
        }
    }

    /// The life cycle status byte; where the standard has several, the lowest.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Unstated => 0x00,
            Self::Creation => 0x01,
            Self::Initialisation => 0x03,
            Self::Activated => 0x05,
            Self::Deactivated => 0x04,
            Self::Terminated => 0x0C,
            Self::Other(byte) => byte,
        }
    }

    /// One word for logs and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unstated => "unstated",
            Self::Creation => "creation",
            Self::Initialisation => "initialisation",
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Terminated => "terminated",
            Self::Other(_) => "other",
        }
    }
}

impl std::fmt::Display for LifeCycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:02X})", self.name(), self.to_byte())
    }
}

/// Kind of a file, from the descriptor byte under tag `82` (ISO/IEC 7816-4:2020, table 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `01`: transparent elementary file, read and written by offset.
    Transparent,
    /// `38`: dedicated file, a folder or application.
    Dedicated,
    /// Any other descriptor.
    Other(u8),
}

/// The file control parameters this project uses. A card may leave out any of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fcp {
    /// Tag `80`: bytes of data the file can hold.
    pub size: Option<u32>,
    /// Tag `82`: kind of file.
    pub kind: Option<FileKind>,
    /// Tag `83`: file identifier.
    pub file_id: Option<u16>,
    /// Tag `84`: name of a dedicated file, 1 to 16 bytes.
    pub name: Option<Vec<u8>>,
    /// Tag `88`: short EF identifier, 1 to 30.
    pub short_id: Option<u8>,
    /// Tag `8A`: life cycle.
    pub life_cycle: Option<LifeCycle>,
}

/// The card's answer to SELECT is not a well-formed FCP template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed file control parameters")]
pub struct MalformedFcp;

/// One BER-TLV object: tag and value.
type Object<'a> = (u8, &'a [u8]);

/// BER length in the definite forms of ISO/IEC 7816-4, 6.3, up to three bytes.
fn length(input: &[u8]) -> IResult<&[u8], usize> {
    let (rest, first) = u8(input)?;
    match first {
        0x00..=0x7F => Ok((rest, first as usize)),
        0x81 => map(u8, usize::from).parse(rest),
        0x82 => map(be_u16, usize::from).parse(rest),
        0x83 => map(be_u24, |length: u32| length as usize).parse(rest),
        _ => Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::LengthValue,
        ))),
    }
}

/// One object with a one-byte tag; FCP has no others (tags whose low five bits are all set go on in a second byte).
fn object(input: &[u8]) -> IResult<&[u8], Object<'_>> {
    let (rest, tag) = verify(u8, |tag| tag & 0x1F != 0x1F).parse(input)?;
    let (rest, length) = length(rest)?;
    let (rest, value) = take(length)(rest)?;
    Ok((rest, (tag, value)))
}

/// All objects of a template.
fn objects(input: &[u8]) -> Result<Vec<Object<'_>>, MalformedFcp> {
    all_consuming(many0(object))
        .parse(input)
        .map(|(_, objects)| objects)
        .map_err(|_| MalformedFcp)
}

impl Fcp {
    /// Parses the reply data of SELECT: an FCP template `62`, bare or inside an FCI template `6F`.
    ///
    /// Objects of other tags are passed over, as the standard asks.
    ///
    /// # Errors
    /// [`MalformedFcp`] when lengths do not add up or a known object has an impossible length.
    pub fn parse(reply: &[u8]) -> Result<Self, MalformedFcp> {
        let mut template = reply;
        // At most two levels, 6F { 62 { .. } }, so that a card cannot make this deep.
        for _ in 0..2 {
            match objects(template)?.as_slice() {
                [(0x62, fields)] => return Self::from_fields(&objects(fields)?),
                [(0x6F, inner)] => template = inner,
                _ => break,
            }
        }
        // Some cards put the fields directly under 6F.
        if template.len() == reply.len() {
            Err(MalformedFcp)
        } else {
            Self::from_fields(&objects(template)?)
        }
    }

    fn from_fields(fields: &[Object<'_>]) -> Result<Self, MalformedFcp> {
        let mut fcp = Self::default();
        for (tag, value) in fields {
            match (tag, value) {
                (0x80, [_, ..] | []) => {
                    if !(1..=4).contains(&value.len()) {
                        return Err(MalformedFcp);
                    }
                    fcp.size = Some(value.iter().fold(0, |size, byte| size << 8 | u32::from(*byte)));
                }
                (0x82, [descriptor, ..]) => {
                    fcp.kind = Some(match descriptor {
                        0x01 => FileKind::Transparent,
                        0x38 => FileKind::Dedicated,
                        other => FileKind::Other(*other),
                    });
                }
                (0x83, [high, low]) => fcp.file_id = Some(u16::from_be_bytes([*high, *low])),
                (0x84, [_, ..]) if value.len() <= 16 => fcp.name = Some(value.to_vec()),
                // The identifier is in the five high bits; an empty object says that there is none (table 12).
                (0x88, [short]) => fcp.short_id = Some(short >> 3).filter(|id| (1..=30).contains(id)),
                (0x88, []) => fcp.short_id = None,
                (0x8A, [byte]) => fcp.life_cycle = Some(LifeCycle::from_byte(*byte)),
                (0x82 | 0x83 | 0x84 | 0x88 | 0x8A, _) => return Err(MalformedFcp),
                _ => {}
            }
        }
        Ok(fcp)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    #[rustfmt::skip]
    const PHOTO: &[u8] = &[
        0x62, 0x11,
            0x80, 0x02, 0x10, 0x00, // 4096 bytes
            0x82, 0x01, 0x01,       // transparent
            0x83, 0x02, 0x6F, 0xF2, // file id
            0x88, 0x01, 0x90,       // short id 18
            0x8A, 0x01, 0x03,       // initialisation
    ];

    #[test]
    fn the_fields_of_an_elementary_file_are_read() {
        let fcp = Fcp::parse(PHOTO).unwrap();
        let expected = Fcp {
            size: Some(4096),
            kind: Some(FileKind::Transparent),
            file_id: Some(0x6FF2),
            name: None,
            short_id: Some(18),
            life_cycle: Some(LifeCycle::Initialisation),
        };
        assert_eq!(fcp, expected);
    }

    #[test]
    fn a_template_inside_an_fci_reads_the_same() {
        let mut fci = vec![0x6F, PHOTO.len() as u8];
        fci.extend_from_slice(PHOTO);
        assert_eq!(Fcp::parse(&fci), Fcp::parse(PHOTO));
        let bare = [0x6F, 3, 0x8A, 1, 5];
        assert_eq!(Fcp::parse(&bare).unwrap().life_cycle, Some(LifeCycle::Activated));
    }

    #[test]
    fn lengths_that_do_not_add_up_are_refused() {
        assert_eq!(Fcp::parse(&PHOTO[..PHOTO.len() - 1]), Err(MalformedFcp));
        assert_eq!(Fcp::parse(&[]), Err(MalformedFcp));
        assert_eq!(
            Fcp::parse(&[0x62, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]),
            Err(MalformedFcp)
        );
        assert_eq!(Fcp::parse(&[0x62, 2, 0x8A, 0]), Err(MalformedFcp));
    }

    #[test]
    fn both_bytes_of_activated_mean_activated() {
        assert_eq!(LifeCycle::from_byte(7), LifeCycle::Activated);
        assert_eq!(LifeCycle::from_byte(0x0F), LifeCycle::Terminated);
        assert_eq!(LifeCycle::Activated.to_string(), "activated (05)");
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(0x7816), ..ProptestConfig::default() })]

        #[test]
        fn no_reply_makes_the_parser_panic(reply in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Fcp::parse(&reply);
        }

        #[test]
        fn a_damaged_template_never_panics(at in 0..PHOTO.len(), byte: u8) {
            let mut damaged = PHOTO.to_vec();
            damaged[at] = byte;
            let _ = Fcp::parse(&damaged);
        }
    }
}
