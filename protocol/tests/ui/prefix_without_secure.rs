use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(prefix = "secure", secure = false)]
struct Session { user: String }

fn main() {}
