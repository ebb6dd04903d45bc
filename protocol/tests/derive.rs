//! The mistakes that `#[derive(CookieClass)]` refuses at compile time, and its messages. Each file
//! of `ui/` has one mistake and is named after it. `TRYBUILD=overwrite` rewrites the messages.
//! Without the feature `mesop`, `without_mesop/` is a mistake too.

#[test]
fn each_mistake_is_refused_where_it_stands_with_what_to_do() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    if !cfg!(feature = "mesop") {
        cases.compile_fail("tests/without_mesop/*.rs");
    }
}
