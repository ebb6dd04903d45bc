use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(signed)]
struct Session(String);

fn main() {}
