use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(encrpyted)]
struct Session {
    user: String,
}

fn main() {}
