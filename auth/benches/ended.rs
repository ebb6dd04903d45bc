//! How long it takes until a stream hears that its session was ended, and whether the next request is
//! refused: in one process, with revocations in memory.
//!
//! `cargo bench -p apply-cookies-auth --features actix --bench ended`

use std::time::{Duration, Instant};

use actix_web::http::header::SET_COOKIE;
use actix_web::web::Data;
use actix_web::{App, rt, test, web};
use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{AccessToken, Auth, Identity};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const TOKEN: &str = "a token for the benchmark";
const ROUNDS: usize = 250;

#[actix_web::main]
async fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if bench { ROUNDS } else { 3 };
    let apply = ApplyCookies::builder(Secrets::random()).origin("https://app.example");
    let apply = apply.build().expect("a deployment");
    let auth = Auth::builder(&apply).access_token(AccessToken::chosen(TOKEN).expect("a good one"));
    let auth = auth.build().expect("sign-ins");
    let (sender, mut identities) = unbounded_channel::<Identity>();
    let app = App::new()
        .app_data(Data::new(sender))
        .route(
            "/",
            web::get().to(async |me: Identity, to: Data<UnboundedSender<Identity>>| {
                to.send(me).map_or("nobody listens", |()| "open")
            }),
        )
        .wrap(auth.middleware())
        .wrap(apply.middleware());
    let app = test::init_service(app).await;
    let (mut waits, mut served) = (Vec::new(), 0);
    for _ in 0..rounds {
        let link = "/?access_token=a+token+for+the+benchmark";
        let link = test::TestRequest::get()
            .uri(link)
            .insert_header(("sec-fetch-mode", "navigate"));
        let signed_in = test::call_service(&app, link.to_request()).await;
        let lines = signed_in.headers().get_all(SET_COOKIE);
        let pairs = lines.filter_map(|line| line.to_str().ok()?.split(';').next());
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let page = || {
            let request = test::TestRequest::get().uri("/");
            request.insert_header(("cookie", &*cookies)).to_request()
        };
        assert_eq!(test::call_service(&app, page()).await.status(), 200);
        let me = identities.recv().await.expect("the handler's");
        let stream = rt::spawn(async move {
            let _ = me.ended().await;
            Instant::now()
        });
        rt::time::sleep(Duration::from_millis(2)).await; // it waits by now
        let begun = Instant::now();
        let ended = auth.end_all_of("access-token", "access-token").await;
        ended.expect("a store in memory");
        served += usize::from(test::call_service(&app, page()).await.status() == 200);
        waits.push(stream.await.expect("no panic").duration_since(begun));
    }
    waits.sort_unstable();
    let micros = |at: usize| waits[(waits.len() - 1) * at / 100].as_micros();
    println!(
        "table: {rounds} sessions ended with a stream open: ended() after {} µs (median), {} µs at most; {served} requests served afterwards",
        micros(50),
        micros(100)
    );
}
