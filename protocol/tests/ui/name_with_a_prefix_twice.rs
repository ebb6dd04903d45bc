use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = "__Host-session", prefix = "host")]
struct Session { user: String }

fn main() {}
