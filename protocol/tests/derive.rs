//! What `#[derive(CookieClass)]` refuses at compile time, and with which words. Each file of
//! `ui/` holds one mistake and is named for it. `TRYBUILD=overwrite` writes the messages anew.
//! Without the feature `mesop`, `without_mesop/` is a mistake as well.

#[test]
fn each_mistake_is_refused_where_it_stands_with_what_to_do() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    if !cfg!(feature = "mesop") {
        cases.compile_fail("tests/without_mesop/*.rs");
    }
}
