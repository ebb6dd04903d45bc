use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(max_age = -1)]
struct Session { user: String }

fn main() {}
