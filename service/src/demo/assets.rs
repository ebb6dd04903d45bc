//! The page's files, inside the program.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Path, media type, content.
const FILES: [(&str, &str, &str); 20] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/demo/demo.css", CSS, include_str!("page/demo.css")),
    ("/demo/visit.css", CSS, include_str!("page/visit.css")),
    ("/demo/demo.js", SCRIPT, include_str!("page/demo.js")),
    (
        "/demo/timeline.js",
        SCRIPT,
        include_str!("page/timeline.js"),
    ),
    (
        "/demo/redemptions.js",
        SCRIPT,
        include_str!("page/redemptions.js"),
    ),
    ("/demo/blocked.js", SCRIPT, include_str!("page/blocked.js")),
    ("/demo/whoami.js", SCRIPT, include_str!("page/whoami.js")),
    ("/demo/sign-in.js", SCRIPT, include_str!("page/sign-in.js")),
    ("/demo/accent.js", SCRIPT, include_str!("page/accent.js")),
    ("/demo/visits.js", SCRIPT, include_str!("page/visits.js")),
    ("/demo/visit.js", SCRIPT, include_str!("page/visit.js")),
    ("/demo/attacks.js", SCRIPT, include_str!("page/attacks.js")),
    ("/sign-in", HTML, include_str!("page/password.html")),
    (
        "/demo/password.js",
        SCRIPT,
        include_str!("page/password.js"),
    ),
    ("/demo/posted.js", SCRIPT, include_str!("page/posted.js")),
    ("/demo/watch.js", SCRIPT, include_str!("page/watch.js")),
    ("/demo/window.js", SCRIPT, include_str!("page/window.js")),
    ("/demo/favicon.svg", SVG, include_str!("page/favicon.svg")),
    // Browsers ask for it if a document names no icon, such as `/whoami` in its own tab.
    ("/favicon.ico", SVG, include_str!("page/favicon.svg")),
];

pub(super) fn routes(config: &mut ServiceConfig) {
    for (path, media_type, content) in FILES {
        let send = move || async move { HttpResponse::Ok().content_type(media_type).body(content) };
        config.service(
            web::resource(path)
                .route(web::get().to(send))
                .route(web::head().to(send)),
        );
    }
}
