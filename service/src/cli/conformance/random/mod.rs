//! Random questions: what the vectors cannot list. Where SPEC leaves open which of several faults is
//! named, they have one.

mod draw;

mod sealer;
mod text;
mod time;

mod attributes;
mod operation;

mod batch;

mod browser;
mod json;
mod tokens;
mod values;

use serde_json::{Value, json};

use self::draw::{BASE64URL, Draw, PRINTABLE};
use super::answer::Codec;

pub(super) struct Random(Draw);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(Draw::new(seed))
    }

    /// A question about what is written.
    pub(super) fn writing(&mut self) -> Value {
        let draw = &mut self.0;
        match draw.below(20) {
            0..=7 => tokens::seal(draw),
            8..=11 => values::write(draw),
            12..=14 => operation::set_cookie(draw),
            15..=17 => batch::batch(draw),
            18 => keys(draw),
            _ => frame(draw),
        }
    }

    /// A question about what is read.
    pub(super) fn reading(&mut self, codec: &mut Codec) -> Value {
        let draw = &mut self.0;
        match draw.below(20) {
            0..=8 => tokens::open(draw, codec),
            9..=14 => values::read(draw, codec),
            15..=17 => browser::cookie(draw),
            _ => browser::binding(draw),
        }
    }
}

/// `keys`. What is drawn cannot be guessed, and no two of it are equal.
fn keys(draw: &mut Draw) -> Value {
    let secret = |draw: &mut Draw| {
        let length = draw.pick(&[32, 33, 43, 64, 200]);
        let end = draw.pick(&["", "", "\n", "\r\n", "\n\n", "\r", " "]);
        format!("{}{end}", draw.text(length, PRINTABLE))
    };
    let current = secret(draw);
    let mut previous: Vec<String> = (0..draw.below(3)).map(|_| secret(draw)).collect();
    match draw.below(6) {
        0 => previous.push(format!("{}\n", current.trim_end_matches(['\r', '\n']))),
        1 => previous.insert(
            0,
            "too short, even with the line end\n"
                .chars()
                .skip(3)
                .collect(),
        ),
        _ => {}
    }
    json!({ "do": "keys", "secret": current, "previous_secrets": previous, "name": values::name(draw) })
}

/// `frame`.
fn frame(draw: &mut Draw) -> Value {
    let length = draw.length(3000);
    let token = format!(
        "{}{}",
        draw.pick(&["e1.", "s1."]),
        draw.text(length, BASE64URL)
    );
    json!({ "do": "frame", "token": token })
}
