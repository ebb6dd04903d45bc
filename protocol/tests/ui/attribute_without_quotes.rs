use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = 5)]
struct Session { user: String }

fn main() {}
