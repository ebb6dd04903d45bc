//! Mesop's own endpoint under gunicorn, compared with `apply-cookies serve --profile mesop`:
//! requests a second, sent by one driver to both in turns.
//!
//! ```sh
//! MESOP_PYTHON=$(tests/mesop/install) cargo bench -p apply-cookies-service
//! ```
//!
//! First one gunicorn worker and one worker of the program, pinned to the same processor, with the
//! driver on another. `sync` is what `gunicorn app:me` starts, as Mesop's guide says; it closes
//! each connection after the answer. `gthread` keeps connections open. Then what a whole machine
//! gives: as many workers as processors, which the driver shares.
//!
//! A Mesop process remembers each token for a minute and looks at all of them for the next, so the
//! rounds are few and short: with so few tokens that costs it a few hundredths.

#[path = "../../../benches/endpoint/driver.rs"]
mod driver;
mod processors;
mod servers;
mod tokens;

use std::path::PathBuf;
use std::time::Instant;

use driver::{Driver, Post};
use processors::Processors;
use servers::Server;
use tokens::Tokens;

/// The page's, for both servers, whatever port they listen on.
const ORIGIN: &str = "http://localhost:8000";

const GOAL: f64 = 40.0;

fn main() {
    // `cargo test --benches` only checks that it runs.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (ways, rounds) = if measured { (3, 9) } else { (1, 1) };
    // Rounds of about the same time.
    let [their_requests, our_requests] = if measured { [300, 15_000] } else { [16, 16] };
    let python = python();
    if python.is_none() {
        eprintln!(
            "Mesop is not installed: call tests/mesop/install, and set MESOP_PYTHON to what it prints"
        );
        assert!(!measured, "there is nothing to compare with");
    }

    let tokens = Tokens::new();
    let processors = Processors::of_this_process();
    let all = processors.all();
    let workers = format!("--workers={}", all.len());
    println!("requests a second, each answered 204; medians of {rounds} rounds in turns\n");
    println!("| gunicorn | processors of each server | Mesop /s | ours /s | times | goal | |");
    println!("|---|---|---|---|---|---|---|");
    for (name, options, given) in [
        ("1 sync worker", &["--workers=1"][..], processors.first()),
        (
            "1 gthread worker, 8 threads",
            &["--workers=1", "--threads=8"],
            processors.first(),
        ),
        ("as many sync workers as processors", &[&*workers], all),
    ]
    .into_iter()
    .take(ways)
    {
        let ours = Server::ours(&tokens, &processors, given);
        let our_rate = || round(&ours, our_requests, &tokens);
        let Some(python) = &python else {
            println!(
                "| {name} | {} | – | {:.0} | – | {GOAL} | |",
                given.len(),
                our_rate()
            );
            continue;
        };
        let mesop = Server::mesop(python, options, &tokens, &processors, given);
        let mesop_rate = || round(&mesop, their_requests, &tokens);
        let mut rates: Vec<[f64; 2]> = (0..=rounds).map(|_| [mesop_rate(), our_rate()]).collect();
        rates.remove(0); // the caches are cold
        let median = |of: fn(&[f64; 2]) -> f64| {
            let mut figures: Vec<f64> = rates.iter().map(of).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        let times = median(|[mesop, ours]| ours / mesop);
        println!(
            "| {name} | {} | {:.0} | {:.0} | {times:.1} | {GOAL} | {} |",
            given.len(),
            median(|[mesop, _]| *mesop),
            median(|[_, ours]| *ours),
            if times >= GOAL { "met" } else { "missed" },
        );
    }
}

/// Requests a second, with fresh tokens and connections: gunicorn closes idle ones.
fn round(server: &Server, requests: usize, tokens: &Tokens) -> f64 {
    let requests: Vec<String> = (0..requests)
        .map(|_| {
            let post = Post {
                token: tokens.next(),
                browser: None,
            };
            post.request(ORIGIN, "/__apply-cookies")
        })
        .collect();
    let mut driver = Driver::new(server.address);
    let begun = Instant::now();
    driver.post(&requests);
    let count = u32::try_from(requests.len()).expect("few");
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// The Python that has Mesop.
fn python() -> Option<PathBuf> {
    let installed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/mesop-venv/bin/python"
    );
    let python = std::env::var_os("MESOP_PYTHON").map_or_else(|| installed.into(), PathBuf::from);
    python.exists().then_some(python)
}
