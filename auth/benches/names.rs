//! Whether the time of an answer says if a name exists: known and unknown names, each with a wrong
//! password, in turn, sent to the page without a socket, and the Kolmogorov–Smirnov test of the two.
//! Prints, and judges nothing: what must hold is counted in `src/account/tests.rs`.
//!
//! `cargo bench -p apply-cookies-auth --features actix,password --bench names [-- NUMBER]`; 2,000 of
//! each by default.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use actix_web::{App, test};
use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{
    Account, AccountFuture, AccountSource, Accounts, Auth, Crowd, PasswordHash,
};

const ORIGIN: &str = "https://app.example";

/// Cheap ones of three costs, so that the difference between costs is large beside that of a look-up.
const COSTS: [&str; 3] = [
    "scrypt:1024:8:1$abcdefghijklmnop$",
    "scrypt:2048:8:1$abcdefghijklmnop$",
    "pbkdf2:sha256:2000$abcdefghijklmnop$",
];

struct Table(Vec<Account>);

impl AccountSource for Table {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        let found = self.0.iter().find(|account| account.name == name);
        Box::pin(std::future::ready(Ok(found.cloned())))
    }

    fn crowd(&self) -> Crowd {
        let hashes = self.0.iter().map(|account| &account.hash);
        hashes.map(PasswordHash::parameters).collect()
    }
}

#[actix_web::main]
async fn main() {
    let number = std::env::args().find_map(|text| text.parse().ok());
    let number: u32 = number.unwrap_or(2000);
    let account = |number: u32| {
        let cost = COSTS[number as usize % 3];
        let digest = "0".repeat(if cost.starts_with('s') { 128 } else { 64 });
        let hash = PasswordHash::parse(&format!("{cost}{digest}")).expect("a hash");
        Account::new(format!("user-{number:04}"), hash)
    };
    let apply = ApplyCookies::builder(Secrets::random()).origin(ORIGIN);
    let apply = apply.build().expect("a deployment");
    let accounts = Accounts::from_source(Table((0..60).map(account).collect()));
    let auth = Auth::builder(&apply).passwords(accounts).build();
    let auth = auth.expect("sign-ins");
    let app = App::new().wrap(auth.middleware()).wrap(apply.middleware());
    let app = test::init_service(app).await;
    let time = async |name: &str, from: u32| {
        let request = test::TestRequest::post()
            .uri("/auth/sign-in")
            // A network for each, so that nothing is throttled.
            .peer_addr(SocketAddr::from((Ipv4Addr::from(from), 443)))
            .insert_header(("origin", ORIGIN))
            .set_form([("name", name), ("password", "a wrong password")])
            .to_request();
        let begun = Instant::now();
        let response = test::call_service(&app, request).await;
        let took = begun.elapsed();
        assert_eq!(response.status(), 401, "wrong, and not throttled");
        took
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..number {
        // The account's own limit is not reached: a hundred an hour, and 2,000 / 60 = 34 here.
        known.push(time(&format!("user-{:04}", round % 60), 2 * round).await);
        // As long as the others.
        unknown.push(time(&format!("none-{round:04}"), 2 * round + 1).await);
    }
    known.sort_unstable();
    unknown.sort_unstable();
    let (d, p) = kolmogorov_smirnov(&known, &unknown);
    let at = |times: &[Duration], part: usize| times[times.len() * part / 100].as_micros();
    println!("{number} answers each, 60 accounts of three costs, a wrong password");
    for (whose, times) in [("known", &known), ("unknown", &unknown)] {
        println!(
            "{whose:8} median {} µs, 10 % below {}, 90 % below {}",
            at(times, 50),
            at(times, 10),
            at(times, 90)
        );
    }
    println!("Kolmogorov–Smirnov: D = {d:.4}, p = {p:.3}");
}

/// The greatest distance of two sorted samples, and the chance of one as large if they are of one
/// distribution.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn kolmogorov_smirnov(one: &[Duration], other: &[Duration]) -> (f64, f64) {
    let share = |times: &[Duration], at: &Duration| {
        times.partition_point(|time| time <= at) as f64 / times.len() as f64
    };
    let both = one.iter().chain(other);
    let distances = both.map(|at| (share(one, at) - share(other, at)).abs());
    let d = distances.fold(0.0, f64::max);
    let (n, m) = (one.len() as f64, other.len() as f64);
    let root = (n * m / (n + m)).sqrt();
    let lambda = (root + 0.12 + 0.11 / root) * d;
    let term = |k: i32| {
        let k = f64::from(k);
        (-2.0 * k * k * lambda * lambda).exp()
    };
    let sum: f64 = (1..=100)
        .map(|k| if k % 2 == 1 { term(k) } else { -term(k) })
        .sum();
    (d, (2.0 * sum).clamp(0.0, 1.0))
}
