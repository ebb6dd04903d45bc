use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(path = "/; Domain=evil.example")]
struct Session { user: String }

fn main() {}
