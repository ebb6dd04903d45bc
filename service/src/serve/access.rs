//! A line for each request, if a setting asks for it.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::middleware::Next;

/// Without the query, the body and every field of the request: each may hold a secret. A path below
/// none of this program's is the visitor's own, and may be anything.
pub(super) async fn log<B: MessageBody>(
    logged: bool,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if !logged {
        return next.call(request).await;
    }
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let answer = next.call(request).await?;
    let fields = answer.headers();
    tracing::info!(
        target: "apply_cookies::requests",
        %method,
        path = path.get(..200).unwrap_or(&path),
        status = answer.status().as_u16(),
        r#type = fields.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()),
        ms = begun.elapsed().as_secs_f64() * 1e3,
        "request"
    );
    Ok(answer)
}
