use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(max_age = "3600")]
struct Session { user: String }

fn main() {}
