//! How a record lies in storage: a byte for the version, then the fields, as the protocol lays out its own.
//!
//! What the host is to be told comes first, so that it can be read without the rest.

use heapless::{String, Vec};
use protocol::message::{
    Field, LentRange, Malformed, NoRoom, PrintCause, PrintOutcome, Reader, Service, TicketPrinted,
    TicketTaken, Writer,
};

use super::{Flight, Happened, Lent, Loan, News, Offer, Snapshot, Stage, Ticket};
use crate::drivers::escpos::Counters;
use crate::journal::MAX_RECORD;

/// The layout that this firmware writes, and reads.
const VERSION: u8 = 1;

/// The most bytes of a record without the English names of services.
const LONGEST: usize =
    1 + Happened::MAX_LEN + 1 + Flight::MAX_LEN + 3 * 4 + 8 + 2 + 4 + 1 + Loan::MAX_LEN + OFFER_LONGEST;
const OFFER_LONGEST: usize = String::<32>::MAX_LEN + 3 + 1 + 4 * (2 + String::<24>::MAX_LEN);
const _: () = assert!(LONGEST <= MAX_RECORD);

/// Writes a record and says how long it is.
///
/// # Errors
///
/// [`NoRoom`] never: the longest record fits.
// Not inlined: what it needs of the stack should be free again afterwards.
#[inline(never)]
pub fn encode(
    snapshot: &Snapshot,
    happened: &Happened,
    into: &mut [u8; MAX_RECORD],
) -> Result<usize, NoRoom> {
    let mut out = Writer::new(into);
    VERSION.write(&mut out);
    happened.write(&mut out);
    write_option(snapshot.flight.as_ref(), &mut out);
    snapshot.writer.write(&mut out);
    snapshot.sequence.write(&mut out);
    snapshot.presses.write(&mut out);
    snapshot.unix.write(&mut out);
    snapshot.utc_offset_minutes.write(&mut out);
    snapshot.day.write(&mut out);
    write_option(snapshot.loan.as_ref(), &mut out);
    write_offer(&snapshot.offer, &mut out);
    out.end().map(|()| out.len())
}

/// Reads the snapshot of a record.
///
/// # Errors
///
/// [`Malformed`] if it is of another version, or none of this kiosk's.
#[inline(never)]
pub fn restore(record: &[u8]) -> Result<Snapshot, Malformed> {
    let (rest, (_, flight)) = head(record)?;
    let mut input = Reader::new(rest);
    let snapshot = Snapshot {
        flight,
        writer: Field::read(&mut input),
        sequence: Field::read(&mut input),
        presses: Field::read(&mut input),
        unix: Field::read(&mut input),
        utc_offset_minutes: Field::read(&mut input),
        day: Field::read(&mut input),
        loan: read_option(&mut input),
        offer: Offer {
            office: Field::read(&mut input),
            open: Field::read(&mut input),
            priority: Field::read(&mut input),
            paper_mm: Field::read(&mut input),
            services: read_services(&mut input),
        },
    };
    let (mut rest, mut snapshot) = input.end(snapshot)?;
    for service in &mut snapshot.offer.services {
        if rest.is_empty() {
            break;
        }
        let mut input = Reader::new(rest);
        let name_en = Field::read(&mut input);
        (rest, service.name_en) = input.end(name_en)?;
    }
    Ok(snapshot)
}

