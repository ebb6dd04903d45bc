//! `demo`: the protocol at work in a browser, step by step, with no configuration.

mod address;
mod assets;
mod attacks;
mod cookies;
mod headers;
mod html;
mod own_page;
mod password;
mod sessions;
mod sse;
mod state;
mod steps;
mod websocket;
mod whoami;

use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpServer};
use apply_cookies::ApplyCookies;
use futures_util::future::join;

use self::sessions::Sessions;
use self::state::Demo;
use crate::cli::args::DemoArgs;
use crate::cli::lines;
use crate::log;
use crate::refused::Refused;

/// How long a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long streams may go on after SIGTERM, in seconds: somebody is waiting for the prompt.
const DRAIN_SECONDS: u64 = 1;

pub(crate) fn run(args: &DemoArgs) -> Result<(), Refused> {
    log::start_text();
    // Bound first: only then is the port of `:0` known, and origins contain the port.
    let listener = args.listen.bind_first()?;
    let url = address::to_open(listener.local_addr()?)?;
    // Pages of any loopback origin: behind a proxy with https the demo has another port.
    let apply = ApplyCookies::dev();
    let auth = password::auth(&apply)?;
    let demo = Data::new(Demo {
        apply,
        sessions: Sessions::default(),
    });
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(demo.clone())
                .wrap(auth.middleware())
                .wrap(demo.apply.middleware())
                .wrap(headers::for_everything())
                .configure(assets::routes)
                .configure(routes)
                .configure(|config| password::routes(config, &auth))
        })
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(DRAIN_SECONDS)
        .listen(listener)?;
        // Both at once, the server first: someone who reads the address may stop the demo at once,
        // and by then the server must handle signals.
        let announce = async { lines::print(&url) };
        let (ended, announced) = join(server.run(), announce).await;
        announced?;
        Ok(ended?)
    })
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/whoami", web::get().to(whoami::whoami))
        .route("/demo/sign-in", web::get().to(sse::sign_in))
        .route("/demo/sign-out", web::get().to(sse::sign_out))
        .route("/demo/accent", web::get().to(websocket::accent))
        .route("/demo/visit", web::get().to(html::visit))
        .route("/demo/practice", web::get().to(attacks::practice))
        .route("/demo/stranger", web::get().to(attacks::stranger));
}
