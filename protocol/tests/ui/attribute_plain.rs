use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(plain)]
struct Session {
    user: String,
}

fn main() {}
