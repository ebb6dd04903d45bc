//! Minting and verifying a token of three cookies, compared with other crates' tokens of the same
//! operations, and with the cost of the cryptography alone.

//! All contenders take turns in short rounds, and a ratio is the median of the rounds' own ratios,
//! so that a change of the machine's speed affects both sides. Only this thread's processor time is
//! counted, not other work on the machine.

#[path = "../contest/mod.rs"]
mod contest;
mod ours;
mod peers;

use contest::{Contest, Floor, Rival, now, random, rounds};
use ours::Ours;
use peers::{Biscotti, FernetCrate, Jwt, Paseto, Payload, Peer, PrivateJar, SignedJar};

/// Name, value and Max-Age of the cookies in every token; the rest of each cookie is the default.
const COOKIES: [(&str, &str, Option<u64>); 3] = [
    ("session", "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR", Some(3600)),
    ("csrf", "nM4cJ7wL2hG5dF9aRZk3vT", None),
    ("theme", "dark", Some(31_536_000)),
];

/// An hour: the run takes longer than a minute.
const LIFETIME_MS: u64 = 3_600_000;

const RIVALS: [Rival; 9] = [
    ("SignedJar", "signed", Some([4.2, 3.9])),
    ("biscotti signed", "signed", None),
    ("jsonwebtoken HS256", "signed", None),
    ("signed, floor", "signed", None),
    ("PrivateJar", "encrypted", Some([3.7, 4.1])),
    ("biscotti encrypted", "encrypted", None),
    ("pasetors v4.local", "encrypted", None),
    ("fernet crate", "encrypted", None),
    ("encrypted, floor", "encrypted", None),
];

fn main() {
    let ours = Ours::new();
    let peers: [(&str, Box<dyn Peer>); 7] = [
        ("SignedJar", Box::new(SignedJar::new())),
        ("PrivateJar", Box::new(PrivateJar::new())),
        ("biscotti signed", Box::new(Biscotti::signed())),
        ("biscotti encrypted", Box::new(Biscotti::encrypted())),
        ("jsonwebtoken HS256", Box::new(Jwt::new())),
        ("pasetors v4.local", Box::new(Paseto::new())),
        ("fernet crate", Box::new(FernetCrate::new())),
    ];

    let mut contest = Contest::default();
    println!("three cookies: characters of a token");
    for (name, encrypted, bound) in [
        ("signed", false, false),
        ("encrypted", true, false),
        ("encrypted, bound", true, true),
    ] {
        let ours = &ours;
        let mut buffer = Vec::new();
        contest.enter_pair(
            name,
            move || ours.mint(encrypted, bound),
            move |token| ours.verify(token, &mut buffer),
        );
    }
    let token = ours.mint(true, false);
    let mut buffer = Vec::new();
    let redeemer = &ours;
    contest.enter("encrypted to lines", move || {
        redeemer.redeem(&token, &mut buffer)
    });
    for (name, peer) in &peers {
        let mut payload = Payload::new();
        contest.enter_pair(
            name,
            move || peer.mint(&mut payload),
            |token| peer.verify(token),
        );
    }
    for (name, encrypted) in [("signed", false), ("encrypted", true)] {
        let mut floor = Floor::below(&ours.mint(encrypted, false), encrypted);
        contest.enter(format!("{name}, floor mint"), move || floor.mint());
        let mut floor = Floor::below(&ours.mint(encrypted, false), encrypted);
        contest.enter(format!("{name}, floor verify"), move || floor.verify());
    }
    let times = contest.run(rounds());
    times.print();
    times.print_ratios(&RIVALS);
}
