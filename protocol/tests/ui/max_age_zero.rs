use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(max_age = "0s")]
struct Session { user: String }

fn main() {}
