//! Minting and verifying a token of three cookies, beside `cookie`'s signed and private jars on
//! the same batch, and what it could cost at the least.
//!
//! Criterion gives each figure; the ratios at the end come from rounds in which all contenders
//! take turns, so that a change of the machine's speed meets all of them.

use std::hint::black_box;
use std::time::{Instant, SystemTime};

use apply_cookies::protocol::{
    Batch, Binding, BindingCookie, BindingRule, KeyRing, Lifetime, Nonce, Sealing, Secret,
    SetCookie, TokenHeader, UnixMillis, UntrustedToken, seal,
};
use cookie::{Cookie, CookieJar, Key};
use criterion::Criterion;
use rand::Rng;
use serde::{Deserialize, Serialize};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

/// What the peers carry: the same operations, as the JSON that apps write.
#[derive(Serialize, Deserialize)]
struct Payload {
    n: String,
    c: Vec<JsonCookie>,
}

#[derive(Serialize, Deserialize)]
struct JsonCookie {
    name: String,
    value: String,
    max_age: Option<u64>,
    path: Option<String>,
    domain: Option<String>,
    secure: bool,
    httponly: bool,
    samesite: Option<String>,
}

const COOKIES: [(&str, &str, Option<u64>); 3] = [
    ("session", "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR", Some(3600)),
    ("csrf", "nM4cJ7wL2hG5dF9aRZk3vT", None),
    ("theme", "dark", Some(31_536_000)),
];

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let millis = u64::try_from(since.as_millis()).expect("before 9999");
    UnixMillis::new(millis).expect("before 9999")
}

struct Ours {
    ring: KeyRing,
    batch: Batch<'static>,
    browser: BindingCookie,
    /// An hour: the run takes longer than a minute.
    lifetime: Lifetime,
}

impl Ours {
    fn new() -> Self {
        let mut drafts = COOKIES.into_iter().map(|(name, value, age)| {
            let draft = SetCookie::new(name, value);
            let draft = match age {
                Some(age) => draft.max_age(std::time::Duration::from_secs(age)),
                None => draft,
            };
            draft.try_into().expect("a good cookie")
        });
        let mut batch = Batch::new(drafts.next().expect("three"));
        for draft in drafts {
            batch.push(draft).expect("they fit");
        }
        Self {
            ring: KeyRing::new(&Secret::new(SECRET).expect("strong"), &[]).expect("one key"),
            batch,
            browser: BindingCookie::from_random([1; 32]),
            lifetime: Lifetime::from_millis(3_600_000).expect("less than a day"),
        }
    }

    fn mint(&self, encrypted: bool, bound: bool) -> String {
        let mut header = TokenHeader::new(Nonce::from_random(random()), now(), self.lifetime);
        if bound {
            header.binding = Some(Binding::new(&self.ring, &self.browser));
        }
        let sealing = if encrypted {
            Sealing::Encrypted { iv: random() }
        } else {
            Sealing::Signed
        };
        seal(&self.ring, sealing, &header, &self.batch).into_string()
    }

    /// To checked operations that borrow from the buffer.
    fn verify(&self, token: &str, buffer: &mut Vec<u8>) -> usize {
        let token = UntrustedToken::new(token)
            .open(&self.ring, buffer)
            .expect("ours");
        let operations = token.operations().expect("good").len();
        token
            .verify(now(), BindingRule::Optional(Some(&self.browser)))
            .expect("now");
        operations
    }
}

struct Jars {
    key: Key,
}

impl Jars {
    fn payload() -> Payload {
        Payload {
            n: "bm9uY2Ugb2YgdmVjdG9ycw".to_owned(),
            c: COOKIES
                .into_iter()
                .map(|(name, value, max_age)| JsonCookie {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    max_age,
                    path: Some("/".to_owned()),
                    domain: None,
                    secure: true,
                    httponly: true,
                    samesite: Some("Lax".to_owned()),
                })
                .collect(),
        }
    }

    fn mint(&self, payload: &mut Payload, private: bool) -> String {
        black_box(now());
        payload.n.clear();
        for byte in random::<11>() {
            payload.n.push(char::from(b'a' + byte % 26));
            payload.n.push(char::from(b'a' + byte / 26));
        }
        let cookie = Cookie::new("t", serde_json::to_string(payload).expect("JSON"));
        let mut jar = CookieJar::new();
        if private {
            jar.private_mut(&self.key).add(cookie);
        } else {
            jar.signed_mut(&self.key).add(cookie);
        }
        jar.get("t").expect("added").value().to_owned()
    }

