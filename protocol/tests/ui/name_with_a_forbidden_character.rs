use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = "my session")]
struct Session { user: String }

fn main() {}
