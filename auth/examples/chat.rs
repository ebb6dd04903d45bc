//! A chat over a WebSocket, on axum: anybody reads, and people sign in and out inside the socket to
//! write. The page is never left.
//!
//! ```sh
//! cargo run -p apply-cookies-auth --features axum,password --example chat
//! ```

#[path = "common/mod.rs"]
mod common;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use apply_cookies::{Outcome, PendingCookies, Receipt};
use apply_cookies_auth::{Auth, Identity, Refusal, Visitor};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

/// What a page says.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Heard {
    SignIn { name: String, password: String },
    SignOut,
    Say(String),
}

/// What a page is told.
#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    /// The first message, with what was said before.
    Welcome {
        name: Option<String>,
        lines: Vec<String>,
    },
    Line(String),
    SignedOut {},
    Refused(String),
}

impl Told {
    fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Everything that was said, and those who listen.
struct Room {
    lines: Mutex<Vec<String>>,
    listeners: broadcast::Sender<String>,
}

impl Room {
    fn say(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.clone());
        let too_many = lines.len().saturating_sub(50);
        lines.drain(..too_many);
        let _ = self.listeners.send(line); // nobody may be listening
    }

    fn enter(&self) -> (Vec<String>, broadcast::Receiver<String>) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        (lines.clone(), self.listeners.subscribe())
    }
}

/// Not ready where nobody is signed in.
async fn ended(me: Option<&Identity>) {
    match me {
        Some(me) => drop(me.ended().await),
        None => std::future::pending().await,
    }
}

async fn socket(
    State(room): State<Arc<Room>>,
    visitor: Visitor,
    cookies: PendingCookies,
    upgrade: WebSocketUpgrade,
) -> impl IntoResponse {
    let mut frames = cookies.frames(); // before the handler returns: carries what is pushed below
    upgrade.on_upgrade(move |mut socket| async move {
        let auth = visitor.auth();
        let mut me = visitor.identity().cloned();
        let (lines, mut spoken) = room.enter();
        let name = me.as_ref().map(|me| me.name().to_owned());
        let mut told = Some(Told::Welcome { name, lines }.to_text());
        // Who signs in here, until the browser has the cookie.
        let mut arrivals = FuturesUnordered::new();
        loop {
            if let Some(text) = told
                && socket.send(Message::Text(text.into())).await.is_err()
            {
                break;
            }
            told = tokio::select! {
                biased; // once somebody has arrived, the page opens another socket
                Some(frame) = frames.next() => Some(frame.to_websocket_text()),
                Some((name, outcome)) = arrivals.next() => if outcome == Outcome::Released {
                    room.say(format!("{name} has come in"));
                    None
                } else {
                    Some(Told::Refused("your browser did not take the sign-in".into()).to_text())
                },
                () = ended(me.as_ref()) => {
                    me = None;
                    Some(Told::SignedOut {}.to_text())
                }
                message = socket.recv() => {
                    let heard = match message {
                        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).ok(),
                        Some(Ok(_)) => None,
                        _ => break, // drops `cookies`, which ends the carrier
                    };
                    let done = match (heard, &me) {
                        (Some(Heard::SignIn { name, password }), _) => {
                            enter(&visitor, &cookies, &name, &password).await.map(|receipt| {
                                arrivals.push(async move { (name, receipt.await) });
                            })
                        }
                        // Ends the session everywhere, this socket's among them.
                        (Some(Heard::SignOut), _) => {
                            let pushed = auth.sign_out(&cookies).push().await;
                            pushed.map(drop).map_err(Refusal::from)
                        }
                        (Some(Heard::Say(text)), Some(me)) => {
                            room.say(format!("{}: {text}", me.name()));
                            Ok(())
                        }
                        _ => Ok(()),
                    };
                    done.err().map(|refusal| Told::Refused(refusal.to_string()).to_text())
                }
                Ok(line) = spoken.recv() => Some(Told::Line(line).to_text()),
            };
        }
    })
}

/// Signs somebody in inside a socket. The page then opens a new one, whose request has the cookie.
async fn enter(
    visitor: &Visitor,
    cookies: &PendingCookies,
    name: &str,
    password: &str,
) -> Result<Receipt, Refusal> {
    let auth = visitor.auth();
    let who = auth.check_password(visitor, name, password).await?;
    Ok(auth.sign_in(cookies, who).reconnect().push().await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let apply = common::deployment()?;
    let auth = Auth::builder(&apply).passwords(common::ada()?).build()?;
    let room = Arc::new(Room {
        lines: Mutex::default(),
        listeners: broadcast::channel(50).0,
    });
    let app = Router::new()
        .route("/", get(Html(include_str!("page/chat.html"))))
        .route("/socket", any(socket)) // over HTTP/2 a socket begins with CONNECT
        .with_state(room)
        .layer(auth.layer())
        .layer(apply.layer()); // the last one, and so the outermost
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}
