//! What the demonstration says at its end.

use serde_json::{Value, json};

use super::story::{Step, Told};
use crate::rig::evidence::Evidence;
use crate::world::Place;

/// A step with its duration beside the procedure's.
pub(super) fn line(step: &Step) -> String {
    let standard = step
        .standard_seconds
        .map_or_else(String::new, |seconds| format!("   standard {seconds:>5.0} s"));
    format!("  {:<16}{:>8.2} s{standard}", step.name, step.seconds)
}

/// Prints the end: a JSON object on the last line, or words.
pub(super) fn print(told: &Told, evidence: &Evidence, json: bool) -> anyhow::Result<()> {
    let outcome = told.outcome["outcome"].as_str().unwrap_or("failed");
    for words in [
        told.words.trim(),
        told.outcome["text_en"].as_str().unwrap_or_default(),
    ] {
        if !words.is_empty() && !told.problems.iter().any(|problem| problem == words) {
            eprintln!("{words}");
        }
    }
    eprintln!(
        "outcome: {outcome} after {:.1} s; everything is in {}",
        told.seconds,
        evidence.folder().display()
    );
    if json {
        println!("{}", serde_json::to_string(&result(told, evidence))?);
    } else {
        for (name, path) in evidence.artifacts() {
            println!("{name:<40} {}", path.display());
        }
    }
    Ok(())
}

fn result(told: &Told, evidence: &Evidence) -> Value {
    let steps: Vec<Value> = told
        .steps
        .iter()
        .map(|step| json!({ "name": step.name, "seconds": step.seconds, "standard_seconds": step.standard_seconds }))
        .collect();
    let cards: serde_json::Map<String, Value> = Place::ALL
        .into_iter()
        .map(|place| {
            (
                place.name().to_owned(),
                json!(told.census.get(&place).copied().unwrap_or(0)),
            )
        })
        .collect();
    json!({
        "outcome": told.outcome["outcome"].as_str().unwrap_or("failed"),
        "ticket": told.ticket,
        "ticket_id": told.ticket_id,
        "score": told.outcome["score"],
        "threshold": told.outcome["threshold"],
        "chip_life_cycle": told.outcome["chip_life_cycle"],
        "card_uid": told.outcome["card_uid"],
        "steps": steps,
        "cards": cards,
        "seconds": told.seconds,
        "exit_code": told.exit_code,
        "message": told.message(),
        "artifacts": evidence.artifacts(),
    })
}
