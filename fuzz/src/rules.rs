//! An address that passes the rules is not a protected one to any program that reads it in its own
//! way: decodes twice, resolves dots, drops parameters, ignores case, takes backslashes for slashes.

use apply_cookies_auth::{Identity, Rule, Rules};

pub fn rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (method, address) = text.split_once(' ').unwrap_or(("GET", &text));
    let rule = |pattern| Rule::new(pattern).unwrap();
    let rules = [
        rule("/public/*").anyone(),
        rule("/admin/*").roles(["admin"]),
    ];
    let rules = Rules::new(rules).unwrap();
    let Ok(demand) = rules.demand(address, method, false) else {
        return;
    };
    let ada = Identity::new("password", "ada").unwrap();
    let readings = readings(address);
    let below = |folder: &str| {
        readings
            .iter()
            .any(|one| one.first().is_some_and(|s| s == folder))
    };
    assert!(
        demand.check(Some(&ada)).is_err() || !below("admin"),
        "{address}: {readings:?}"
    );
    let all_public = readings
        .iter()
        .all(|one| one.first().is_some_and(|s| s == "public"));
    assert!(
        demand.check(None).is_err() || all_public,
        "{address}: {readings:?}"
    );
}

/// The segments of the path, as programs read them that decode it once, twice or three times.
fn readings(address: &str) -> Vec<Vec<String>> {
    let mut path = address.split('?').next().unwrap_or("").as_bytes().to_vec();
    let mut readings = Vec::new();
    for _ in 0..4 {
        let text = String::from_utf8_lossy(&path)
            .replace('\\', "/")
            .to_lowercase();
        let mut segments: Vec<String> = Vec::new();
        for segment in text.split(['/', '\0']) {
            match segment.split(';').next().unwrap_or("") {
                "" | "." => {}
                ".." => drop(segments.pop()),
                name => segments.push(name.to_owned()),
            }
        }
        readings.push(segments);
        path = decoded(&path);
    }
    // The first is of the raw text, which is read by nobody who decodes; encoded names differ there.
    readings.split_off(1)
}

fn decoded(path: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        let digits = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|digits| *first == b'%' && digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    bytes
}
