//! What `#[derive(CookieClass)]` refuses at compile time, and with which words. Each file of
//! `ui/` holds one mistake and is named for it. `TRYBUILD=overwrite` writes the messages anew.

#[test]
fn each_mistake_is_refused_where_it_stands_with_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
