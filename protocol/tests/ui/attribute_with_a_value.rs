use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(encrypted = true)]
struct Session { user: String }

fn main() {}
