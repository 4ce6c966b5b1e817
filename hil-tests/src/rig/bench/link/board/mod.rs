//! What the link costs on the board: the LM3S6965's Cortex-M3 under QEMU, instructions counted.
//!
//! With counted instructions the figures are the same in every run of the same program, on any machine.

pub mod flash;
pub mod run;

use std::path::Path;

use super::super::{Figure, Limit, Report};
use crate::rig::build;
use run::{Hostile, Measured, Traffic, Work};

/// What a received byte may cost a board, whatever comes, with everything that follows: `protocol::link` promises it.
pub const MOST_PER_BYTE: f64 = 400.0;
/// What a turn may cost a board, a byte and everything polled once: on average over a stream in which every byte comes alone.
pub const MOST_PER_TURN: f64 = 1_700.0;
/// What the core has time for while a byte comes, at 50 MHz and 92,160 bytes a second.
pub const CLOCKS_PER_BYTE: f64 = 50_000_000.0 / 92_160.0;
const _: () = assert!(MOST_PER_BYTE < CLOCKS_PER_BYTE, "a board would not keep up");
/// Memory of a link on the board.
const MOST_MEMORY: f64 = 12.0 * 1024.0;
/// Flash of `protocol` in a firmware.
const MOST_FLASH: f64 = 20.0 * 1024.0;

const INSTRUCTIONS: &str = "instructions/byte";

/// Builds, measures and adds the figures.
///
/// # Errors
/// If something does not build or run.
pub fn measure(report: &mut Report) -> anyhow::Result<()> {
    let programs = build::measuring()?;
    let measured = run::run(&programs.bench)?;
    usual(&measured, report);
    hostile(&measured.hostile, report);
    memory(&measured, report);
    let (kiosk, capture) = build::firmware()?;
    flashed(&programs, &[("kiosk", &kiosk), ("capture", &capture)], report)?;
    checksums(&measured, report);
    Ok(())
}

fn usual(measured: &Measured, report: &mut Report) {
    report.section(format!(
        "board: the LM3S6965 under QEMU, instructions counted; the line brings a byte every {CLOCKS_PER_BYTE:.0} clocks"
    ));
    for (what, works) in [("decode", &measured.decode), ("encode", &measured.encode)] {
        let per_byte = |work: &Work| work.instructions / work.bytes;
        let Some(noise) = works.iter().find(|work| work.name == "noise") else {
            continue;
        };
        let worst = works.iter().map(per_byte).fold(0.0, f64::max);
        report.add(
            Figure::new(format!("{what} the longest frame"), per_byte(noise), INSTRUCTIONS)
                .beside("of the worst content", worst),
        );
    }
    for traffic in &measured.traffic {
        match traffic.name.as_str() {
            "control" => control(traffic, report),
            "image" => image(traffic, measured, report),
            _ => {}
        }
    }
}

fn control(traffic: &Traffic, report: &mut Report) {
    report.add(
        Figure::new(
            "receive requests, answers included",
            all(traffic) / traffic.received,
            INSTRUCTIONS,
        )
        .beside("handle_bytes", traffic.handle / traffic.received)
        .beside("events and replies", traffic.events / traffic.received)
        .beside(
            "poll_transmit",
            (traffic.transmit + traffic.idle) / traffic.received,
        )
        .remark("per byte received"),
    );
    report.add(Figure::new(
        "a request, all told",
        all(traffic) / traffic.payload,
        "instructions",
    ));
}

fn image(traffic: &Traffic, measured: &Measured, report: &mut Report) {
    let write = measured.bulk_write.instructions;
    let noise = measured.encode.iter().find(|work| work.name == "noise");
    let encode = noise.map_or(0.0, |work| work.instructions / work.bytes) * traffic.sent;
    let total = all(traffic) + write;
    let per_byte = |instructions: f64| instructions / traffic.payload;
    report.add(
        Figure::new("send an image of 36,864 bytes", per_byte(total), INSTRUCTIONS)
            .beside("bulk_write with the object's checksum", per_byte(write))
            .beside("encoder with the frames' checksums", per_byte(encode))
            .beside("the rest", per_byte(total - write - encode))
            .remark("per byte of the image, acknowledgements included"),
    );
    report.add(Figure::new(
        "receive acknowledgements of an image",
        (traffic.handle + traffic.events) / traffic.received,
        INSTRUCTIONS,
    ));
}

fn all(traffic: &Traffic) -> f64 {
    traffic.handle + traffic.events + traffic.transmit + traffic.idle
}

/// A figure of a stream.
type Of = fn(&Hostile) -> f64;

