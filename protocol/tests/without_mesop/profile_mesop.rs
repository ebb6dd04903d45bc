use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(signed, profile = "mesop")]
struct Session { user: String }

fn main() {}
