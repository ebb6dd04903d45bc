//! The recipe that `docs/sign-ins.md` prints is the example, and as long as the page says.

const EXAMPLE: &str = include_str!("../examples/mesop_recipe.rs");
const PAGE: &str = include_str!("../../docs/sign-ins.md");

#[test]
fn the_page_prints_the_example() {
    let (about, code) = EXAMPLE.split_once("\n\n").unwrap();
    assert!(about.lines().all(|line| line.starts_with("//!")), "{about}");
    let (_, recipe) = PAGE.split_once("\n## Beside Mesop's recipe\n").unwrap();
    let (_, printed) = recipe.split_once("\n```rust,no_run\n").unwrap();
    let (printed, _) = printed.split_once("```\n").unwrap();
    assert_eq!(printed, code);
}

#[test]
fn the_page_counts_its_lines() {
    let code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    let (lines, code) = (
        EXAMPLE.lines().count(),
        EXAMPLE.lines().filter(code).count(),
    );
    let row = format!("| lines, of which code | 138, 78 | {lines}, {code} |");
    assert!(PAGE.contains(&row), "{row}");
}