fn hostile(streams: &[Hostile], report: &mut Report) {
    report.section(format!(
        "board: {} hostile streams, most with 32 messages and 32 pieces under way; everything polled after each frame, answers \
         as the line takes them",
        streams.len()
    ));
    let (dearest, cost) = worst(streams, Hostile::per_byte);
    report.add(
        Figure::new("a received byte, in the dearest stream", cost, INSTRUCTIONS)
            .limit(Limit::AtMost(MOST_PER_BYTE))
            .beside("clocks a byte", CLOCKS_PER_BYTE)
            .remark(dearest),
    );
    let (dearest, cost) = worst(streams, Hostile::per_turn);
    report.add(
        Figure::new(
            "a byte that comes alone, in the dearest stream",
            cost,
            "instructions",
        )
        .limit(Limit::AtMost(MOST_PER_TURN))
        .remark(dearest),
    );
    let calls: [(&str, Of); 4] = [
        ("dearest frame received", |it| it.worst_handle),
        ("dearest events and replies", |it| it.worst_events),
        ("dearest frame sent", |it| it.worst_transmit),
        ("dearest poll for nothing", |it| it.worst_idle),
    ];
    for (name, figure) in calls {
        let (dearest, cost) = worst(streams, figure);
        report.add(Figure::new(name, cost, "instructions").remark(dearest));
    }
    for stream in streams {
        let per_byte = |instructions: f64| instructions / stream.received;
        report.add(
            Figure::new(
                format!("stream: {}", stream.name),
                stream.per_byte(),
                INSTRUCTIONS,
            )
            .beside("handle_bytes", per_byte(stream.handle))
            .beside("events", per_byte(stream.events))
            .beside("frames sent", per_byte(stream.transmit))
            .beside("polls for nothing", per_byte(stream.idle)),
        );
    }
}

/// The stream of which a figure is largest, and the figure.
fn worst(streams: &[Hostile], figure: impl Fn(&Hostile) -> f64) -> (String, f64) {
    let figures = streams.iter().map(|stream| (stream.name.clone(), figure(stream)));
    figures
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .unwrap_or_default()
}

fn memory(measured: &Measured, report: &mut Report) {
    report.section("board: memory");
    report.add(
        Figure::new("a link", measured.memory.link as f64, "bytes")
            .limit(Limit::AtMost(MOST_MEMORY))
            .beside("buffer for a frame to send", measured.memory.frame as f64)
            .beside("an event", measured.memory.event as f64),
    );
    let stacks: [(&str, Of); 3] = [
        ("stack of handle_bytes", |it| it.stack_handle as f64),
        ("stack of poll_event and reply", |it| it.stack_events as f64),
        ("stack of poll_transmit", |it| it.stack_transmit as f64),
    ];
    for (name, figure) in stacks {
        let (deepest, depth) = worst(&measured.hostile, figure);
        report.add(Figure::new(name, depth, "bytes").remark(deepest));
    }
}

fn flashed(
    programs: &build::Measuring,
    firmwares: &[(&str, &Path)],
    report: &mut Report,
) -> anyhow::Result<()> {
    report.section(
        "board: flash of `protocol` in the firmwares that ship, by their debug information: its own code, what other crates \
         inlined into it, their functions that it calls, its tables",
    );
    let used = flash::of(&programs.with_link)?.library_functions();
    for (name, elf) in firmwares {
        let part = flash::of(elf)?;
        report.add(
            Figure::new(format!("flash in {name}"), part.total(&used) as f64, "bytes")
                .limit(Limit::AtMost(MOST_FLASH))
                .beside("own", part.own as f64)
                .beside("inlined", part.inlined as f64)
                .beside("functions", part.libraries_of(&used) as f64)
                .beside("tables", part.tables as f64)
                .beside("of", flash::size(elf)? as f64),
        );
    }
    let (with, without) = (
        flash::size(&programs.with_link)?,
        flash::size(&programs.without_link)?,
    );
    report.add(
        Figure::new(
            "flash of a program with all of the link, less that without",
            (with - without) as f64,
            "bytes",
        )
        .beside("with", with as f64)
        .beside("without", without as f64)
        .remark("what core brings along for it, and words of panics, included"),
    );
    Ok(())
}

fn checksums(measured: &Measured, report: &mut Report) {
    report.section("board: ways to compute CRC-32, to choose from");
    for checksum in &measured.checksums {
        report.add(
            Figure::new(
                format!("CRC-32: {}", checksum.name),
                checksum.per_byte(),
                INSTRUCTIONS,
            )
            .beside("bytes of table", checksum.table as f64),
        );
    }
}
