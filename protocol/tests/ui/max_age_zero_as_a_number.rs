use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(max_age = 0)]
struct Session { user: String }

fn main() {}
