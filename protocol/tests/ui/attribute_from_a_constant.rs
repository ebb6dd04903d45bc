use apply_cookies_protocol::CookieClass;

const NAME: &str = "session";

#[derive(CookieClass)]
#[cookie(name = NAME)]
struct Session {
    user: String,
}

fn main() {}
