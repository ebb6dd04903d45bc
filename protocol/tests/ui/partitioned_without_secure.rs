use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(partitioned, secure = false)]
struct Session { user: String }

fn main() {}
