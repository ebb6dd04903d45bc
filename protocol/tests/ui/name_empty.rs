use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = "")]
struct Session { user: String }

fn main() {}
