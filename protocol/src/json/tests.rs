use super::*;

fn refusal(json: &str) -> String {
    parse_batch(json).unwrap_err().to_string()
}

#[test]
fn fields_left_out_have_the_safe_defaults() {
    let batch = parse_batch(
        r#"{"operations":[{"op":"set","name":"a","value":"v"},{"op":"delete","name":"b"}]}"#,
    )
    .unwrap();
    assert_eq!(
        serde_json::to_string(batch.operations()).unwrap(),
        concat!(
            r#"[{"op":"set","name":"a","value":"v","max_age":null,"path":"/","domain":null,"#,
            r#""secure":true,"http_only":true,"same_site":"Lax","partitioned":false},"#,
            r#"{"op":"delete","name":"b","path":"/","domain":null,"secure":true,"partitioned":false}]"#,
        )
    );
}

#[test]
fn null_leaves_the_attribute_out() {
    let batch = parse_batch(concat!(
        r#"{"operations":[{"op":"set","name":"a","value":"v","max_age":null,"path":null,"#,
        r#""domain":null,"secure":null,"http_only":null,"same_site":null,"partitioned":null}]}"#,
    ))
    .unwrap();
    assert_eq!(batch.operations()[0].to_set_cookie(), "a=v");
}

#[test]
fn errors_name_the_field_and_no_value() {
    for (json, expected) in [
        ("", "batch: is not valid JSON (column 0)"),
        ("{", "batch: is not valid JSON (column 1)"),
        ("{}", "operations: is missing"),
        (
            "[]",
            "operations: must be a list of operations, in an object",
        ),
        (
            r#"[[["set","a","v"]]]"#,
            "operations: must be a list of operations, in an object",
        ),
        (
            r#"{"operations":[["set","a","v"]]}"#,
            "operations: operation 1: must be an object",
        ),
        (
            r#"{"operations":[{"op":{"set":null},"name":"a","value":"v"}]}"#,
            r#"op: operation 1: must be "set" or "delete""#,
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","value":"v","same_site":{"Lax":null}}]}"#,
            r#"same_site: operation 1: must be "Strict", "Lax" or "None", or null"#,
        ),
        (
            r#"{"operations":[{"op":"delete","name":"a","value":null}]}"#,
            "value: operation 1: is not a field of a delete",
        ),
        (
            r#"{"operations":[]}"#,
            "operations: must contain at least one operation",
        ),
        (r#"{"operations":[],"x":1}"#, "x: is not a known field"),
        (
            r#"{"operations":[{"op":"set","name":"a","value":"b"}]} 5"#,
            "operations: text follows after the batch",
        ),
        (
            r#"{"operations":[{"name":"a","value":"b"}]}"#,
            "op: operation 1: is missing",
        ),
        (
            r#"{"operations":[{"op":"set","name":"a"}]}"#,
            "value: operation 1: is missing",
        ),
        (
            r#"{"operations":[{"op":"sett","name":"a"}]}"#,
            r#"op: operation 1: must be "set" or "delete""#,
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","value":7}]}"#,
            "value: operation 1: must be text",
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","value":"b","max_age":-1}]}"#,
            "max_age: operation 1: must be a whole number of seconds from 0 to 34560000, or null",
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","value":"b","max_age":1.5}]}"#,
            "max_age: operation 1: must be a whole number of seconds from 0 to 34560000, or null",
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","value":"b","max_age":34560001}]}"#,
            "max_age: operation 1: 34560001 is too large; browsers keep at most 34560000",
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","value":"b","same_site":"lax"}]}"#,
            r#"same_site: operation 1: must be "Strict", "Lax" or "None", or null"#,
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","value":"b","samesite":"Lax"}]}"#,
            "samesite: operation 1: is not a known field",
        ),
        (
            r#"{"operations":[{"op":"set","name":"a","name":"a","value":"b"}]}"#,
            "name: operation 1: appears twice",
        ),
        (
            r#"{"operations":[{"op":"delete","name":"a","http_only":true}]}"#,
            "http_only: operation 1: is not a field of a delete",
        ),
        (
            r#"{"operations":[{"op":"delete","name":"a"},{"op":"delete","name":"a"}]}"#,
            "name: operation 2: the same cookie is already in this batch",
        ),
    ] {
        assert_eq!(refusal(json), expected, "{json}");
    }
    let secret = r#"{"operations":[{"op":"set","name":"a","value":"b","max_age":"s3cr3t"}]}"#;
    assert!(!refusal(secret).contains("s3cr3t"));
}

/// Every field that takes words, a range or a type says which.
#[test]
fn errors_say_what_the_field_takes() {
    let words = r#"must be "Strict", "Lax" or "None", or null"#;
    let age = "must be a whole number of seconds from 0 to 34560000, or null";
    for (member, expected) in [
        (r#""same_site":"lax""#, words),
        (r#""same_site":"STRICT""#, words),
        (r#""same_site":"""#, words),
        (r#""same_site":true"#, words),
        (r#""max_age":-1"#, age),
        (r#""max_age":-9223372036854775809"#, age),
        (r#""max_age":18446744073709551616"#, age),
        (r#""max_age":60.5"#, age),
        (r#""max_age":"60""#, age),
        (r#""secure":"true""#, "must be true or false"),
        (r#""http_only":1"#, "must be true or false"),
        (r#""partitioned":[]"#, "must be true or false"),
        (r#""path":["/"]"#, "must be text, or null"),
        (r#""domain":{}"#, "must be text, or null"),
    ] {
        let json = format!(r#"{{"op":"set","name":"a","value":"hunter2",{member}}}"#);
        let error = parse_operation(&json).unwrap_err();
        assert_eq!(error.reason(), expected, "{json}");
        assert!(member.contains(error.field()), "{json}");
    }
    for op in [r#""SET""#, r#""update""#, "1", "null"] {
        let error = parse_operation(&format!(r#"{{"op":{op},"name":"a"}}"#)).unwrap_err();
        assert_eq!(
            (error.field(), error.reason()),
            ("op", r#"must be "set" or "delete""#)
        );
    }
}
