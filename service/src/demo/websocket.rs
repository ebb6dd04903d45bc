//! A setting, changed over a WebSocket.

use actix_web::rt;
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_ws::{Message, MessageStream, Session};
use apply_cookies::{Frames, PendingCookies, SetCookie};
use futures_util::StreamExt;

use super::cookies::{self, ACCENT, KEPT};
use super::own_page::OwnPage;
use super::state::Demo;
use super::steps::Step;

/// The colours that the page knows.
const ACCENTS: [&str; 5] = ["blue", "violet", "teal", "amber", "rose"];

/// The colour that a request's cookie asks for.
pub(super) fn chosen(request: &HttpRequest) -> Option<&'static str> {
    cookies::read(request, ACCENT).and_then(known)
}

fn known(accent: &str) -> Option<&'static str> {
    ACCENTS.into_iter().find(|known| *known == accent)
}

/// One socket for as many changes as the visitor likes: each message is the name of a colour.
pub(super) async fn accent(
    _: OwnPage,
    request: HttpRequest,
    body: Payload,
    pending: PendingCookies,
    demo: Data<Demo>,
) -> Result<HttpResponse, Error> {
    let (response, socket, messages) = actix_ws::handle(&request, body)?;
    // Attached before the handler returns: from then on, pushes without a carrier are errors.
    let frames = pending.frames();
    rt::spawn(carry(frames, socket.clone(), demo.clone()));
    rt::spawn(hear(messages, socket, pending, demo));
    Ok(response)
}

/// Takes tokens to the page, until no handle is left to push, or no page to read.
async fn carry(mut frames: Frames, mut socket: Session, demo: Data<Demo>) {
    while let Some(frame) = frames.next().await {
        let minted = Step::minted(demo.apply.clock()).to_json();
        if socket.text(minted).await.is_err()
            || socket.text(frame.to_websocket_text()).await.is_err()
        {
            break;
        }
    }
}

/// Receives the visitor's choices, and pushes each as a cookie. When it ends, it drops the last
/// handle, and then `carry` ends too.
async fn hear(
    mut messages: MessageStream,
    mut socket: Session,
    pending: PendingCookies,
    demo: Data<Demo>,
) {
    while let Some(Ok(message)) = messages.next().await {
        let answered = match message {
            Message::Ping(bytes) => socket.pong(&bytes).await,
            Message::Text(text) => {
                let Some(accent) = known(&text) else { break };
                let pushed = pending.set(SetCookie::new(ACCENT, accent).max_age(KEPT));
                let step = Step::pushed(pushed, demo.apply.clock());
                socket.text(step.to_json()).await
            }
            Message::Pong(_) | Message::Nop => Ok(()),
            _ => break,
        };
        if answered.is_err() {
            return;
        }
    }
    // An error here means that the browser closed it first.
    let _ = socket.close(None).await;
}
