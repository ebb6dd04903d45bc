//! `#[cookie(…)]` → the attributes as written, with the span of each word. `check.rs` judges what
//! they mean as a whole.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Lit, LitBool, LitStr, Path, Result};

/// The attributes as written, each at most once.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) name: Option<LitStr>,
    pub(crate) profile: Option<LitStr>,
    pub(crate) prefix: Option<LitStr>,
    pub(crate) signed: Option<Span>,
    pub(crate) encrypted: Option<Span>,
    pub(crate) max_age: Option<Lit>,
    pub(crate) path: Option<LitStr>,
    pub(crate) domain: Option<LitStr>,
    pub(crate) same_site: Option<LitStr>,
    pub(crate) secure: Option<LitBool>,
    pub(crate) http_only: Option<LitBool>,
    pub(crate) partitioned: Option<Span>,
    pub(crate) home: Option<Path>,
}

pub(crate) fn parse(input: &DeriveInput) -> Result<Attributes> {
    let mut attributes = Attributes::default();
    for attribute in &input.attrs {
        if attribute.path().is_ident("cookie") {
            attribute.parse_nested_meta(|meta| attributes.take(&meta))?;
        }
    }
    Ok(attributes)
}

impl Attributes {
    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = meta
            .path
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default();
        match word.as_str() {
            "name" => once(&mut self.name, meta, text(meta)?),
            "profile" => once(&mut self.profile, meta, text(meta)?),
            "prefix" => once(&mut self.prefix, meta, text(meta)?),
            "signed" => once(&mut self.signed, meta, word_alone(meta)?),
            "encrypted" => once(&mut self.encrypted, meta, word_alone(meta)?),
            "max_age" => once(&mut self.max_age, meta, literal(meta)?),
            "path" => once(&mut self.path, meta, text(meta)?),
            "domain" => once(&mut self.domain, meta, text(meta)?),
            "same_site" => once(&mut self.same_site, meta, text(meta)?),
            "secure" => once(&mut self.secure, meta, flag(meta)?),
            "http_only" => once(&mut self.http_only, meta, flag(meta)?),
            "partitioned" => once(&mut self.partitioned, meta, word_alone(meta)?),
            "crate" => once(&mut self.home, meta, text(meta)?.parse()?),
            _ => Err(meta.error(unknown(&word))),
        }
    }
}

/// A guess at what an unknown word was meant to be.
fn unknown(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "plain" => "plain is what a class is without `signed` and `encrypted`; remove the word",
        "sign" => "unknown attribute; did you mean `signed`?",
        "encrypt" | "private" => "unknown attribute; did you mean `encrypted`?",
        "httponly" => "unknown attribute; did you mean `http_only = false`? It is on by default",
        "samesite" => "unknown attribute; did you mean `same_site`?",
        "maxage" | "expires" | "age" | "ttl" => "unknown attribute; did you mean `max_age`?",
        _ => {
            "unknown attribute; the known ones are name, prefix, signed, encrypted, max_age, path, domain, same_site, secure, http_only, partitioned, profile and crate"
        }
    }
}

fn once<T>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T) -> Result<()> {
    if slot.replace(value).is_some() {
        return Err(meta.error("this attribute is given twice; remove one"));
    }
    Ok(())
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    match literal(meta)? {
        Lit::Str(text) => Ok(text),
        other => Err(Error::new(other.span(), "must be text in quotes")),
    }
}

fn literal(meta: &ParseNestedMeta<'_>) -> Result<Lit> {
    let value = meta.value()?;
    value.parse().map_err(|error| {
        Error::new(
            error.span(),
            "must be a literal, as in name = \"session\" or secure = false; the macro cannot see constants and expressions",
        )
    })
}

fn flag(meta: &ParseNestedMeta<'_>) -> Result<LitBool> {
    if !meta.input.peek(syn::Token![=]) {
        return Err(
            meta.error("this attribute is on by default; write it with `= false` to turn it off")
        );
    }
    match literal(meta)? {
        Lit::Bool(flag) => Ok(flag),
        other => Err(Error::new(other.span(), "must be `true` or `false`")),
    }
}

fn word_alone(meta: &ParseNestedMeta<'_>) -> Result<Span> {
    if meta.input.peek(syn::Token![=]) || meta.input.peek(syn::token::Paren) {
        return Err(meta.error("this attribute takes no value; write the word alone"));
    }
    Ok(meta.path.span())
}
