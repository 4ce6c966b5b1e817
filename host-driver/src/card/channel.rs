//! One command, one answer: fetches what a card announces with `61xx`, repeats with the length it asks for with `6Cxx`.

use super::{
    apdu::{Apdu, Instruction, SHORT_EXPECTED_MAX},
    error::CardError,
    status::StatusWord,
    transport::CardTransport,
};

/// What went over the wire, for measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Command APDUs sent.
    pub commands: u32,
    /// Bytes of those commands.
    pub sent: u64,
    /// Bytes of the answers, status words included.
    pub received: u64,
}

/// A card's final answer to one command.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Response {
    /// Reply data, at most the command's expected length.
    pub(super) data: Vec<u8>,
    /// Last status word; never `61xx` or `6Cxx` when those could be served.
    pub(super) status: StatusWord,
}

/// Sends commands over a transport and keeps count.
#[derive(Debug)]
pub(super) struct Channel<T> {
    transport: T,
    wire: Vec<u8>,
    reply: Vec<u8>,
    traffic: Traffic,
}

impl<T: CardTransport> Channel<T> {
    pub(super) const fn new(transport: T) -> Self {
        let traffic = Traffic {
            commands: 0,
            sent: 0,
            received: 0,
        };
        Self {
            transport,
            wire: Vec::new(),
            reply: Vec::new(),
            traffic,
        }
    }

    pub(super) const fn traffic(&self) -> Traffic {
        self.traffic
    }

    pub(super) const fn transport(&self) -> &T {
        &self.transport
    }

    /// One command and its whole answer.
    ///
    /// Ends for every card: each further GET RESPONSE must bring at least one byte, all bytes together may not exceed
    /// what the command asked for, and a length is corrected once.
    pub(super) fn exchange(&mut self, command: &Apdu<'_>) -> Result<Response, CardError> {
        let instruction = command.instruction();
        let mut data = Vec::new();
        let mut status = self.round(command, instruction, command.expected(), &mut data)?;
        if let Some(right) = status.right_length()
            && command.expected() > 0
            && data.is_empty()
        {
            let right = right.min(command.expected());
            status = self.round(&command.expect(right), instruction, right, &mut data)?;
        }
        // A reply nobody asked for, such as the FCI of a SELECT without Le, stays on the card.
        while let Some(waiting) = status.bytes_waiting() {
            let room = command.expected() - data.len();
            if room == 0 {
                status = StatusWord::OK;
                break;
            }
            let wanted = waiting.min(room).min(SHORT_EXPECTED_MAX);
            let before = data.len();
            let mut fetch = Apdu::new(Instruction::GetResponse, 0, 0).expect(wanted);
            status = self.round(&fetch, instruction, wanted, &mut data)?;
            if let Some(right) = status.right_length()
                && data.len() == before
            {
                let right = right.min(room);
                fetch = fetch.expect(right);
                status = self.round(&fetch, instruction, right, &mut data)?;
            }
            if data.len() == before && status.bytes_waiting().is_some() {
                return Err(CardError::Nonsense {
                    instruction,
                    what: "endless reply without data",
                });
            }
        }
        log::trace!("{command:?}: {} bytes, {status}", data.len());
        Ok(Response { data, status })
    }

