//! A thief with only a part of {token, redemption id, binding} gets nothing. Anyone with all three
//! is the browser, as far as a server can see.

use std::collections::BTreeMap;

use apply_cookies::protocol::Binding;

use super::Server;
use crate::support::http::{Connection, FORM, Response, origin_header};
use crate::support::{browser, ring, token_with};

/// The number in the promise.
const TRIES: usize = 10_000;

const VICTIM: u8 = 1;
const THIEF: u8 = 2;
const COOKIE: &str = "__Host-apply-cookies";

/// One redemption as the victim's browser makes it.
struct Victim {
    number: usize,
    token: String,
    redemption: String,
    value: String,
}

impl Victim {
    fn new(number: usize) -> Self {
        let value = format!("session-of-the-victim-{number}");
        Self {
            number,
            token: token_of(VICTIM, &value),
            redemption: format!("{number:022}"),
            value,
        }
    }

    fn post(&self, connection: &mut Connection) -> Response {
        let form = format!("t={}&r={}", self.token, self.redemption);
        post(connection, &cookie(&[VICTIM]), &form)
    }

    fn is_in(&self, response: &Response) -> bool {
        response.status == 204 || format!("{response:?}").contains(&self.value)
    }
}

fn token_of(owner: u8, value: &str) -> String {
    let operation = format!(r#"{{"op":"set","name":"session","value":"{value}"}}"#);
    token_with(&operation, |header| {
        header.binding = Some(Binding::new(&ring(), &browser(owner)));
    })
}

fn cookie(owners: &[u8]) -> String {
    let pairs: Vec<String> = owners
        .iter()
        .map(|owner| format!("{COOKIE}={}", browser(*owner).to_text()))
        .collect();
    format!("Cookie: {}", pairs.join("; "))
}

fn post(connection: &mut Connection, cookie: &str, form: &str) -> Response {
    let headers = [&origin_header(), FORM, cookie];
    connection.request("POST", "/__apply-cookies", &headers, form.as_bytes())
}

/// The stolen part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loot {
    token: bool,
    redemption: bool,
    binding: bool,
}

/// Every proper subset of the three, the empty one included.
fn parts() -> impl Iterator<Item = Loot> {
    (0..7_u8).map(|bits| Loot {
        token: bits & 1 != 0,
        redemption: bits & 2 != 0,
        binding: bits & 4 != 0,
    })
}

impl Loot {
    /// Everything that the thief can put into `t`: the stolen token, or one of the thief's own.
    /// `odd`: malformed texts too, in case the reader is too lenient.
    fn tokens(self, victim: &Victim, odd: bool) -> Vec<String> {
        let token = if self.token {
            victim.token.clone()
        } else {
            token_of(THIEF, "session-of-the-thief")
        };
        let mut forms = vec![format!("t={token}")];
        if odd {
            let (head, tail) = token.split_at(token.len() - 1);
            let flipped = if tail == "A" { "B" } else { "A" };
            forms.extend([
                String::new(),
                "t=".to_owned(),
                format!("t={token}="),
                format!("t=%20{token}"),
                format!("t={head}"),
                format!("t={head}{flipped}"),
                format!("t={token}&t={token}"),
                format!("t={}", token.replacen("e1.", "s1.", 1)),
            ]);
        }
        forms
    }

    /// Everything that the thief can put into `r`.
    fn redemptions(self, victim: &Victim, odd: bool) -> Vec<String> {
        let known = &victim.redemption;
        let (mut forms, odd_forms) = if self.redemption {
            let doubled = vec![format!("&r={known}&r={known}"), format!("&r={known}&r=")];
            (vec![format!("&r={known}")], doubled)
        } else {
            let wrong = format!("{:022}", 1_000_000 + victim.number);
            let near = format!("{known}0");
            let plain = ["", "&r=", &format!("&r={wrong}"), &format!("&r={near}")];
            let longest = format!("&r={}", "9".repeat(64));
            let odd_forms = vec!["&r=%00".to_owned(), longest, "&r=A&r=".to_owned()];
            (plain.map(str::to_owned).to_vec(), odd_forms)
        };
        if odd {
            forms.extend(odd_forms);
        }
        forms
    }

