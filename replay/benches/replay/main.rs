//! Replay stores: the memory of an entry, the cost of a claim as entries grow in number, and the
//! longest claim, compared with the bare structures that would do the same.
//!
//! Every contender has its own process, so that memory is counted separately.
//!
//!     cargo bench -p apply-cookies-replay              # 14 million entries, about two minutes,
//!     1.5 GB cargo bench -p apply-cookies-replay -- small     # a twentieth of it cargo bench -p
//!     apply-cookies-replay --features file -- "only=file store"

#![expect(clippy::disallowed_methods, reason = "random loads")]

mod bare;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "file")]
#[path = "../../tests/support/folder.rs"]
mod folder;
mod load;
mod memory;
mod report;
mod stopwatch;

use std::process::Command;

use bare::{DashMapOfAll, SetsInGenerations};

const CONTENDERS: [&str; 3] = ["memory store", "DashMap", "HashSet generations"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    // `cargo test --benches` only wants to see that it runs.
    let scale = match (has("--bench"), has("small")) {
        (false, _) => 1_000,
        (true, true) => 20,
        (true, false) => 1,
    };
    if let Some(name) = arguments
        .iter()
        .find_map(|argument| argument.strip_prefix("only="))
    {
        match name {
            "memory store" => memory::run(scale),
            #[cfg(feature = "file")]
            "file store" => file::run(scale),
            "DashMap" => report::fill::<DashMapOfAll>(scale),
            _ => report::fill::<SetsInGenerations>(scale),
        }
        return;
    }
    report::heading(scale);
    let program = std::env::current_exe().expect("this program");
    for name in CONTENDERS {
        let child = Command::new(&program)
            .args(&arguments[1..])
            .arg(format!("only={name}"))
            .status()
            .expect("this program again");
        assert!(child.success(), "{name}: {child}");
    }
    println!(
        "goals: 32 bytes, 150 ns, 1.5 times as long at 10 million, a longest claim of 1,000 us\n\
         (nanoseconds of processor time; the store's claim reads the clock, checks horizon and \n\
         barriers, and keeps a digest for retries; the bare structures only insert)"
    );
    #[cfg(feature = "file")]
    file::run(scale);
}
