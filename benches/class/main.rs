//! Writing a session into a cookie and reading it back, compared with other crates that protect
//! cookies: from a struct to the cookie's value, and from a request's `Cookie` field to a struct.

#[path = "../contest/mod.rs"]
mod contest;
mod ours;
mod peers;

use contest::{Contest, Goal, Times, now, random, rounds};
use ours::{Encrypted, Ours, Plain, Signed};
use peers::{BiscottiEncrypted, BiscottiSigned, Jwt, Peer, PrivateJar, SignedJar};
use serde::{Deserialize, Serialize};

/// The stored session, with the same fields for all.
#[derive(Serialize, Deserialize)]
struct Session {
    username: String,
    roles: Vec<String>,
    exp: u64,
}

fn session() -> Session {
    Session {
        username: "ada.lovelace@example.com".to_owned(),
        roles: vec!["admin".to_owned(), "editor".to_owned()],
        exp: now().get() / 1000 + 3600,
    }
}

/// Plain values have no peer: others protect what they write.
const GOALS: [Goal; 4] = [
    ("SignedJar mint", "signed mint", 1.1),
    ("SignedJar verify", "signed verify", 1.4),
    ("PrivateJar mint", "encrypted mint", 1.1),
    ("PrivateJar verify", "encrypted verify", 1.4),
];

fn main() {
    let peers: [(&str, Box<dyn Peer>); 5] = [
        ("SignedJar", Box::new(SignedJar::new())),
        ("PrivateJar", Box::new(PrivateJar::new())),
        ("biscotti signed", Box::new(BiscottiSigned::new())),
        ("biscotti encrypted", Box::new(BiscottiEncrypted::new())),
        ("jsonwebtoken HS256", Box::new(Jwt::new())),
    ];
    let ours: [(&str, Box<dyn Peer>); 3] = [
        ("plain", Box::new(Ours::<Plain>::new())),
        ("signed", Box::new(Ours::<Signed>::new())),
        ("encrypted", Box::new(Ours::<Encrypted>::new())),
    ];
    let session = session();
    let mut contest = Contest::default();
    println!("characters of the Cookie field");
    for (name, peer) in ours.iter().chain(&peers) {
        contest.enter_pair(name, || peer.write(&session), |field| peer.read(field));
    }
    report(&contest.run(rounds()));
}

fn report(times: &Times) {
    times.print();
    println!("\nhow many times as long as ours: write, read");
    for (mine, peer) in [
        ("signed", "SignedJar"),
        ("signed", "biscotti signed"),
        ("signed", "jsonwebtoken HS256"),
        ("encrypted", "PrivateJar"),
        ("encrypted", "biscotti encrypted"),
    ] {
        let [write, read] = ["mint", "verify"]
            .map(|step| times.ratio(&format!("{peer} {step}"), &format!("{mine} {step}")));
        println!("  {peer:<20} / {mine:<12}{write:>8.2}{read:>8.2}");
    }
    times.print_goals(&GOALS);
}
