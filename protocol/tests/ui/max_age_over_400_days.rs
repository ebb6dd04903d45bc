use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(max_age = "401d")]
struct Session { user: String }

fn main() {}
