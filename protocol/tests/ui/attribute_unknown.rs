use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(httponly)]
struct Session { user: String }

fn main() {}
