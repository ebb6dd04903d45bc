use apply_cookies_protocol::CookieClass;

#[derive(CookieClass)]
#[cookie(
    path = "/pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\
    pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
)]
struct Session { user: String }

fn main() {}
