use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(domain = "localhost")]
struct Session { user: String }

fn main() {}
