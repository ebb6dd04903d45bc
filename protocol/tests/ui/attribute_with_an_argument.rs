use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(signed("sha256"))]
struct Session {
    user: String,
}

fn main() {}
