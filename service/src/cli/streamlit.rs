//! `secrets streamlit`: `.streamlit/secrets.toml`, all of it or nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use apply_cookies::protocol::{Secret, is_stand_in};
use apply_cookies::{Origin, Secrets};
use apply_cookies_auth::ClientSecret;
use serde_json::Value;
use toml::Table;

use super::args::secrets::StreamlitArgs;
use super::lines;
use crate::refused::Refused;

/// The first line of a file that this command may replace.
const MARK: &str = "# Written by `apply-cookies secrets streamlit`, which replaces this file.\n";

const PROVIDER: &str = "STREAMLIT_AUTH_PROVIDER";
const REDIRECT_URI: &str = "STREAMLIT_AUTH_REDIRECT_URI";
const COOKIE_SECRET: &str = "STREAMLIT_AUTH_COOKIE_SECRET";
const CLIENT_ID: &str = "STREAMLIT_AUTH_CLIENT_ID";
const CLIENT_SECRET: &str = "STREAMLIT_AUTH_CLIENT_SECRET";
const METADATA_URL: &str = "STREAMLIT_AUTH_SERVER_METADATA_URL";
const CLIENT_KWARGS: &str = "STREAMLIT_AUTH_CLIENT_KWARGS";

pub(super) fn run(args: &StreamlitArgs) -> Result<(), Refused> {
    let provider = optional(PROVIDER)?;
    let content = content(provider.as_deref())?;
    write(&args.output, args.force, &content)?;
    let name = provider.map_or_else(String::new, |name| format!("\"{name}\""));
    let path = args.output.display();
    lines::print(&format!("wrote {path}; call st.login({name})"))
}

/// The file, or everything that is missing, or the first thing that is wrong.
fn content(provider: Option<&str>) -> Result<String, Refused> {
    let names = [
        REDIRECT_URI,
        COOKIE_SECRET,
        CLIENT_ID,
        CLIENT_SECRET,
        METADATA_URL,
    ];
    let (mut values, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match optional(name)? {
            Some(value) => values.push(value),
            None => missing.push(name),
        }
    }
    let Ok(
        [
            redirect_uri,
            cookie_secret,
            client_id,
            client_secret,
            metadata_url,
        ],
    ) = <[String; 5]>::try_from(values)
    else {
        return Err(format!("set {}", missing.join(", ")).into());
    };
    check_address(REDIRECT_URI, &redirect_uri, "/oauth2callback")?;
    check_address(
        METADATA_URL,
        &metadata_url,
        "/.well-known/openid-configuration",
    )?;
    Secret::from_configuration(&cookie_secret)
        .map_err(|error| format!("{COOKIE_SECRET}: {error}"))?;
    check_filled(CLIENT_ID, &client_id)?;
    ClientSecret::from_env(CLIENT_SECRET)?;

    let (mut auth, mut client) = (Table::new(), Table::new());
    auth.insert("redirect_uri".to_owned(), redirect_uri.into());
    auth.insert("cookie_secret".to_owned(), cookie_secret.into());
    client.insert("client_id".to_owned(), client_id.into());
    client.insert("client_secret".to_owned(), client_secret.into());
    client.insert("server_metadata_url".to_owned(), metadata_url.into());
    if let Some(kwargs) = optional(CLIENT_KWARGS)? {
        client.insert("client_kwargs".to_owned(), self::kwargs(&kwargs)?.into());
    }
    match provider {
        None => auth.extend(client),
        // Streamlit refuses an underscore, and reads `default` as the one without a name.
        Some(name)
            if name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !["default", "cookie-secret", "redirect-uri"].contains(&name) =>
        {
            auth.insert(name.to_owned(), client.into());
        }
        Some(_) => {
            let rule = "must be letters, digits and hyphens, and not `default`";
            return Err(format!("{PROVIDER} {rule}").into());
        }
    }
    let root = Table::from_iter([("auth".to_owned(), auth.into())]);
    Ok(format!("{MARK}\n{}", toml::to_string(&root)?))
}

/// A variable without the line end at its end, if it is not empty.
fn optional(name: &str) -> Result<Option<String>, Refused> {
    let Some(value) = std::env::var_os(name) else {
        return Ok(None);
    };
    let mut value = (value.into_string()).map_err(|_| format!("{name} is not UTF-8 text"))?;
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    Ok(Some(value).filter(|value| !value.is_empty()))
}

/// Refuses a name or an address that nobody has put in yet.
fn check_filled(name: &str, value: &str) -> Result<(), Refused> {
    let is_text = |c: char| !c.is_whitespace() && !c.is_control() && !"<>{}\"'`".contains(c);
    if value.chars().all(is_text) && !is_stand_in(value) {
        return Ok(());
    }
    Err(format!("{name} looks like a placeholder; copy it from the provider's console").into())
}

/// An address on https, or of this machine, whose path ends so.
fn check_address(name: &str, address: &str, end: &str) -> Result<(), Refused> {
    check_filled(name, address)?;
    let origin = address.split_once("://").map(|(scheme, rest)| {
        let host = rest.split('/').next().unwrap_or_default();
        Origin::parse(&format!("{scheme}://{host}"))
    });
    let is_safe = |origin: &Origin| address.starts_with("https:") || origin.is_loopback();
    let is_plain = !address.contains(['?', '#', '\\', '@']) && address.ends_with(end);
    if is_plain && matches!(origin, Some(Ok(origin)) if is_safe(&origin)) {
        return Ok(());
    }
    Err(
        format!("{name} must be an https address (http only on this machine) that ends in {end}")
            .into(),
    )
}

fn kwargs(json: &str) -> Result<Table, Refused> {
    let wrong =
        || format!("{CLIENT_KWARGS} must be a JSON object, such as {{\"prompt\":\"login\"}}");
    let value: Value = serde_json::from_str(json).map_err(|_| wrong())?;
    // TOML has no null.
    Table::try_from(value).map_err(|_| wrong().into())
}

/// Replaces the file as a whole, or leaves it as it was.
fn write(path: &Path, force: bool, content: &str) -> Result<(), Refused> {
    let shown = path.display();
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error).into()),
        Ok(found) if !found.is_file() => {
            return Err(format!("{shown} is a link, or not a file; remove it first").into());
        }
        Ok(_) if force || is_ours(path).map_err(failed)? => {}
        Ok(_) => {
            return Err(format!(
                "{shown} was written by somebody else; --force replaces it, with all that is in it"
            )
            .into());
        }
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(failed)?;
    // Beside it, under a name that nobody can have prepared.
    let temporary = folder.join(format!(".secrets.toml.{}", &Secrets::generate()[..12]));
    let written = fill(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error).into()
    })
}

fn is_ours(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    let file = File::open(path)?;
    file.take(MARK.len() as u64).read_to_end(&mut start)?;
    Ok(start == MARK.as_bytes())
}

fn fill(path: &PathBuf, content: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}
