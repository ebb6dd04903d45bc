//! Replay stores: the memory of an entry, the cost of a claim as entries grow in number, and the
//! longest claim, compared with the bare structures that would do the same.
//!
//! Every contender has its own process, so that memory is counted separately.
//!
//! ```sh
//! cargo bench -p apply-cookies-replay             # 14 million entries, about three minutes, 1.5 GB
//! cargo bench -p apply-cookies-replay -- small    # a twentieth of it
//! cargo bench -p apply-cookies-replay --features file -- "only=file store"    # a minute
//! ```

#![expect(clippy::disallowed_methods, reason = "random loads")]

mod bare;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "file")]
#[path = "../../tests/support/folder.rs"]
mod folder;
mod load;
mod memory;
mod pauses;
mod report;
mod stopwatch;
mod table;

use std::process::{Command, Stdio};

use bare::{DashMapOfAll, SetsInGenerations};
use memory::Store;
use report::Figures;

const CONTENDERS: [&str; 4] = [
    "memory store",
    "memory store, signed out",
    "DashMap",
    "HashSet generations",
];

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
        let figures = match name {
            "memory store" => Store::<false>::run(scale),
            "memory store, signed out" => Store::<true>::run(scale),
            #[cfg(feature = "file")]
            "file store" => return file::run(scale),
            #[cfg(not(feature = "file"))]
            "file store" => panic!("the file store needs --features file"),
            "DashMap" => bare::run::<DashMapOfAll>(scale),
            "HashSet generations" => bare::run::<SetsInGenerations>(scale),
            other => panic!("{other:?} is none of {CONTENDERS:?} and \"file store\""),
        };
        println!("{}", figures.to_line());
        return;
    }
    report::heading(scale);
    let figures = CONTENDERS.map(|name| figures(name, &arguments[1..]));
    table::print(&figures, scale == 1);
    #[cfg(feature = "file")]
    file::run(scale);
}

/// A contender's figures, from a process of its own; what else it says is passed on.
fn figures(name: &str, arguments: &[String]) -> Figures {
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(arguments)
        .arg(format!("only={name}"))
        .stderr(Stdio::inherit())
        .output()
        .expect("this program again");
    assert!(child.status.success(), "{name}: {}", child.status);
    let said = String::from_utf8(child.stdout).expect("text");
    let (said, figures) = said.trim_end().rsplit_once('\n').expect("lines");
    println!("{said}");
    Figures::of_line(figures)
}
