//! The drawing as an SVG document.

use std::fmt::Write;

use super::font::{FAMILY, Weight};
use super::layout::{Align, Layout, PHOTO, SIGNATURE, Text};
use super::{Area, HEIGHT, WIDTH};

/// Name under which the document refers to the photo.
pub(super) const PHOTO_HREF: &str = "loket:photo";
/// Name under which the document refers to the signature.
pub(super) const SIGNATURE_HREF: &str = "loket:signature";

/// Writes the document. Only texts of `layout` come from outside, and they are escaped.
pub(super) fn document(layout: &Layout) -> String {
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">
<g font-family="{FAMILY}" fill="#000">
"##
    );
    image(&mut svg, PHOTO, PHOTO_HREF, "slice", "optimizeQuality");
    // Smoothing would make thin strokes too pale for the two levels of the black panel.
    image(&mut svg, SIGNATURE, SIGNATURE_HREF, "meet", "optimizeSpeed");
    for run in &layout.texts {
        text(&mut svg, run);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn image(svg: &mut String, area: Area, href: &str, fit: &str, rendering: &str) {
    let Area { x, y, width, height } = area;
    // Writing into a String cannot fail.
    let _ = writeln!(
        svg,
        r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="xMidYMid {fit}" image-rendering="{rendering}" href="{href}"/>"#
    );
}

fn text(svg: &mut String, run: &Text) {
    let anchor = match run.align {
        Align::Left => "start",
        Align::Centre => "middle",
    };
    let weight = match run.weight {
        Weight::Regular => "400",
        Weight::Bold => "700",
    };
    let _ = writeln!(
        svg,
        r#"<text x="{:.1}" y="{:.1}" font-size="{:.2}" font-weight="{weight}" text-anchor="{anchor}" letter-spacing="{:.2}">{}</text>"#,
        run.x,
        run.baseline,
        run.size,
        run.spacing,
        escape(&run.content),
    );
}

/// Escapes what has a meaning in XML text. Control characters never get here: the font has no glyph for them.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            other => escaped.push(other),
        }
    }
    escaped
}
