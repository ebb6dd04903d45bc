//! Cookie classes of the profile `mesop` in handlers: a Rust service next to a Mesop app. Names only
//! the crate `apply-cookies`.

use actix_web::http::header::{COOKIE, SET_COOKIE};
use actix_web::{App, HttpResponse, test as serving, web};
use apply_cookies::{
    ApplyCookies, BuildError, Cookie, CookieClass, MesopSecret, PendingCookies, PushError, Secrets,
    UnreadableReason,
};
use serde::{Deserialize, Serialize};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const OF_MESOP: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(encrypted, max_age = "1h", profile = "mesop")]
struct SignIn {
    username: String,
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(profile = "mesop")]
struct Theme {
    dark: bool,
}

fn deployment(mesop: Option<&str>) -> Result<ApplyCookies, BuildError> {
    let builder = ApplyCookies::builder(Secrets::new(SECRET).unwrap()).origin("https://a.example");
    match mesop {
        Some(secret) => builder.mesop(MesopSecret::new(secret).unwrap()).build(),
        None => builder.build(),
    }
}

async fn sign_in(pending: PendingCookies) -> Result<HttpResponse, PushError> {
    pending.set(&SignIn {
        username: "ada".to_owned(),
    })?;
    Ok(HttpResponse::Ok().finish())
}

async fn show(session: Cookie<SignIn>, theme: Cookie<Theme>) -> String {
    format!("{} {}", session.username, theme.dark)
}

#[actix_web::test]
async fn a_handler_writes_and_reads_cookies_that_are_shared_with_a_mesop_app() {
    let cookies = deployment(Some(OF_MESOP)).unwrap();
    let app = App::new()
        .wrap(cookies.middleware())
        .route("/in", web::get().to(sign_in))
        .route("/", web::get().to(show));
    let app = serving::init_service(app).await;
    let answer =
        serving::call_service(&app, serving::TestRequest::get().uri("/in").to_request()).await;
    let line = answer.headers().get(SET_COOKIE).unwrap().to_str().unwrap();
    // Fernet, as Mesop reads it.
    assert!(line.starts_with("sign_in=gAAAAA"), "{line}");
    let sent = line.split(';').next().unwrap();
    // As Mesop writes a plain class.
    let sent = format!(r#"{sent}; theme="{{\"dark\": true}}""#);
    let request = serving::TestRequest::get()
        .insert_header((COOKIE, sent))
        .to_request();
    assert_eq!(serving::call_and_read_body(&app, request).await, "ada true");
}

#[test]
fn without_the_secret_of_the_app_a_class_says_what_to_configure() {
    let cookies = deployment(None).unwrap();
    let error = cookies.classes().set(&SignIn::default()).unwrap_err();
    assert!(error.to_string().contains(".mesop("), "{error}");
    let read = cookies.classes().read::<SignIn>([b"sign_in=x".as_slice()]);
    assert_eq!(read.unwrap_err().reason(), UnreadableReason::UnknownKey);
}

#[test]
fn one_secret_in_both_profiles_is_refused() {
    assert!(matches!(deployment(Some(SECRET)), Err(BuildError::Ring(_))));
}

#[test]
fn a_plain_class_is_not_written_and_says_so() {
    let cookies = deployment(Some(OF_MESOP)).unwrap();
    let error = cookies.classes().set(&Theme { dark: true }).unwrap_err();
    assert!(
        error.to_string().contains("`signed` or `encrypted`"),
        "{error}"
    );
}