    /// Everything that the thief can send as `Cookie`.
    fn cookies(self, odd: bool) -> Vec<String> {
        let own = browser(THIEF).to_text();
        if self.binding {
            return vec![cookie(&[VICTIM])];
        }
        let mut forms = vec![
            "X-No: cookie".to_owned(),
            cookie(&[THIEF]),
            cookie(&[THIEF, THIEF]),
            cookie(&[THIEF, 3]),
        ];
        if odd {
            forms.extend([
                format!("Cookie: {COOKIE}="),
                format!("Cookie: {COOKIE}=x"),
                format!("Cookie: apply-cookies={own}"),
                format!("Cookie: %5F%5FHost-apply-cookies={own}"),
            ]);
        }
        forms
    }

    /// Every request that can be made from it, except the thief's own token in the thief's own
    /// browser, which harms nobody.
    fn requests(self, victim: &Victim) -> Vec<(String, String)> {
        let odd = victim.number.is_multiple_of(50);
        let mut requests = Vec::new();
        for token in self.tokens(victim, odd) {
            for redemption in self.redemptions(victim, odd) {
                for cookie in self.cookies(odd) {
                    if self.token || cookie != self::cookie(&[THIEF]) {
                        requests.push((cookie, format!("{token}{redemption}")));
                    }
                }
            }
        }
        requests
    }
}

/// Tries everything, and returns how often each status was the answer.
fn steal(
    connection: &mut Connection,
    victim: &Victim,
    loot: Loot,
    statuses: &mut BTreeMap<(Loot, u16), usize>,
) {
    for (cookie, form) in loot.requests(victim) {
        let response = post(connection, &cookie, &form);
        assert!(!victim.is_in(&response), "{loot:?} {form}: {response:?}");
        *statuses.entry((loot, response.status)).or_default() += 1;
    }
}

#[test]
fn a_stolen_part_releases_nothing_in_ten_thousand_tries() {
    let server = Server::bare();
    let mut connection = server.open();
    let mut statuses = BTreeMap::new();
    let mut victims = 0;
    // Only tries that get as far as binding or store count; most odd forms do not.
    let far = |statuses: &BTreeMap<(Loot, u16), usize>| -> usize {
        let as_far = statuses.iter().filter(|((_, status), _)| *status != 400);
        as_far.map(|(_, number)| number).sum()
    };
    while far(&statuses) < TRIES {
        let victim = Victim::new(victims);
        victims += 1;
        // Before the victim has posted. A thief with token and binding, and so with the browser's
        // own cookies, would be first: that is not promised to fail.
        for loot in parts().filter(|loot| !loot.binding) {
            steal(&mut connection, &victim, loot, &mut statuses);
        }
        let first = victim.post(&mut connection).without_date();
        assert_eq!(first.status, 204, "nothing of it has consumed the token");
        assert!(first.all("set-cookie")[0].contains(&victim.value));
        // And after it. The token has not expired.
        for loot in parts() {
            steal(&mut connection, &victim, loot, &mut statuses);
        }
        assert_eq!(victim.post(&mut connection).without_date(), first);
    }
    // Each refusal is the right one for the part, so the tries got as far as they should.
    let both = |token, redemption, binding| Loot {
        token,
        redemption,
        binding,
    };
    assert!(statuses[&(both(true, false, true), 409)] > 0);
    assert!(statuses[&(both(true, true, false), 403)] > 0);
    assert!(statuses[&(both(true, false, false), 403)] > 0);
    assert!(statuses[&(both(false, true, true), 403)] > 0);
    let tries: usize = statuses.values().sum();
    let far = far(&statuses);
    println!("{tries} tries against {victims} tokens, {far} of them well-formed: 0 releases");
    for ((loot, status), number) in &statuses {
        println!(
            "  token {:5} id {:5} binding {:5}: {number:6} x {status}",
            loot.token, loot.redemption, loot.binding
        );
    }
}

#[test]
fn all_three_parts_together_are_accepted() {
    // The counter-check to the refusals above: the same requests with nothing missing.
    let server = Server::bare();
    let mut connection = server.open();
    let victim = Victim::new(0);
    for _ in 0..3 {
        assert!(victim.is_in(&victim.post(&mut connection)));
    }
}
