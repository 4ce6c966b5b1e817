//! What a logic analyser saw of one direction.

/// The bytes of a raw capture: of a file that holds them as they are, or as text in hexadecimal.
///
/// Text is what consists of pairs of hexadecimal digits, `0x`, spaces, commas and line ends only; then bytes that mean
/// the same are what counts. An odd digit is left out.
pub fn bytes_of(file: Vec<u8>) -> Vec<u8> {
    let is_text =
        |byte: &u8| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace() || b"xX,;:".contains(byte);
    if file.is_empty() || !file.iter().all(is_text) {
        return file;
    }
    let text: Vec<u8> = file.iter().map(u8::to_ascii_lowercase).collect();
    text.split(|byte| byte.is_ascii_whitespace() || b",;:".contains(byte))
        .flat_map(|word| {
            let digits = word.strip_prefix(b"0x").unwrap_or(word);
            digits.chunks_exact(2).filter_map(|pair| {
                let pair = std::str::from_utf8(pair).ok()?;
                u8::from_str_radix(pair, 16).ok()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_text_in_the_usual_shapes_is_understood() {
        for text in ["00 1f A2\n", "001fa2", "0x00, 0x1F, 0xa2", "00:1f:a2"] {
            assert_eq!(bytes_of(text.into()), [0, 0x1f, 0xa2], "{text}");
        }
    }

    #[test]
    fn anything_else_is_taken_as_it_is() {
        assert_eq!(bytes_of(vec![0, 0x41, 0xff]), [0, 0x41, 0xff]);
        assert!(bytes_of(Vec::new()).is_empty());
    }
}
