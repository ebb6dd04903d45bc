use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(domain = "App.Example")]
struct Session { user: String }

fn main() {}
