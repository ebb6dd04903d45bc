use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(profile = "flask")]
struct Session { user: String }

fn main() {}
