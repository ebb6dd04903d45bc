//! The corpus that fuzzing has found, run again by an ordinary test: inputs that were once
//! interesting stay right.

use std::path::{Path, PathBuf};

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 15] = [
    ("authorization", apply_cookies_fuzz::authorization),
    ("callback", apply_cookies_fuzz::callback),
    ("claims", apply_cookies_fuzz::claims),
    ("class_values", apply_cookies_fuzz::class_values),
    ("cookie_header", apply_cookies_fuzz::cookie_header),
    ("hashes", apply_cookies_fuzz::hashes),
    ("jws", apply_cookies_fuzz::jws),
    ("mesop", apply_cookies_fuzz::mesop),
    ("opening", apply_cookies_fuzz::opening),
    ("operations", apply_cookies_fuzz::operations),
    ("payload", apply_cookies_fuzz::payload),
    ("return_to", apply_cookies_fuzz::return_to),
    ("rules", apply_cookies_fuzz::rules),
    ("set_cookie", apply_cookies_fuzz::set_cookie),
    ("token_text", apply_cookies_fuzz::token_text),
];

/// With fewer than this, the corpus was lost on the way here.
const FEWEST: usize = 20;

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_input_of_the_corpus_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders: Vec<PathBuf> = TARGETS.iter().map(|(name, _)| root.join(name)).collect();
    assert_eq!(entries(&root), folders, "one folder for each target");
    for ((name, target), folder) in TARGETS.iter().zip(folders) {
        let inputs = entries(&folder);
        assert!(inputs.len() >= FEWEST, "{name}: {} inputs", inputs.len());
        for input in inputs {
            // A panic names the file.
            println!("{}", input.display());
            target(&std::fs::read(&input).unwrap());
        }
        // The shortest inputs, whatever the corpus contains.
        target(&[]);
        for byte in 0..=u8::MAX {
            target(&[byte]);
        }
    }
}
