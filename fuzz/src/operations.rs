//! JSON of operations: an operation that is read is written as JSON that reads the same, and one
//! that passes as a draft passes as JSON.

use apply_cookies_protocol::{parse_batch, parse_operation};
use arbitrary::Arbitrary;

use crate::draft::Draft;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Text(&'a str),
    Draft(Draft<'a>),
}

pub fn operations(data: &[u8]) {
    match crate::input::<Input<'_>>(data) {
        Some(Input::Text(text)) => {
            if let Ok(operation) = parse_operation(text) {
                reads_back(&operation);
            }
            if let Ok(batch) = parse_batch(text) {
                batch.operations().iter().for_each(reads_back);
            }
        }
        Some(Input::Draft(draft)) => {
            if let Ok(operation) = draft.check() {
                reads_back(&operation);
            }
        }
        None => {}
    }
}

fn reads_back(operation: &apply_cookies_protocol::Operation<'_>) {
    let json = serde_json::to_string(operation).expect("an operation is JSON");
    assert_eq!(&parse_operation(&json).expect("written here"), operation);
    let batch = parse_batch(&format!("{{\"operations\":[{json}]}}")).expect("one fits");
    assert_eq!(&batch.operations()[0], operation);
}
