//! Encoder and decoder alone, with the longest frames.

use core::hint::black_box;

use kiosk_fw::board::lm3s6965::measure::Meter;
use protocol::frame::{Decoder, MAX_PAYLOAD, MAX_WIRE_FRAME, Received, encode};
use semihosting::println;

use crate::noise::Noise;

type Fill = fn(&mut [u8]);

#[inline(never)] // See `main`.
pub(crate) fn run(meter: &dyn Meter) {
    let mut decoder = Decoder::new();
    let mut out = [0; MAX_WIRE_FRAME];
    // Zeros make the shortest blocks, their absence the longest.
    let fillings: [(&str, Fill); 4] = [
        ("noise", |bytes| Noise::new(2).fill(bytes)),
        ("zeros", |bytes| bytes.fill(0)),
        ("ones", |bytes| bytes.fill(1)),
        ("zero and one by turns", |bytes| {
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = at as u8 & 1;
            }
        }),
    ];
    for (filling, fill) in fillings {
        let mut payload = [0; MAX_PAYLOAD];
        fill(&mut payload);
        let mut len = 0;
        let parts = [&[5, 1, 2, 3, 4, 5][..], &payload];
        let encoding = meter.measure(&mut || {
            len = encode(black_box(&mut out), black_box(&parts)).unwrap_or(0);
        });
        let mut received = None;
        let decoding = meter.measure(&mut || {
            let mut bytes = black_box(&out[..len]);
            while !bytes.is_empty() {
                let (taken, what) = decoder.push(bytes);
                bytes = &bytes[taken..];
                received = received.or(what);
            }
        });
        assert!(received == Some(Received::Frame), "{filling}: not a frame");
        for (what, instructions) in [("encode", encoding), ("decode", decoding)] {
            println!(
                "{{\"measure\":\"{what}\",\"name\":\"{filling}\",\"bytes\":{len},\"instructions\":{instructions}}}"
            );
        }
    }
}
