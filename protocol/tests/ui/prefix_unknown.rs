use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(prefix = "__Host-")]
struct Session { user: String }

fn main() {}
