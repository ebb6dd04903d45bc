//! The contenders side by side, as Markdown: `docs/speed.md` has it.

use crate::report::Figures;

/// What the figures are, and the goal of each; processor time of one thread.
const ROWS: [(&str, Option<f64>); Figures::COUNT] = [
    ("a claim, none live, ns", Some(200.0)),
    ("a claim, 1 million live, ns", Some(400.0)),
    ("a claim, 10 million live, ns", Some(700.0)),
    (
        "an entry at its worst, 7 to 14 million live, bytes",
        Some(32.0),
    ),
    ("the longest claim, growing to 14 million, µs", Some(1000.0)),
    ("the longest claim, forgetting, µs", Some(1000.0)),
    (
        "floor: one atomic step in as much memory as 10 million take, ns",
        None,
    ),
];

/// Takes the store, the store after sign-outs, and the bare structures. Figures of fewer entries are
/// not judged.
pub(crate) fn print([store, signed_out, map, sets]: &[Figures; 4], judged: bool) {
    println!(
        "\n| | the store | | after everybody signed out | | goal | DashMap | HashSet, generations |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (nth, (what, goal)) in ROWS.into_iter().enumerate() {
        let goal = goal.filter(|_| judged);
        let of = |figures: &Figures| (shown(figures.0[nth]), verdict(figures.0[nth], goal));
        let ((store, met), (signed_out, met_too)) = (of(store), of(signed_out));
        let (map, sets) = (shown(map.0[nth]), shown(sets.0[nth]));
        let goal = goal.map_or_else(|| "–".to_owned(), |goal| goal.to_string());
        println!(
            "| {what} | {store} | {met} | {signed_out} | {met_too} | {goal} | {map} | {sets} |"
        );
    }
}

fn shown(figure: f64) -> String {
    match figure {
        _ if figure.is_nan() => "–".to_owned(),
        small if small < 100.0 => format!("{small:.1}"),
        large => format!("{large:.0}"),
    }
}

/// All goals are upper bounds.
fn verdict(figure: f64, goal: Option<f64>) -> &'static str {
    match goal {
        Some(goal) if figure <= goal => "met",
        Some(goal) if figure > goal => "missed",
        _ => "",
    }
}
