//! Random choices, the same ones for the same seed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

pub(super) struct Draw(StdRng);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        self.0.random_range(first..=last)
    }

    /// True once in `n`.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// Random bytes in base64url.
    pub(super) fn base64<const N: usize>(&mut self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }

    /// This many characters of an alphabet.
    pub(super) fn text(&mut self, length: usize, alphabet: &str) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| self.pick(&alphabet)).collect()
    }

    /// A length: short mostly, and often one at which a number takes another byte.
    pub(super) fn length(&mut self, most: usize) -> usize {
        let length = match self.below(8) {
            0 => 0,
            1 => 1,
            2 => self.pick(&[126, 127, 128, 129, 255, 256]),
            3 => self.below(300),
            _ => self.below(20),
        };
        length.min(most)
    }

    pub(super) fn shuffle<T>(&mut self, of: &mut [T]) {
        for last in (1..of.len()).rev() {
            let other = self.below(last + 1);
            of.swap(last, other);
        }
    }

    /// One place changed: a character replaced, lost, added or doubled, or two exchanged.
    pub(super) fn change(&mut self, text: &str, alphabet: &str) -> String {
        let mut all: Vec<char> = text.chars().collect();
        let new = self.text(1, alphabet).chars().next().unwrap_or('A');
        if all.is_empty() {
            return new.to_string();
        }
        let at = self.below(all.len());
        match self.below(6) {
            0 => {
                all.remove(at);
            }
            1 => all.insert(at, new),
            2 => all.truncate(at),
            3 => all.push(new),
            4 => all.insert(at, all[at]),
            _ => all[at] = new,
        }
        all.into_iter().collect()
    }
}

/// ASCII that is printed.
pub(super) const PRINTABLE: &str = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
/// What a cookie's value may have.
pub(super) const OCTETS: &str = "!#$%&'()*+-./0123456789:<=>?@ABCXYZ[]^_`abcxyz{|}~";
pub(super) const TCHARS: &str = "!#$&'*+-.^_`|~0123456789ABCXYZabcxyz";
pub(super) const BASE64URL: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What is easily got wrong, beside ordinary characters.
pub(super) const ODD: &str = "aZ09 \t\r\n\u{0}\u{b}\u{c}\u{1f}\u{7f}\u{80}\u{85}\u{a0}éß\u{ff}\u{2028}\u{feff}€語\u{fffd}\u{ffff}😀\u{10ffff}\",;\\%=/";
