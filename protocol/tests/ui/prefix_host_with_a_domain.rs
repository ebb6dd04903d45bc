use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(prefix = "host", domain = "app.example")]
struct Session { user: String }

fn main() {}
