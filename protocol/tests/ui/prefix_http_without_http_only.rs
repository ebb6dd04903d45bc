use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(name = "__Http-session", http_only = false)]
struct Session { user: String }

fn main() {}
