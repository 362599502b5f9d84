//! Text files as UTF-8. A byte-order mark says whether a file is in UTF-16; without one nothing is guessed.

use std::io::{self, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

const CHUNK: usize = 16 << 10;

/// The text of a file in UTF-8, without its byte-order mark. Whether bytes that no mark announces are
/// sound UTF-8 is for the reader of the text to judge, who knows the line.
pub struct Utf8<R> {
    start: Cursor<Vec<u8>>,
    rest: R,
    decoder: Option<Decoder>,
    decoded: Cursor<Vec<u8>>,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    /// Looks at the first bytes of a file.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn new(mut file: R) -> io::Result<Utf8<R>> {
        let mut start = Vec::new();
        file.by_ref().take(3).read_to_end(&mut start)?;
        let (mark, decoder) = match start.as_slice() {
            [0xef, 0xbb, 0xbf] => (3, None),
            [0xff, 0xfe, ..] => (2, Some(UTF_16LE.new_decoder_without_bom_handling())),
            [0xfe, 0xff, ..] => (2, Some(UTF_16BE.new_decoder_without_bom_handling())),
            _ => (0, None),
        };
        start.drain(..mark);
        Ok(Utf8 { start: Cursor::new(start), rest: file, decoder, decoded: Cursor::default(), ended: false })
    }

    fn raw(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.start.read(room)? {
            0 => self.rest.read(room),
            count => Ok(count),
        }
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let Some(mut decoder) = self.decoder.take() else { return self.raw(room) };
        while !self.ended && self.decoded.position() == self.decoded.get_ref().len() as u64 {
            let mut raw = vec![0; CHUNK];
            let count = self.raw(&mut raw)?;
            self.ended = count == 0;
            // Each two bytes become three at most.
            let mut text = vec![0; 3 * CHUNK];
            let (result, _, written) = decoder.decode_to_utf8_without_replacement(&raw[..count], &mut text, self.ended);
            if result != DecoderResult::InputEmpty {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no sound text in UTF-16"));
            }
            text.truncate(written);
            self.decoded = Cursor::new(text);
        }
        self.decoder = Some(decoder);
        self.decoded.read(room)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        Utf8::new(bytes).unwrap().read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    #[test]
    fn a_mark_says_how_the_text_is_spelled() {
        let words = "Frühlauf 🏃 \u{feff}x".repeat(5_000);
        let utf16 = |big: bool| -> Vec<u8> {
            let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            "\u{feff}".encode_utf16().chain(words.encode_utf16()).flat_map(unit).collect()
        };
        assert_eq!(text(words.as_bytes()), Ok(words.clone()));
        assert_eq!(text(format!("\u{feff}{words}").as_bytes()), Ok(words.clone()));
        assert_eq!(text(&utf16(false)), Ok(words.clone()));
        assert_eq!(text(&utf16(true)), Ok(words.clone()));
        assert_eq!(text(b"").as_deref(), Ok(""));
        assert_eq!(text(b"a").as_deref(), Ok("a"));
    }

    #[test]
    fn broken_text_is_an_error_never_a_guess() {
        let cut = [0xff, 0xfe, b'a', 0, 0x00, 0xd8];
        assert_eq!(text(&cut).unwrap_err(), "it is no sound text in UTF-16");
        assert!(text(b"\xfcber").unwrap_err().contains("UTF-8"));
    }
}
