use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(http_only)]
struct Session {
    user: String,
}

fn main() {}
