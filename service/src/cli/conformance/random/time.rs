//! Times, and the edges of what is one.

use super::draw::Draw;

const NOW: u64 = 1_795_000_000_000;
pub(super) const LATEST: u64 = 253_402_300_799_999;
pub(super) const DAY: u64 = 86_400_000;

/// A time, a day or more before the last.
pub(super) fn time(draw: &mut Draw) -> u64 {
    let any = draw.between(0, LATEST - DAY);
    let near = NOW + draw.between(0, 100_000);
    draw.pick(&[
        NOW,
        near,
        near,
        0,
        1,
        999,
        1000,
        4_294_967_295,
        LATEST - DAY,
        any,
    ])
}
