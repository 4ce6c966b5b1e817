use heapless::{String, Vec};
use proptest::option;
use proptest::prelude::*;
use protocol::message::{LentRange, Service};

use super::*;
use crate::journal::MAX_RECORD;

fn text<const N: usize>(length: impl Strategy<Value = usize>) -> impl Strategy<Value = String<N>> {
    length.prop_map(|length| "m".repeat(length.min(N)).as_str().try_into().unwrap())
}

fn ticket() -> impl Strategy<Value = Ticket> {
    let issued = option::of(any::<(u64, i16)>());
    let ahead = option::of(any::<(u16, u16)>());
    (any::<(u64, u8, u16)>(), issued, ahead, any::<(u8, bool)>()).prop_map(
        |((id, prefix, number), issued, ahead, (copy, lent))| Ticket {
            id,
            prefix,
            number,
            issued,
            ahead,
            copy,
            lent,
        },
    )
}

fn flight() -> impl Strategy<Value = Flight> {
    let counters = option::of(any::<(u32, u32)>().prop_map(|(lines, cuts)| Counters { lines, cuts }));
    let stage = prop_oneof![
        any::<u64>().prop_map(|at| Stage::Pressed { at }),
        (ticket(), any::<u32>(), counters).prop_map(|(ticket, mark, counters)| Stage::Intent {
            ticket,
            mark,
            counters
        }),
    ];
    (any::<(u64, u8, bool)>(), stage).prop_map(|((press, service, priority), stage)| Flight {
        press,
        service,
        priority,
        stage,
    })
}

fn loan() -> impl Strategy<Value = Loan> {
    let lent = any::<(u8, u8, u16, u16, u64, u16)>().prop_map(
        |(service, prefix, first, count, first_ticket_id, given)| Lent {
            range: LentRange {
                service,
                prefix,
                first,
                count,
                first_ticket_id,
            },
            given,
        },
    );
    let ranges = proptest::collection::vec(lent, 0..=4);
    (any::<(u32, u32)>(), ranges).prop_map(|((id, day), ranges)| Loan {
        id,
        day,
        ranges: ranges.into_iter().collect(),
    })
}

/// Offers whose names are at most `longest` bytes.
fn offer(longest: usize) -> impl Strategy<Value = Offer> {
    let service = (any::<(u8, u8)>(), text(0..=longest), text(0..=longest)).prop_map(
        |((id, prefix), name_id, name_en)| Service {
            id,
            prefix,
            name_id,
            name_en,
        },
    );
    let services = proptest::collection::vec(service, 0..=4);
    (text(0..=longest), any::<(bool, bool, u8)>(), services).prop_map(
        |(office, (open, priority, paper_mm), services)| Offer {
            office,
            open,
            priority,
            paper_mm,
            services: services.into_iter().collect(),
        },
    )
}

fn snapshot(longest: usize) -> impl Strategy<Value = Snapshot> {
    (
        any::<(u32, u32, u32, u64, i16, u32)>(),
        option::of(flight()),
        option::of(loan()),
        offer(longest),
    )
        .prop_map(
            |((writer, sequence, presses, unix, utc_offset_minutes, day), flight, loan, offer)| Snapshot {
                writer,
                sequence,
                presses,
                flight,
                unix,
                utc_offset_minutes,
                day,
                loan,
                offer,
            },
        )
}

fn happened() -> impl Strategy<Value = Happened> {
    let outcome = prop_oneof![
        Just(PrintOutcome::Printed),
        Just(PrintOutcome::NotPrinted),
        Just(PrintOutcome::Unknown)
    ];
    prop_oneof![
        Just(Happened::Pressed),
        Just(Happened::Intent),
        Just(Happened::Dropped),
        Just(Happened::Loan),
        Just(Happened::Offer),
        Just(Happened::DayOver),
        (any::<u32>(), option::of(any::<u64>()))
            .prop_map(|(loan, instead_of)| Happened::Taken { loan, instead_of }),
        (any::<(u64, u64)>(), outcome, any::<u8>()).prop_map(|((press, ticket_id), outcome, cause)| {
            Happened::Outcome {
                press,
                ticket_id,
                outcome,
                cause: PrintCause::from_code(cause),
            }
        }),
    ]
}

fn written(snapshot: &Snapshot, happened: &Happened) -> std::vec::Vec<u8> {
    let mut record = [0; MAX_RECORD];
    let length = encode(snapshot, happened, &mut record).unwrap();
    record[..length].to_vec()
}

