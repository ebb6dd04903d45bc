//! Writing a session into a cookie and reading it back, compared with other crates that protect
//! cookies: from a struct to the cookie's value, and from a request's `Cookie` field to a struct.

#[path = "../contest/mod.rs"]
mod contest;
mod ours;
mod peers;

use contest::{Contest, Floor, Rival, now, random, rounds};
use ours::{Encrypted, Ours, Plain, Signed};
use peers::{BiscottiEncrypted, BiscottiSigned, Encoded, Jwt, Peer, PrivateJar, SignedJar};
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

const RIVALS: [Rival; 8] = [
    // Other crates' plain cookies: JSON and percent-coding, without the checks.
    ("Cookie::encoded", "plain", None),
    ("SignedJar", "signed", Some([1.1, 1.4])),
    ("biscotti signed", "signed", None),
    ("jsonwebtoken HS256", "signed", None),
    ("signed, floor", "signed", None),
    ("PrivateJar", "encrypted", Some([1.1, 1.4])),
    ("biscotti encrypted", "encrypted", None),
    ("encrypted, floor", "encrypted", None),
];

fn main() {
    let peers: [(&str, Box<dyn Peer>); 6] = [
        ("Cookie::encoded", Box::new(Encoded)),
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
    let json = peers::json(&session);
    let mut contest = Contest::default();
    println!("characters of the Cookie field");
    for (name, peer) in ours.iter().chain(&peers) {
        contest.enter_pair(name, || peer.write(&session), |field| peer.read(field));
    }
    for (nth, name) in [(1, "signed"), (2, "encrypted")] {
        let value = ours[nth].1.write(&session);
        let below = || Floor::below(&value, name == "encrypted");
        let (mut mint, mut verify) = (below(), below());
        let session = &session;
        contest.enter(format!("{name}, floor mint"), move || {
            mint.mint();
            peers::json(session)
        });
        let json = &json;
        contest.enter(format!("{name}, floor verify"), move || {
            assert!(verify.verify());
            peers::parse(json);
        });
    }
    let times = contest.run(rounds());
    times.print();
    times.print_ratios(&RIVALS);
}
