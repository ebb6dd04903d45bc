use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = "%5F%5FHost-session")]
struct Session { user: String }

fn main() {}
