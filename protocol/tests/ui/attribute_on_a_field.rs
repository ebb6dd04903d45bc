use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
struct Session {
    #[cookie(encrypted)]
    user: String,
}

fn main() {}
