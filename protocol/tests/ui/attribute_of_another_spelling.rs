use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(SameSite = "Lax")]
struct Session {
    user: String,
}

fn main() {}
