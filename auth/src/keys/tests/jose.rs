//! Tokens that npm's `jose` has signed. `tests/jose/run` makes new ones, 20,000 unless it is told
//! otherwise; without it, those that are kept beside it are verified.

use serde_json::Value;

use super::super::*;
use super::{RULE, now};
use crate::jws::base64url;

#[tokio::test]
async fn what_jose_signs_is_right_and_nothing_else_is_right_for_us_alone() {
    let path = std::env::var_os("JOSE_TOKENS").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jose/tokens.jsonl").into(),
        std::path::PathBuf::from,
    );
    let text = std::fs::read_to_string(path).unwrap();
    let (set, tokens) = text.split_once('\n').unwrap();
    let keys = Keys::fixed(set.as_bytes()).unwrap();
    let (mut good, mut changed, mut for_both, mut for_jose) = (0, 0, 0, 0);
    for line in tokens.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let token = line["token"].as_str().unwrap();
        let ours = keys.verify(token, &RULE, Budget::Open, now()).await;
        if line["good"] == true {
            let claims = ours.unwrap_or_else(|error| panic!("{error}: {token}"));
            let written = base64url(token.split('.').nth(1).unwrap()).unwrap();
            let expected: Value = serde_json::from_slice(&written).unwrap();
            assert_eq!(Some(claims.object()), expected.as_object());
            good += 1;
            continue;
        }
        changed += 1;
        for_jose += usize::from(line["jose"] == true);
        if ours.is_ok() {
            assert_eq!(line["jose"], true, "{token}");
            for_both += 1;
        }
    }
    println!(
        "{good} good: all right. {changed} changed: {for_jose} right for jose, {for_both} for both"
    );
    assert!(good >= 200 && for_both > 0 && for_jose > for_both);
}
