use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(signed, encrypted)]
struct Session { user: String }

fn main() {}
