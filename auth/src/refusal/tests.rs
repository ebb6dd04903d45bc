use std::collections::HashSet;

use super::*;

const ID: RefusalId = RefusalId([0x3b, 0x9a, 0xca, 0x00, 0xff]);

fn field<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let field = answer.fields.iter().find(|(one, _)| *one == name)?;
    Some(std::str::from_utf8(&field.1).unwrap())
}

#[test]
fn each_code_has_its_status() {
    let status = |code: &str| match code {
        "wrong-password" | "signed-out" | "token-invalid" => 401,
        "origin" | "not-invited" | "email-not-verified" | "not-allowed" | "role-missing"
        | "method" => 403,
        "throttled" => 429,
        "provider-unreachable" | "exchange-failed" => 502,
        "unavailable" => 503,
        _ => 400,
    };
    for code in RefusalCode::ALL {
        assert_eq!(code.status(), status(code.as_str()), "{code:?}");
        assert!(
            code.sentence().ends_with('.') && code.sentence().len() < 90,
            "{code:?}"
        );
    }
    let codes: HashSet<&str> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), RefusalCode::ALL.len());
}

#[test]
fn a_wait_is_in_the_text_the_sentence_and_the_header() {
    for (wait, text, sentence) in [
        (
            Duration::from_millis(1),
            "throttled: again in 1 s",
            "Try again in 1 second.",
        ),
        (
            Duration::from_millis(29_001),
            "throttled: again in 30 s",
            "Try again in 30 seconds.",
        ),
        (
            Duration::from_secs(900),
            "throttled: again in 900 s",
            "Try again in 15 minutes.",
        ),
    ] {
        let refusal = Refusal::throttled(wait);
        assert_eq!(refusal.to_string(), text);
        assert!(
            refusal.sentence().ends_with(sentence),
            "{}",
            refusal.sentence()
        );
        let retry_after = text.split(' ').nth(3);
        assert_eq!(field(&refusal.problem(ID), "retry-after"), retry_after);
    }
    let unavailable = Refusal::new(RefusalCode::Unavailable);
    assert_eq!(field(&unavailable.problem(ID), "retry-after"), Some("2"));
    let wrong = Refusal::new(RefusalCode::WrongPassword);
    assert_eq!(wrong.to_string(), "wrong-password");
    assert_eq!(field(&wrong.problem(ID), "retry-after"), None);
}

#[test]
fn a_fetch_gets_a_problem_document_without_the_reason() {
    let refusal = Refusal::new(RefusalCode::Address).because("dots");
    let reply = refusal.problem(ID);
    assert_eq!(reply.status, 400);
    assert_eq!(
        field(&reply, "content-type"),
        Some("application/problem+json")
    );
    assert_eq!(field(&reply, "cache-control"), Some("no-store"));
    let document: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        document,
        json!({
            "type": "address",
            "title": "This address can be read in more than one way.",
            "status": 400,
            "id": "7EDC-M07Z",
        })
    );
}

#[test]
fn an_id_can_be_read_aloud() {
    assert_eq!(RefusalId([0; 5]).to_string(), "0000-0000");
    assert_eq!(RefusalId([0xff; 5]).to_string(), "ZZZZ-ZZZZ");
    assert_eq!(RefusalId([0, 0, 0, 0, 1]).to_string(), "0000-0001");
}
