use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(signed)]
struct Café { user: String }

fn main() {}
