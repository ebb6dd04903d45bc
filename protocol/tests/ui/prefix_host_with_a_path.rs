use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(prefix = "host", path = "/account")]
struct Session { user: String }

fn main() {}
