use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = "a", name = "b")]
struct Session { user: String }

fn main() {}