proptest! {
    #[test]
    fn what_was_written_is_restored(snapshot in snapshot(12), happened in happened()) {
        prop_assert_eq!(restore(&written(&snapshot, &happened)), Ok(snapshot));
    }

    #[test]
    fn the_longest_names_fit_though_not_all_in_english(snapshot in snapshot(32), happened in happened()) {
        let restored = restore(&written(&snapshot, &happened)).unwrap();
        for (restored, service) in restored.offer.services.iter().zip(&snapshot.offer.services) {
            prop_assert_eq!(&restored.name_id, &service.name_id);
            prop_assert!(restored.name_en == service.name_en || restored.name_en == service.name_id);
        }
        let mut offer = snapshot.offer.clone();
        offer.services.clone_from(&restored.offer.services);
        prop_assert_eq!(restored, Snapshot { offer, ..snapshot });
    }

    #[test]
    fn bytes_that_are_no_record_are_refused_or_read_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..MAX_RECORD)
    ) {
        let _ = restore(&bytes);
        let _ = news(&bytes);
    }

    #[test]
    fn a_record_that_was_cut_off_is_refused(snapshot in snapshot(12), happened in happened()) {
        let names: usize = snapshot.offer.services.iter().map(|service| 1 + service.name_en.len()).sum();
        let record = written(&snapshot, &happened);
        for length in 0..record.len() - names {
            prop_assert!(restore(&record[..length]).is_err());
        }
    }
}

#[test]
fn a_record_of_another_version_is_refused() {
    let mut record = written(&Snapshot::default(), &Happened::Offer);
    record[0] += 1;
    assert!(restore(&record).is_err() && news(&record).is_err());
}

#[test]
fn an_unknown_happening_is_refused() {
    let mut record = written(&Snapshot::default(), &Happened::Offer);
    record[1] = 8;
    assert!(restore(&record).is_err() && news(&record).is_err());
}

/// A kiosk in the field goes on from records that an older firmware wrote. Do not change the bytes: add a version.
#[test]
fn the_bytes_of_version_1_stay_as_they_are() {
    let snapshot = Snapshot {
        writer: 0xB007,
        sequence: 9,
        presses: 3,
        flight: Some(Flight {
            press: 0xB007_0000_0003,
            service: 7,
            priority: true,
            stage: Stage::Intent {
                ticket: Ticket {
                    id: 42,
                    prefix: b'A',
                    number: 12,
                    issued: Some((1_795_400_100, 420)),
                    ahead: Some((3, 20)),
                    copy: 0,
                    lent: true,
                },
                mark: 9,
                counters: Some(Counters { lines: 5, cuts: 6 }),
            },
        }),
        unix: 1_795_400_100,
        utc_offset_minutes: 420,
        day: 20_780,
        loan: Some(Loan {
            id: 2,
            day: 20_780,
            ranges: Vec::from_slice(&[Lent {
                range: LentRange {
                    service: 7,
                    prefix: b'A',
                    first: 12,
                    count: 5,
                    first_ticket_id: 42,
                },
                given: 1,
            }])
            .unwrap(),
        }),
        offer: Offer {
            office: "Dukcapil".try_into().unwrap(),
            open: true,
            priority: true,
            paper_mm: 80,
            services: Vec::from_slice(&[Service {
                id: 7,
                prefix: b'A',
                name_id: "KTP-el".try_into().unwrap(),
                name_en: "ID card".try_into().unwrap(),
            }])
            .unwrap(),
        },
    };
    let happened = Happened::Taken {
        loan: 2,
        instead_of: Some(0xB007_0000_0002),
    };
    let record = written(&snapshot, &happened);
    let golden: std::vec::Vec<u8> = (0..GOLDEN.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&GOLDEN[at..at + 2], 16).unwrap())
        .collect();
    assert_eq!(record, golden);
    let news = news(&record).unwrap();
    assert_eq!(
        news.printed.map(|printed| (printed.press, printed.ticket_id)),
        Some((0xB007_0000_0002, 0))
    );
    let taken = news.taken.unwrap();
    assert_eq!(
        (taken.press, taken.loan, taken.ticket_id, taken.number),
        (0xB007_0000_0003, 2, 42, 12)
    );
    assert!(taken.priority && taken.taken_unix == 1_795_400_100);
}

const GOLDEN: &str = concat!(
    "010202000000010200000007b00000010300000007b000000701012a00000000000000410c0001a4a1036b00000000a4",
    "01010300140000010900000001050000000600000007b000000900000003000000a4a1036b00000000a4012c51000001",
    "020000002c510000010e07410c0005002a0000000000000001000844756b636170696c010150010741064b54502d656c",
    "0749442063617264",
);
