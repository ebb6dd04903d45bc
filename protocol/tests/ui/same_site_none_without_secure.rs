use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(same_site = "None", secure = false)]
struct Session { user: String }

fn main() {}