    /// One round trip: appends the reply data, at most `room` bytes, to `data`.
    fn round(
        &mut self,
        command: &Apdu<'_>,
        instruction: Instruction,
        room: usize,
        data: &mut Vec<u8>,
    ) -> Result<StatusWord, CardError> {
        self.wire.clear();
        command.encode(&mut self.wire)?;
        self.traffic.commands += 1;
        self.traffic.sent += self.wire.len() as u64;
        self.transport
            .transmit(&self.wire, &mut self.reply)
            .map_err(|source| CardError::Transport { instruction, source })?;
        self.traffic.received += self.reply.len() as u64;
        let (more, status) = StatusWord::split(&self.reply).ok_or(CardError::Nonsense {
            instruction,
            what: "no status word",
        })?;
        if more.len() > room {
            return Err(CardError::Nonsense {
                instruction,
                what: "more data than asked for",
            });
        }
        data.extend_from_slice(more);
        Ok(status)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;
    use crate::card::transport::TransportError;

    /// A card that answers from a list and remembers what it was sent; when the list ends it is gone.
    #[derive(Debug, Default)]
    pub(crate) struct Scripted {
        pub(crate) answers: std::collections::VecDeque<Vec<u8>>,
        pub(crate) seen: Vec<Vec<u8>>,
    }

    impl Scripted {
        pub(crate) fn new<const N: usize>(answers: [&[u8]; N]) -> Self {
            Self {
                answers: answers.into_iter().map(<[u8]>::to_vec).collect(),
                seen: Vec::new(),
            }
        }
    }

    impl CardTransport for Scripted {
        fn transmit(&mut self, apdu: &[u8], reply: &mut Vec<u8>) -> Result<(), TransportError> {
            self.seen.push(apdu.to_vec());
            *reply = self.answers.pop_front().ok_or(TransportError::CardRemoved)?;
            Ok(())
        }

        fn atr(&self) -> &[u8] {
            &[]
        }
    }

    const READ: Apdu<'_> = Apdu::new(Instruction::ReadBinary, 0, 0).expect(256);

    fn exchange(card: &mut Scripted, command: &Apdu<'_>) -> Result<Response, CardError> {
        Channel::new(card).exchange(command)
    }

    #[test]
    fn what_waits_is_fetched() {
        let mut card = Scripted::new([&[0x61, 0x03], &[1, 2, 0x61, 0x01], &[3, 0x90, 0x00]]);
        let response = exchange(&mut card, &READ).unwrap();
        assert_eq!((response.data, response.status), (vec![1, 2, 3], StatusWord::OK));
        assert_eq!(card.seen[1], [0x00, 0xC0, 0x00, 0x00, 0x03]);
        assert_eq!(card.seen[2], [0x00, 0xC0, 0x00, 0x00, 0x01]);
    }

    #[test]
    fn a_wrong_length_is_corrected_once() {
        let mut card = Scripted::new([&[0x6C, 0x02], &[1, 2, 0x90, 0x00]]);
        assert_eq!(exchange(&mut card, &READ).unwrap().data, [1, 2]);
        assert_eq!(card.seen[1], [0x00, 0xB0, 0x00, 0x00, 0x02]);

        let mut stubborn = Scripted::new([&[0x6C, 0x02], &[0x6C, 0x03]]);
        assert_eq!(exchange(&mut stubborn, &READ).unwrap().status, StatusWord(0x6C03));
        assert_eq!(stubborn.seen.len(), 2);
    }

    #[test]
    fn a_reply_nobody_asked_for_stays_on_the_card() {
        let select = Apdu::new(Instruction::SelectFile, 0, 0).data(&[0x7F, 0x0A]);
        let mut card = Scripted::new([&[0x61, 0x20]]);
        assert!(exchange(&mut card, &select).unwrap().status.is_ok());
        assert_eq!(card.seen.len(), 1);
    }

    #[test]
    fn an_endless_reply_ends() {
        let nothing = Scripted {
            answers: vec![vec![0x61, 0x10]; 1000].into(),
            ..Scripted::default()
        };
        let mut card = nothing;
        let error = exchange(&mut card, &READ);
        assert!(matches!(
            error,
            Err(CardError::Nonsense {
                what: "endless reply without data",
                ..
            })
        ));
        assert_eq!(card.seen.len(), 2);

        let mut drip = Scripted {
            answers: vec![vec![0xAA, 0x61, 0x01]; 1000].into(),
            ..Scripted::default()
        };
        assert_eq!(exchange(&mut drip, &READ).unwrap().data.len(), 256);
        assert_eq!(drip.seen.len(), 256);
    }

    #[test]
    fn more_than_asked_for_and_less_than_a_status_are_nonsense() {
        let mut huge = Scripted::new([&[0u8; 300]]);
        assert!(matches!(
            exchange(&mut huge, &READ),
            Err(CardError::Nonsense { .. })
        ));
        let mut mute = Scripted::new([&[]]);
        assert!(matches!(
            exchange(&mut mute, &READ),
            Err(CardError::Nonsense { .. })
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(0x7816), ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_card_answers_the_exchange_ends(
            answers in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 0..9), prop_oneof![Just(0x61u8), Just(0x6C), Just(0x90), any::<u8>()], any::<u8>()),
                0..40,
            ),
            expected in prop_oneof![Just(0usize), 1..300usize, Just(65_536)],
        ) {
            let answers = answers.into_iter().map(|(mut data, sw1, sw2)| { data.extend([sw1, sw2]); data }).collect();
            let mut card = Scripted { answers, ..Scripted::default() };
            let command = Apdu::new(Instruction::ReadBinary, 0, 0).expect(expected);
            if let Ok(response) = exchange(&mut card, &command) {
                prop_assert!(response.data.len() <= expected);
            }
        }
    }
}
