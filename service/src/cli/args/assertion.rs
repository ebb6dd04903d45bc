//! The arguments of `assertion`.

use std::path::PathBuf;

use serde_json::Value;

#[derive(clap::Args)]
pub(crate) struct AssertionArgs {
    /// What `aud` says: for Google IAP /projects/NUMBER/apps/PROJECT
    #[arg(long, value_name = "TEXT")]
    pub(crate) audience: String,
    /// The e-mail address of the person it names
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: String,
    /// What `sub` says [default: accounts.google.com:ADDRESS]
    #[arg(long, value_name = "TEXT")]
    pub(crate) subject: Option<String>,
    /// What `iss` says
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "https://cloud.google.com/iap"
    )]
    pub(crate) issuer: String,
    /// Another claim, as JSON or as a text: name=Ada, admin=true
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = parse_claim)]
    pub(crate) claims: Vec<(String, Value)>,
    /// How long it is valid
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub(crate) lasts: u32,
    /// The file with the key; it is created if it does not exist
    #[arg(long, value_name = "FILE", default_value = "assertion-key.json")]
    pub(crate) key: PathBuf,
}

fn parse_claim(text: &str) -> Result<(String, Value), &'static str> {
    let (name, value) = text.split_once('=').ok_or("it has no `=`")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}
