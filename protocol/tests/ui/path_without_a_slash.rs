use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(path = "account")]
struct Session { user: String }

fn main() {}
