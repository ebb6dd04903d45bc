//! zlib (RFC 1950), only for bytes that a MAC has authenticated, and with bounded output.

use zlib_rs::{
    DeflateConfig, InflateConfig, ReturnCode, compress_bound, compress_slice, decompress_slice,
};

use crate::limits::MESOP_INFLATED_MAX;

/// At Python's default level, which is the default here too. `None` only without memory for it.
pub(super) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; compress_bound(bytes.len())];
    let (compressed, code) = compress_slice(&mut out, bytes, DeflateConfig::default());
    let length = compressed.len();
    out.truncate(length);
    (code == ReturnCode::Ok).then_some(out)
}

/// `None` when it is not a zlib stream, its checksum is wrong or missing, or it inflates to more
/// than 64 KiB: a token of a quarter of a megabyte can inflate to 200 (threat M19). Bytes after the
/// stream are ignored, as in Python.
pub(super) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    // Few tokens are compressed to less than a fifth: the first try nearly always has room.
    let room = MESOP_INFLATED_MAX.min(5 * bytes.len());
    [room, MESOP_INFLATED_MAX].into_iter().find_map(|room| {
        let mut out = vec![0; room];
        let (inflated, code) = decompress_slice(&mut out, bytes, InflateConfig::default());
        let length = inflated.len();
        out.truncate(length);
        (code == ReturnCode::Ok).then_some(out)
    })
}

#[cfg(test)]
mod tests {
    use super::super::zlib;
    use super::*;

    fn compress(bytes: &[u8]) -> Vec<u8> {
        zlib::compress(bytes).unwrap()
    }

    #[test]
    fn output_is_capped_to_the_byte() {
        for length in [0, 1, MESOP_INFLATED_MAX - 1, MESOP_INFLATED_MAX] {
            let bytes = vec![b'x'; length];
            assert_eq!(inflate(&compress(&bytes)), Some(bytes));
        }
        assert_eq!(
            inflate(&compress(&vec![b'x'; MESOP_INFLATED_MAX + 1])),
            None
        );
        assert_eq!(inflate(&compress(&vec![0; 16 << 20])), None);
    }

    #[test]
    fn the_checksum_is_demanded_and_what_follows_it_is_not_looked_at() {
        let stream = compress(b"some text, some text");
        for cut in 1..=stream.len() {
            assert_eq!(inflate(&stream[..stream.len() - cut]), None, "{cut}");
        }
        let mut wrong = stream.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(inflate(&wrong), None);
        let followed = [stream.as_slice(), b"junk"].concat();
        assert_eq!(inflate(&followed).unwrap(), b"some text, some text");
    }
}
