use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(domain = "127.0.0.1")]
struct Session { user: String }

fn main() {}