/// What the host is to be told of a record.
///
/// # Errors
///
/// [`Malformed`] as [`restore`].
#[inline(never)]
pub fn news(record: &[u8]) -> Result<News, Malformed> {
    let (_, (happened, flight)) = head(record)?;
    match happened {
        Happened::Outcome {
            press,
            ticket_id,
            outcome,
            cause,
        } => Ok(News {
            printed: Some(TicketPrinted {
                press,
                ticket_id,
                outcome,
                cause,
            }),
            taken: None,
        }),
        Happened::Taken { loan, instead_of } => {
            let flight = flight.ok_or(Malformed::UnknownCode)?;
            let Stage::Intent { ticket, .. } = flight.stage else {
                return Err(Malformed::UnknownCode);
            };
            Ok(News {
                printed: instead_of.map(|press| TicketPrinted {
                    press,
                    ticket_id: 0,
                    outcome: PrintOutcome::NotPrinted,
                    cause: PrintCause::None,
                }),
                taken: Some(TicketTaken {
                    press: flight.press,
                    loan,
                    ticket_id: ticket.id,
                    service: flight.service,
                    prefix: ticket.prefix,
                    number: ticket.number,
                    priority: flight.priority,
                    taken_unix: ticket.issued.map_or(0, |(unix, _)| unix),
                }),
            })
        }
        _ => Ok(News::default()),
    }
}

type Head = (Happened, Option<Flight>);

/// What happened, to whom, and the bytes of the rest.
fn head(record: &[u8]) -> Result<(&[u8], Head), Malformed> {
    let Some((&VERSION, record)) = record.split_first() else {
        return Err(Malformed::UnknownCode);
    };
    // The only field whose reader cannot tell that it made no sense of it: the tag comes first.
    if record.first().is_none_or(|tag| *tag > LAST_TAG) {
        return Err(Malformed::UnknownCode);
    }
    let mut input = Reader::new(record);
    let head = (Happened::read(&mut input), read_option(&mut input));
    input.end(head)
}

fn write_option<T: Field>(value: Option<&T>, out: &mut Writer<'_>) {
    value.is_some().write(out);
    if let Some(value) = value {
        value.write(out);
    }
}

fn read_option<T: Field>(input: &mut Reader<'_>) -> Option<T> {
    bool::read(input).then(|| T::read(input))
}

const PRESSED: u8 = 0;
const INTENT: u8 = 1;
const TAKEN: u8 = 2;
const OUTCOME: u8 = 3;
const DROPPED: u8 = 4;
const LOAN: u8 = 5;
const OFFER: u8 = 6;
const DAY_OVER: u8 = 7;
const LAST_TAG: u8 = DAY_OVER;

/// A tag, and what belongs to it.
impl Field for Happened {
    const MAX_LEN: usize = 1 + 8 + 8 + 1 + 1;

    fn write(&self, out: &mut Writer<'_>) {
        let tag = match self {
            Self::Pressed => PRESSED,
            Self::Intent => INTENT,
            Self::Taken { .. } => TAKEN,
            Self::Outcome { .. } => OUTCOME,
            Self::Dropped => DROPPED,
            Self::Loan => LOAN,
            Self::Offer => OFFER,
            Self::DayOver => DAY_OVER,
        };
        tag.write(out);
        match self {
            Self::Taken { loan, instead_of } => {
                loan.write(out);
                write_option(instead_of.as_ref(), out);
            }
            Self::Outcome {
                press,
                ticket_id,
                outcome,
                cause,
            } => {
                press.write(out);
                ticket_id.write(out);
                outcome.write(out);
                cause.write(out);
            }
            _ => (),
        }
    }

    fn read(input: &mut Reader<'_>) -> Self {
        match u8::read(input) {
            PRESSED => Self::Pressed,
            INTENT => Self::Intent,
            TAKEN => Self::Taken {
                loan: Field::read(input),
                instead_of: read_option(input),
            },
            OUTCOME => Self::Outcome {
                press: Field::read(input),
                ticket_id: Field::read(input),
                outcome: Field::read(input),
                cause: Field::read(input),
            },
            LOAN => Self::Loan,
            OFFER => Self::Offer,
            DAY_OVER => Self::DayOver,
            // No other comes here: see `head`.
            _ => Self::Dropped,
        }
    }
}

impl Field for Flight {
    const MAX_LEN: usize = 8 + 1 + 1 + 1 + Ticket::MAX_LEN + 4 + 1 + 8;

