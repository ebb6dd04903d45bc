use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = "apply-cookies", prefix = "host")]
struct Session { user: String }

fn main() {}
