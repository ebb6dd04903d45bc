use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(signed)]
enum Session { Guest, User(String) }

fn main() {}
