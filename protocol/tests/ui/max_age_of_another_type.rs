use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(max_age = true)]
struct Session { user: String }

fn main() {}