    fn verify(&self, text: &str, private: bool) -> usize {
        black_box(now());
        let mut jar = CookieJar::new();
        jar.add_original(Cookie::new("t", text.to_owned()));
        let cookie = if private {
            jar.private(&self.key).get("t")
        } else {
            jar.signed(&self.key).get("t")
        };
        let payload: Payload = serde_json::from_str(cookie.expect("ours").value()).expect("JSON");
        payload.c.len()
    }
}

type Contender<'c> = (&'static str, Box<dyn FnMut() + 'c>);

/// Keeps the compiler from leaving a call out.
fn keep<T>(result: T) {
    let _ = black_box(result);
}

fn main() {
    let ours = Ours::new();
    let jars = Jars {
        key: Key::generate(),
    };
    let signed = ours.mint(false, false);
    let encrypted = ours.mint(true, false);
    let bound = ours.mint(true, true);
    let jar_signed = jars.mint(&mut Jars::payload(), false);
    let jar_private = jars.mint(&mut Jars::payload(), true);
    println!(
        "three cookies: signed {} characters, encrypted {}, SignedJar {}, PrivateJar {}",
        signed.len(),
        encrypted.len(),
        jar_signed.len(),
        jar_private.len()
    );
    let (mut first, mut second) = (Jars::payload(), Jars::payload());
    let mut buffers = [const { Vec::new() }; 3];
    let [one, two, three] = &mut buffers;
    let mut contenders: Vec<Contender<'_>> = vec![
        ("signed mint", Box::new(|| keep(ours.mint(false, false)))),
        (
            "signed verify",
            Box::new(|| keep(ours.verify(&signed, one))),
        ),
        ("encrypted mint", Box::new(|| keep(ours.mint(true, false)))),
        (
            "encrypted verify",
            Box::new(|| keep(ours.verify(&encrypted, two))),
        ),
        (
            "encrypted, bound mint",
            Box::new(|| keep(ours.mint(true, true))),
        ),
        (
            "encrypted, bound verify",
            Box::new(|| keep(ours.verify(&bound, three))),
        ),
        (
            "SignedJar mint",
            Box::new(|| keep(jars.mint(&mut first, false))),
        ),
        (
            "SignedJar verify",
            Box::new(|| keep(jars.verify(&jar_signed, false))),
        ),
        (
            "PrivateJar mint",
            Box::new(|| keep(jars.mint(&mut second, true))),
        ),
        (
            "PrivateJar verify",
            Box::new(|| keep(jars.verify(&jar_private, true))),
        ),
    ];

    let mut criterion = Criterion::default().configure_from_args();
    for (name, contender) in &mut contenders {
        criterion.bench_function(name, |bencher| bencher.iter(&mut *contender));
    }
    criterion.final_summary();

    let medians = take_turns(&mut contenders);
    let median = |name: &str| {
        medians
            .iter()
            .find(|(key, _)| *key == name)
            .expect("measured")
            .1
    };
    println!("\nnanoseconds, medians of interleaved rounds");
    for (name, nanoseconds) in &medians {
        println!("  {name:<26}{nanoseconds:>8.0}");
    }
    println!("\nratios (goal)");
    for (mine, peer, goal) in [
        ("signed mint", "SignedJar mint", 4.0),
        ("signed verify", "SignedJar verify", 4.0),
        ("encrypted mint", "PrivateJar mint", 3.0),
        ("encrypted verify", "PrivateJar verify", 4.0),
    ] {
        let ratio = median(peer) / median(mine);
        println!("  {peer:<20} / {mine:<18}{ratio:>6.2}  ({goal})");
    }
}

/// Runs all contenders in turns, and gives the median of nanoseconds per call of each.
fn take_turns(contenders: &mut [Contender<'_>]) -> Vec<(&'static str, f64)> {
    const ROUNDS: usize = 41;
    const CALLS: u32 = 2_000;
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, contender), times) in contenders.iter_mut().zip(&mut rounds) {
            let start = Instant::now();
            for _ in 0..CALLS {
                contender();
            }
            times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
        }
    }
    contenders
        .iter()
        .zip(&mut rounds)
        .map(|((name, _), times)| {
            times.sort_by(f64::total_cmp);
            (*name, times[ROUNDS / 2])
        })
        .collect()
}
