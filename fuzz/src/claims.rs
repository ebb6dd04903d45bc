//! Claims against a slower reading, written from RFC 7519: none passes as what it is not.

use apply_cookies_auth::fuzzing;

use crate::strict_json::{Json, get};

const NOW: u64 = 1_700_000_000_000;
const SKEW: u64 = 60_000;
/// The last millisecond of the year 9999.
const END: f64 = 253_402_300_799_999.0;

pub fn claims(data: &[u8]) {
    check(data);
    // As the value of a claim that is read in each way, and twice as one.
    let inside = |name: &str| [format!("{{\"{name}\":").as_bytes(), data, b"}"].concat();
    for name in ["x", "aud"] {
        check(&inside(name));
    }
    let times = [&b"{\"iat\":1700000000,\"exp\":"[..], data, b"}"].concat();
    check(&times);
    check(
        &[
            &b"{\"iat\":1700000000,\"exp\":1700000300,\"nbf\":"[..],
            data,
            b"}",
        ]
        .concat(),
    );
    check(&[&b"{\"x\":1,"[..], data, b"}"].concat());
}

fn check(json: &[u8]) {
    let read = fuzzing::claims(json, "x", NOW, SKEW);
    let Some(members) = Json::object(json) else {
        assert!(read.is_none(), "{}", String::from_utf8_lossy(json));
        return;
    };
    let read = read.unwrap_or_else(|| panic!("refused: {}", String::from_utf8_lossy(json)));
    let x = get(&members, "x");
    let text = match x {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(()),
    };
    let required = match &text {
        Ok(Some(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(()),
    };
    let flag = match x {
        None => Ok(None),
        Some(Json::Flag(flag)) => Ok(Some(*flag)),
        Some(_) => Err(()),
    };
    assert_eq!(
        (read.text, read.required, read.flag),
        (text, required, flag)
    );
    assert_eq!(read.millis, millis(x));
    let audience = match get(&members, "aud") {
        Some(Json::Text(one)) => Ok(vec![one.clone()]),
        Some(Json::List(list)) if !list.is_empty() => list
            .iter()
            .map(|one| match one {
                Json::Text(text) => Ok(text.clone()),
                _ => Err(()),
            })
            .collect(),
        _ => Err(()),
    };
    assert_eq!(read.audience, audience);
    let time = |name| millis(get(&members, name));
    let times = match (time("iat"), time("exp"), time("nbf")) {
        (Ok(Some(issued)), Ok(Some(expires)), Ok(before)) => {
            let holds = NOW < expires + SKEW
                && issued <= NOW + SKEW
                && before.is_none_or(|before| before <= NOW + SKEW);
            if holds {
                Ok((issued, expires))
            } else {
                Err(())
            }
        }
        _ => Err(()),
    };
    assert_eq!(read.times, times);
}

/// A number of seconds since 1970, within the years that there are.
fn millis(value: Option<&Json>) -> Result<Option<u64>, ()> {
    let millis = match value {
        None => return Ok(None),
        Some(Json::Whole(seconds)) => u128::from(*seconds) * 1000,
        Some(Json::Number(seconds)) if *seconds * 1000.0 >= 0.0 => {
            (*seconds * 1000.0).min(1e16) as u128
        }
        Some(_) => return Err(()),
    };
    if millis as f64 <= END {
        Ok(Some(u64::try_from(millis).unwrap()))
    } else {
        Err(())
    }
}
