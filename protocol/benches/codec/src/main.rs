//! Encodes and decodes the same content with our frames, with rust-mavlink and with postcard, and prints how fast
//! each was as one JSON object on the last line.
//!
//! Usage: `codec-bench [--quick]`

mod content;
mod line;
mod mavlink_frames;
mod our_frames;
mod postcard_frames;
mod rounds;

use content::{Kind, objects, tickets};
use postcard_frames::table_crc;
use rounds::{Contender, Outcome, compare};

/// Frames that a contender encodes or decodes before the clock is looked at.
const BATCH: usize = 64;

/// Bytes that come of one read of the serial port.
const READS: [usize; 2] = [64, 512];

/// Payload bytes of a large frame: the most of mavlink, and the most of ours.
const LARGE: [usize; 2] = [mavlink_frames::MAX_DATA, protocol::frame::MAX_PAYLOAD];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let mut figures = small(quick);
    for kind in [
        Kind::Random,
        Kind::Image,
        Kind::NoZeros,
        Kind::ManyZeros,
        Kind::MostlyZeros,
    ] {
        for length in LARGE {
            figures.extend(large(kind, length, quick));
        }
    }
    let figures: Vec<_> = figures.iter().map(Outcome::to_json).collect();
    println!("{}", serde_json::json!({ "figures": figures }));
}

/// A control message: frames per second.
fn small(quick: bool) -> Vec<Outcome> {
    let tickets = tickets(BATCH);
    let units = BATCH as f64;
    Candidates {
        what: "control message".to_owned(),
        unit: "frames/s",
        ours: our_frames::replies(&tickets),
        mavlink: mavlink_frames::attitudes(BATCH),
        postcard: postcard_frames::replies(&tickets),
        units,
        mavlink_units: units,
    }
    .compare(quick)
}

/// Pieces of an object: payload bytes per second.
fn large(kind: Kind, length: usize, quick: bool) -> Vec<Outcome> {
    let pieces = objects(kind, BATCH, length);
    Candidates {
        what: format!("{length} bytes, {}", kind.name()),
        unit: "bytes/s",
        ours: our_frames::pieces(&pieces),
        // What does not fit into one of its frames goes into several: its rate per byte is that of full frames.
        mavlink: mavlink_frames::pieces(&objects(kind, BATCH, mavlink_frames::MAX_DATA)),
        postcard: postcard_frames::pieces(&pieces),
        units: (BATCH * length) as f64,
        mavlink_units: (BATCH * mavlink_frames::MAX_DATA) as f64,
    }
    .compare(quick)
}

/// The same content in the frames of each.
struct Candidates<O, P> {
    what: String,
    unit: &'static str,
    ours: our_frames::Frames<O>,
    mavlink: mavlink_frames::Frames,
    postcard: postcard_frames::Frames<P>,
    units: f64,
    mavlink_units: f64,
}

impl<O: our_frames::Content, P: postcard_frames::Content + 'static> Candidates<O, P> {
    fn compare(&self, quick: bool) -> Vec<Outcome> {
        let Self { what, unit, .. } = self;
        let name = format!("encode, {what}");
        let mut outcomes = vec![compare(&name, unit, quick, self.encoders())];
        for read in READS {
            let name = format!("decode, {what}, {read} bytes a read");
            outcomes.push(compare(&name, unit, quick, self.decoders(read)));
        }
        outcomes
    }

    fn encoders(&self) -> Vec<Contender<'_>> {
        let Self {
            ours,
            mavlink,
            postcard,
            units,
            mavlink_units,
            ..
        } = self;
        vec![
            Contender::new("ours", *units, ours.encoder()),
            Contender::new("mavlink", *mavlink_units, mavlink.encoder()),
            Contender::new("postcard flavours", *units, postcard.flavours_encoder()),
            Contender::new("postcard in steps", *units, postcard.steps_encoder(table_crc)),
            Contender::hybrid(
                "postcard with crc32fast",
                *units,
                postcard.steps_encoder(crc32fast::hash),
            ),
        ]
    }

    fn decoders(&self, read: usize) -> Vec<Contender<'_>> {
        let Self {
            ours,
            mavlink,
            postcard,
            units,
            mavlink_units,
            ..
        } = self;
        vec![
            Contender::new("ours", *units, ours.decoder(read)),
            Contender::new("mavlink", *mavlink_units, mavlink.decoder(read)),
            Contender::new("postcard flavours", *units, postcard.flavours_decoder(read)),
            Contender::new(
                "postcard in steps",
                *units,
                postcard.steps_decoder(read, table_crc),
            ),
            Contender::hybrid(
                "postcard with crc32fast",
                *units,
                postcard.steps_decoder(read, crc32fast::hash),
            ),
        ]
    }
}