    fn write(&self, out: &mut Writer<'_>) {
        self.press.write(out);
        self.service.write(out);
        self.priority.write(out);
        match &self.stage {
            Stage::Pressed { at } => {
                false.write(out);
                at.write(out);
            }
            Stage::Intent {
                ticket,
                mark,
                counters,
            } => {
                true.write(out);
                ticket.write(out);
                mark.write(out);
                counters.is_some().write(out);
                if let Some(counters) = counters {
                    counters.lines.write(out);
                    counters.cuts.write(out);
                }
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Self {
        Self {
            press: Field::read(input),
            service: Field::read(input),
            priority: Field::read(input),
            stage: if bool::read(input) {
                Stage::Intent {
                    ticket: Field::read(input),
                    mark: Field::read(input),
                    counters: bool::read(input).then(|| Counters {
                        lines: Field::read(input),
                        cuts: Field::read(input),
                    }),
                }
            } else {
                Stage::Pressed {
                    at: Field::read(input),
                }
            },
        }
    }
}

impl Field for Ticket {
    const MAX_LEN: usize = 8 + 1 + 2 + (1 + 8 + 2) + (1 + 2 + 2) + 1 + 1;

    fn write(&self, out: &mut Writer<'_>) {
        self.id.write(out);
        self.prefix.write(out);
        self.number.write(out);
        self.issued.is_some().write(out);
        if let Some((unix, offset)) = self.issued {
            unix.write(out);
            offset.write(out);
        }
        self.ahead.is_some().write(out);
        if let Some((people, minutes)) = self.ahead {
            people.write(out);
            minutes.write(out);
        }
        self.copy.write(out);
        self.lent.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Self {
        Self {
            id: Field::read(input),
            prefix: Field::read(input),
            number: Field::read(input),
            issued: bool::read(input).then(|| (Field::read(input), Field::read(input))),
            ahead: bool::read(input).then(|| (Field::read(input), Field::read(input))),
            copy: Field::read(input),
            lent: Field::read(input),
        }
    }
}

impl Field for Loan {
    const MAX_LEN: usize = 4 + 4 + Vec::<Lent, 4>::MAX_LEN;

    fn write(&self, out: &mut Writer<'_>) {
        self.id.write(out);
        self.day.write(out);
        self.ranges.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Self {
        Self {
            id: Field::read(input),
            day: Field::read(input),
            ranges: Field::read(input),
        }
    }
}

impl Field for Lent {
    const MAX_LEN: usize = LentRange::MAX_LEN + 2;

    fn write(&self, out: &mut Writer<'_>) {
        self.range.write(out);
        self.given.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Self {
        Self {
            range: Field::read(input),
            given: Field::read(input),
        }
    }
}

fn write_offer(offer: &Offer, out: &mut Writer<'_>) {
    offer.office.write(out);
    offer.open.write(out);
    offer.priority.write(out);
    offer.paper_mm.write(out);
    (offer.services.len() as u8).write(out);
    for service in &offer.services {
        service.id.write(out);
        service.prefix.write(out);
        service.name_id.write(out);
    }
    // The longest names of four services are too long for a record. A guest can do without these.
    for service in &offer.services {
        if out.len() + 1 + service.name_en.len() > MAX_RECORD {
            break;
        }
        service.name_en.write(out);
    }
}

/// The services with their Indonesian names for both.
fn read_services(input: &mut Reader<'_>) -> Vec<Service, 4> {
    let count = u8::read(input);
    let mut services = Vec::new();
    for _ in 0..count.min(4) {
        let (id, prefix) = (Field::read(input), Field::read(input));
        let name_id = String::read(input);
        let service = Service {
            id,
            prefix,
            name_en: name_id.clone(),
            name_id,
        };
        // There is room for four.
        let _ = services.push(service);
    }
    services
}
