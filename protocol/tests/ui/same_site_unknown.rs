use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(same_site = "strict")]
struct Session { user: String }

fn main() {}
