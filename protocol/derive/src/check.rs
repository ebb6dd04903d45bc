//! The attributes as written → a class that browsers accept, or an error at the word to change.

use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Lit, Path, Result};

use crate::attributes::Attributes;
use crate::rules::{self, Demands};
use crate::snake_case::snake_case;

/// A class whose attributes are all valid.
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) protection: &'static str,
    /// Set if it is not the default.
    pub(crate) profile: Option<&'static str>,
    pub(crate) max_age: Option<u64>,
    pub(crate) path: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) same_site: Option<&'static str>,
    /// `None` if it is not said.
    pub(crate) secure: Option<bool>,
    pub(crate) http_only: bool,
    pub(crate) partitioned: bool,
    pub(crate) home: Option<Path>,
}

pub(crate) fn check(input: &DeriveInput, written: Attributes) -> Result<Class> {
    check_shape(input)?;
    let (name, demands) = check_name(input, &written)?;
    let secure = written.secure.as_ref().is_none_or(|flag| flag.value);
    let http_only = written.http_only.as_ref().is_none_or(|flag| flag.value);
    check_prefix(&written, demands, secure, http_only)?;
    let same_site = check_same_site(&written, secure)?;
    if let (Some(_), Some(flag), false) = (written.partitioned, &written.secure, secure) {
        return Err(Error::new(
            flag.span(),
            "browsers drop a partitioned cookie without `Secure`; remove `secure = false` or `partitioned`",
        ));
    }
    Ok(Class {
        name,
        protection: check_protection(&written)?,
        profile: check_profile(&written)?,
        max_age: check_max_age(&written)?,
        path: checked(written.path.as_ref(), rules::check_path)?,
        domain: checked(written.domain.as_ref(), rules::check_domain)?,
        same_site,
        secure: written.secure.map(|flag| flag.value),
        http_only,
        partitioned: written.partitioned.is_some(),
        home: written.home,
    })
}

fn check_shape(input: &DeriveInput) -> Result<()> {
    if !matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_))) {
        return Err(Error::new(
            input.ident.span(),
            "a cookie class is a struct with named fields, because its cookie is a JSON object; put this type into a field of one",
        ));
    }
    if let Data::Struct(data) = &input.data
        && let Some(attribute) = data
            .fields
            .iter()
            .flat_map(|field| &field.attrs)
            .find(|attribute| attribute.path().is_ident("cookie"))
    {
        return Err(Error::new(
            attribute.path().span(),
            "name, protection and attributes belong to the whole class; write `#[cookie(...)]` above the struct",
        ));
    }
    if !input.generics.params.is_empty() {
        return Err(Error::new(
            input.generics.span(),
            "a cookie class takes no generic parameters: one cookie's name cannot stand for several types; write one struct for each",
        ));
    }
    Ok(())
}

fn check_name(input: &DeriveInput, written: &Attributes) -> Result<(String, Demands)> {
    let (name, span) = if let Some(name) = &written.name {
        (name.value(), name.span())
    } else {
        let ident = input.ident.to_string();
        let ident = ident.strip_prefix("r#").unwrap_or(&ident);
        (snake_case(ident), input.ident.span())
    };
    let fail = |message| Error::new(span, message);
    let demands = rules::check_name(&name).map_err(fail)?;
    let Some(prefix) = &written.prefix else {
        return Ok((name, demands));
    };
    if demands != Demands::default() {
        return Err(fail(
            "the name already has a prefix; write it without, and let `prefix` add it".to_owned(),
        ));
    }
    let prefix = match prefix.value().as_str() {
        "host" => "__Host-",
        "secure" => "__Secure-",
        _ => {
            return Err(Error::new(
                prefix.span(),
                "the prefix is \"host\" (for `__Host-`) or \"secure\" (for `__Secure-`)",
            ));
        }
    };
    let name = format!("{prefix}{name}");
    let demands = rules::check_name(&name).map_err(fail)?;
    Ok((name, demands))
}

