//! The endpoint's cost to a server: the processor time of a POST, compared with a fixed 204 with
//! the same header fields, on each framework, by the same driver in one run.
//!
//! ```sh
//! cargo bench -p apply-cookies --bench endpoint --features actix,axum
//! ```
//!
//! Each server has one worker, which answers `GET /time` with the processor time it has used, so
//! the driver's own time does not count, and no other tool is needed.

mod driver;
mod servers;

use apply_cookies::protocol::{Batch, BindingCookie, Operation};
use apply_cookies::{ApplyCookies, BindingPolicy, MintOptions, Seal, Secrets, SetCookie};

use driver::{Driver, Post};
use servers::{actix, axum};

const ORIGIN: &str = "https://app.example";

/// Requests in a round.
const REQUESTS: usize = 512;

/// Three cookies, as a sign-in sets them.
fn batch() -> Batch<'static> {
    let cookies = [
        SetCookie::new("session", "8f14e45fceea167a5a36dedd4bea2543"),
        SetCookie::new("theme", "dark").http_only(false),
        SetCookie::new("seen", "2026-11-27"),
    ];
    let operations = cookies.map(|cookie| Operation::try_from(cookie).expect("good cookies"));
    let mut operations = operations.into_iter();
    let mut batch = Batch::new(operations.next().expect("three"));
    for operation in operations {
        batch.push(operation).expect("they fit");
    }
    batch
}

/// One way to use the endpoint.
struct Case {
    name: &'static str,
    /// How many times a fixed answer's time it may take.
    goal: f64,
    apply: ApplyCookies,
    browser: Option<BindingCookie>,
}

impl Case {
    fn post(&self) -> Post {
        let minted =
            self.apply
                .issuer()
                .mint(&batch(), self.browser.as_ref(), &MintOptions::default());
        Post {
            token: minted.into_token().into_string(),
            browser: self.browser.as_ref().map(BindingCookie::to_text),
        }
    }
}

fn cases() -> [Case; 2] {
    let build = |seal, binding| {
        ApplyCookies::builder(Secrets::random())
            .origin(ORIGIN)
            .seal(seal)
            .binding(binding)
            .build()
            .expect("a good configuration")
    };
    [
        Case {
            name: "signed, nothing else",
            goal: 1.12,
            apply: build(Seal::Signed, BindingPolicy::Optional),
            browser: None,
        },
        Case {
            name: "default seal, binding, retry",
            goal: 1.2,
            apply: build(Seal::Encrypted, BindingPolicy::Required),
            browser: Some(BindingCookie::from_random([7; 32])),
        },
    ]
}

/// Posts all of them, and returns the server's microseconds for each.
fn round(driver: &mut Driver, path: &str, posts: &[Post]) -> f64 {
    let requests: Vec<String> = posts
        .iter()
        .map(|post| post.request(ORIGIN, path))
        .collect();
    let begun = time(driver);
    driver.post(&requests);
    let count = u32::try_from(posts.len()).expect("few");
    (time(driver) - begun) / f64::from(count)
}

/// The processor time of the server's one worker, in microseconds.
fn time(driver: &mut Driver) -> f64 {
    let head = driver.get("/time");
    let field = head.lines().find_map(|line| line.strip_prefix("x-time: "));
    field.and_then(|text| text.parse().ok()).expect("a time")
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() {
    // `cargo test --benches` only checks that it runs.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let rounds = if measured { 101 } else { 2 };
    println!("microseconds of the server's processor time a request, medians of {rounds} rounds\n");
    println!("| framework | case | fixed 204, µs | endpoint, µs | ratio | goal | |");
    println!("|---|---|---|---|---|---|---|");
    for case in cases() {
        for (framework, serve) in [("actix-web", actix as servers::Serve), ("axum", axum)] {
            let mut fixed = Driver::new(serve(None));
            let mut endpoint = Driver::new(serve(Some(case.apply.clone())));
            // In turns, so that a change of the machine's speed affects both.
            let mut times: Vec<(f64, f64)> = (0..rounds)
                .map(|_| {
                    let posts: Vec<Post> = (0..REQUESTS).map(|_| case.post()).collect();
                    (
                        round(&mut fixed, "/fixed", &posts),
                        round(&mut endpoint, "/__apply-cookies", &posts),
                    )
                })
                .collect();
            times.remove(0); // the caches are cold
            let ratio = median(times.iter().map(|(fixed, ours)| ours / fixed).collect());
            let met = if ratio <= case.goal { "met" } else { "missed" };
            println!(
                "| {framework} | {} | {:.2} | {:.2} | {ratio:.2} | {} | {met} |",
                case.name,
                median(times.iter().map(|(fixed, _)| *fixed).collect()),
                median(times.iter().map(|(_, ours)| *ours).collect()),
                case.goal,
            );
        }
    }
}
