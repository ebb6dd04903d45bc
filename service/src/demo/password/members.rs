//! Two pages that need a sign-in. The arguments of a handler, and the guard around it, are the whole
//! check.

use actix_web::web::Html;
use apply_cookies_auth::Identity;

pub(super) async fn notes(me: Identity) -> Html {
    page("Notes", "Everybody who is signed in may read this.", &me)
}

pub(super) async fn ledger(me: Identity) -> Html {
    page("Ledger", "Only those who keep it may read this.", &me)
}

/// The name is that of one of the demo's two accounts, so it needs no escaping.
fn page(title: &str, about: &str, me: &Identity) -> Html {
    let name = me.name();
    Html::new(format!(
        include_str!("../page/member.html"),
        title = title,
        about = about,
        name = name
    ))
}