fn check_prefix(
    written: &Attributes,
    demands: Demands,
    secure: bool,
    http_only: bool,
) -> Result<()> {
    let fail = |span, message| Err(Error::new(span, message));
    if let (true, false, Some(flag)) = (demands.secure, secure, &written.secure) {
        return fail(
            flag.span(),
            "browsers drop a cookie whose name has a prefix without `Secure`; remove `secure = false` or the prefix",
        );
    }
    if let (true, Some(domain)) = (demands.host, &written.domain) {
        return fail(
            domain.span(),
            "browsers drop a `__Host-` cookie with a domain; remove `domain`, or use prefix = \"secure\"",
        );
    }
    if let (true, Some(path)) = (demands.host, &written.path)
        && path.value() != "/"
    {
        return fail(
            path.span(),
            "browsers drop a `__Host-` cookie with a path other than `/`; remove `path`, or use prefix = \"secure\"",
        );
    }
    if let (true, false, Some(flag)) = (demands.http_only, http_only, &written.http_only) {
        return fail(
            flag.span(),
            "browsers drop a cookie whose name has this prefix without `HttpOnly`; remove `http_only = false` or the prefix",
        );
    }
    Ok(())
}

fn check_protection(written: &Attributes) -> Result<&'static str> {
    match (written.signed, written.encrypted) {
        (Some(signed), Some(_)) => Err(Error::new(
            signed,
            "an encrypted cookie is already authenticated, like a signed one; keep `encrypted` to hide the value as well, or `signed` to leave it readable",
        )),
        (Some(_), None) => Ok("Signed"),
        (None, Some(_)) => Ok("Encrypted"),
        (None, None) => Ok("Plain"),
    }
}

fn check_profile(written: &Attributes) -> Result<Option<&'static str>> {
    let Some(profile) = &written.profile else {
        return Ok(None);
    };
    match profile.value().as_str() {
        "mesop" if cfg!(feature = "mesop") => Ok(Some("Mesop")),
        "mesop" => Err(Error::new(
            profile.span(),
            "profile = \"mesop\" needs the feature `mesop`; add it to apply-cookies in Cargo.toml, as in features = [\"mesop\"]",
        )),
        "native" => Ok(None),
        _ => Err(Error::new(
            profile.span(),
            "profile is \"native\", which is the default, or \"mesop\" for a cookie shared with a Mesop app",
        )),
    }
}

fn check_max_age(written: &Attributes) -> Result<Option<u64>> {
    let Some(age) = &written.max_age else {
        return Ok(None);
    };
    let seconds = match age {
        Lit::Str(text) => rules::parse_age(&text.value()),
        Lit::Int(number) => number
            .base10_parse()
            .map_err(|_| "must be a number of seconds from 1 to 34560000 (400 days)".to_owned())
            .and_then(rules::check_age),
        _ => Err("must be an age such as \"1h\", or a number of seconds".to_owned()),
    };
    seconds
        .map(Some)
        .map_err(|message| Error::new(age.span(), message))
}

fn check_same_site(written: &Attributes, secure: bool) -> Result<Option<&'static str>> {
    let Some(same_site) = &written.same_site else {
        return Ok(None);
    };
    match same_site.value().as_str() {
        "Strict" => Ok(Some("Strict")),
        "Lax" => Ok(Some("Lax")),
        "None" if secure => Ok(Some("None")),
        "None" => Err(Error::new(
            same_site.span(),
            "browsers drop a SameSite=None cookie without `Secure`; remove `secure = false`, or use \"Lax\"",
        )),
        _ => Err(Error::new(
            same_site.span(),
            "same_site is \"Strict\", \"Lax\" or \"None\"",
        )),
    }
}

fn checked(
    text: Option<&syn::LitStr>,
    rule: impl FnOnce(&str) -> std::result::Result<(), String>,
) -> Result<Option<String>> {
    text.map(|text| {
        let value = text.value();
        rule(&value).map_err(|message| Error::new(text.span(), message))?;
        Ok(value)
    })
    .transpose()
}
