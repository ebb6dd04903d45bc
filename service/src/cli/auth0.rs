//! `auth0`: manages the users of a tenant, by its Management API.

use std::env;
use std::time::Duration;

use apply_cookies_auth::ClientSecret;
use apply_cookies_auth::auth0::{Invite, Management, PasswordLink, Query, User};
use serde_json::json;

use super::args::auth0::{Auth0Command, ListArgs, PersonArg, RolesArgs};
use super::lines;
use crate::refused::Refused;

const DOMAIN: &str = "AUTH0_DOMAIN";
const CLIENT_ID: &str = "AUTH0_CLIENT_ID";
const CLIENT_SECRET: &str = "AUTH0_CLIENT_SECRET";
const CLIENT_SECRET_FILE: &str = "AUTH0_CLIENT_SECRET_FILE";
/// A company's own authority, in PEM.
const CA_FILE: &str = "AUTH0_CA_FILE";

pub(super) fn run(command: &Auth0Command) -> Result<(), Refused> {
    let users = users()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(act(&users, command))
}

async fn act(users: &Management, command: &Auth0Command) -> Result<(), Refused> {
    match command {
        Auth0Command::Invite(args) => {
            let invite = Invite::new(&args.connection).roles(&args.roles);
            let invited = users.invite(&args.email, invite).await?;
            lines::print(invited.user().id())?;
            lines::print(invited.link())
        }
        Auth0Command::List(args) => list(users, args).await,
        Auth0Command::Roles(args) => roles(users, args).await,
        Auth0Command::Verify(args) => {
            let id = id(users, &args.person).await?;
            if args.mail {
                return Ok(users.mail_verification(&id).await?);
            }
            Ok(users.mark_verified(&id).await?)
        }
        Auth0Command::Link(args) => {
            let id = id(users, &args.person).await?;
            let ttl = Duration::from_secs(args.ttl.into());
            match users.password_link(&id, ttl).await? {
                PasswordLink::Link(link) => lines::print(&link),
                _ => lines::print("Auth0 has sent an e-mail"),
            }
        }
        Auth0Command::Block(args) => {
            let id = id(users, &args.person).await?;
            if args.undo {
                return Ok(users.unblock(&id).await?);
            }
            Ok(users.block(&id).await?)
        }
    }
}

fn users() -> Result<Management, Refused> {
    let variables = [
        DOMAIN,
        CLIENT_ID,
        CLIENT_SECRET,
        CLIENT_SECRET_FILE,
        CA_FILE,
    ];
    let [domain, client_id, secret, secret_file, ca_file] =
        variables.map(|name| env::var_os(name).filter(|value| !value.is_empty()));
    let mut missing = Vec::new();
    for (name, value) in [
        (DOMAIN, domain.as_ref()),
        (CLIENT_ID, client_id.as_ref()),
        (CLIENT_SECRET, secret.as_ref().or(secret_file.as_ref())),
    ] {
        if value.is_none() {
            missing.push(name);
        }
    }
    let (Some(domain), Some(client_id), []) = (domain, client_id, &*missing) else {
        let missing = missing.join(", ");
        return Err(format!("set {missing}; {CLIENT_SECRET_FILE} may name a file instead").into());
    };
    let secret = match (secret, secret_file) {
        (Some(_), Some(_)) => {
            return Err(format!("set {CLIENT_SECRET} or {CLIENT_SECRET_FILE}, not both").into());
        }
        (None, Some(path)) => ClientSecret::from_file(path)?,
        _ => ClientSecret::from_env(CLIENT_SECRET)?,
    };
    let text = |name: &str, value: std::ffi::OsString| {
        (value.into_string()).map_err(|_| Refused::Because(format!("{name} is not UTF-8 text")))
    };
    let (domain, client_id) = (text(DOMAIN, domain)?, text(CLIENT_ID, client_id)?);
    let users = Management::new(&domain, client_id, secret)?;
    Ok(match ca_file {
        Some(path) => users.ca_file(path)?,
        None => users,
    })
}

/// The id of a person who may be named by an e-mail address, if that is one person's.
async fn id(users: &Management, PersonArg { person }: &PersonArg) -> Result<String, Refused> {
    if person.contains('|') {
        return Ok(person.clone());
    }
    match &*users.by_email(person).await? {
        [user] => Ok(user.id().to_owned()),
        [] => Err(format!("nobody has the e-mail address {person}").into()),
        several => {
            let ids: Vec<_> = several.iter().map(User::id).collect();
            Err(format!("several have that e-mail address: {}", ids.join(", ")).into())
        }
    }
}

async fn list(users: &Management, args: &ListArgs) -> Result<(), Refused> {
    let query = Query::text(args.text.as_deref().unwrap_or_default()).page(args.page);
    let page = users.list(query).await?;
    for user in page.users() {
        if args.json {
            let line = json!({
                "id": user.id(),
                "email": user.email(),
                "email_verified": user.is_email_verified(),
                "name": user.name(),
                "blocked": user.is_blocked(),
                "invited": user.is_invited(),
                "logins_count": user.logins_count(),
                "last_login": user.last_login(),
            });
            lines::print(&line.to_string())?;
            continue;
        }
        let unusual = [
            (user.is_blocked(), "blocked"),
            (user.logins_count() == 0, "never signed in"),
            (!user.is_email_verified(), "not verified"),
        ];
        let unusual: Vec<_> = (unusual.iter().filter(|(is, _)| *is))
            .map(|(_, what)| *what)
            .collect();
        let columns = [
            user.id(),
            user.email().unwrap_or_default(),
            user.name(),
            &unusual.join(", "),
        ];
        // A name may hold what moves the cursor of a terminal.
        let clean = columns.map(|text| text.replace(char::is_control, " "));
        lines::print(clean.join("\t").trim_end())?;
    }
    if let Some(next) = page.next_page() {
        eprintln!("{} in all; --page {next} has more", page.total());
    }
    Ok(())
}

async fn roles(users: &Management, args: &RolesArgs) -> Result<(), Refused> {
    let id = id(users, &args.person).await?;
    if !args.roles.is_empty() || args.none {
        return Ok(users.set_roles(&id, &args.roles).await?);
    }
    for role in users.roles(&id).await? {
        lines::print(role.name())?;
    }
    Ok(())
}
