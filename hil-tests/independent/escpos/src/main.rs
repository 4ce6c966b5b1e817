//! Reads a file of ESC/POS bytes with `hardless-escpos` and prints what it finds as one JSON object.

use hardless_escpos::{Node, parse};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: escpos-check FILE")?;
    let nodes = parse(&std::fs::read(file)?);
    let count = |wanted: fn(&Node) -> bool| nodes.iter().filter(|node| wanted(node)).count();
    let text: String = nodes
        .iter()
        .filter_map(|node| match node {
            Node::Text { text, .. } => Some(text.as_str()),
            Node::LineFeed => Some("\n"),
            _ => None,
        })
        .collect();
    let qr: Vec<&str> = nodes
        .iter()
        .filter_map(|node| if let Node::QrStore { text, .. } = node { Some(text.as_str()) } else { None })
        .collect();
    let found = serde_json::json!({
        "cuts": count(|node| matches!(node, Node::Cut { .. })),
        "unknown": count(|node| matches!(node, Node::Unknown { .. })),
        "text": text,
        "qr": qr,
    });
    println!("{found}");
    Ok(())
}
