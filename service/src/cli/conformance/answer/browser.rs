//! `cookie` and `binding`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use apply_cookies::protocol::{BindingCookie, CookieHeader, Lookup};
use apply_cookies::web::{Asked, Fields};
use apply_cookies::{ApplyCookies, Secrets};
use serde_json::json;

use super::question::{Answer, Question, Unanswerable, latin1, wrong};

pub(super) fn cookie(asked: Question<'_>) -> Answer {
    let fields = asked.texts("fields")?.into_iter().map(latin1);
    let fields: Vec<Vec<u8>> = fields.collect::<Result<_, _>>()?;
    let header = CookieHeader::new(fields.iter().map(Vec::as_slice));
    Ok(match header.find(asked.text("name")?) {
        Lookup::One(value) => {
            let value: String = value.iter().copied().map(char::from).collect();
            json!({ "found": { "value": value } })
        }
        Lookup::Absent => json!({ "found": "absent" }),
        Lookup::Duplicate => json!({ "found": "duplicate" }),
    })
}

/// Deployments, by their origins.
#[derive(Default)]
pub(super) struct Deployments(HashMap<Vec<String>, ApplyCookies>);

/// More are forgotten, all at once.
const MOST: usize = 16;

impl Deployments {
    pub(super) fn binding(&mut self, asked: Question<'_>) -> Answer {
        let mut fields = Vec::new();
        for cookie in asked.texts("cookie")? {
            fields.push(("cookie", latin1(cookie)?));
        }
        for (name, field) in [
            ("origin", "origin"),
            ("sec-fetch-site", "sec_fetch_site"),
            ("sec-fetch-mode", "sec_fetch_mode"),
            ("sec-fetch-dest", "sec_fetch_dest"),
        ] {
            if let Some(value) = asked.text_or_null(field)? {
                fields.push((name, latin1(value)?));
            }
        }
        let fresh = BindingCookie::from_random(asked.bytes("fresh")?);
        let head = self.of(&asked.texts("origins")?)?.bind_head(
            Asked {
                method: asked.text("method")?,
                path: "/",
                fields: &Request(fields),
            },
            || fresh,
        );
        Ok(json!({
            "binding": head.binding.map(|binding| binding.to_text()),
            "set_cookie": head.set_cookie,
            "why": head.why.as_str(),
        }))
    }

    fn of(&mut self, origins: &[&str]) -> Result<&ApplyCookies, Unanswerable> {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let key = origins.iter().map(|origin| (*origin).to_owned()).collect();
        match self.0.entry(key) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                // No token is made or opened.
                let secrets = Secrets::new(&Secrets::generate());
                let secrets = secrets.map_err(|error| Unanswerable(error.to_string()))?;
                let built = origins
                    .iter()
                    .fold(ApplyCookies::builder(secrets), |builder, origin| {
                        builder.origin(origin)
                    })
                    .allow_insecure_http()
                    .build();
                Ok(new.insert(built.map_err(|_| wrong("origins", "a list of origins"))?))
            }
        }
    }
}

/// The fields of a request that was asked about. Nobody changes them.
struct Request(Vec<(&'static str, Vec<u8>)>);

impl Fields for Request {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        let of_name = self.0.iter().filter(move |(known, _)| *known == name);
        of_name.map(|(_, value)| &value[..])
    }

    fn any_name(&self, chosen: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(name, _)| chosen(name))
    }

    fn set(&mut self, _: &'static str, _: actix_web::web::Bytes) {}

    fn append(&mut self, _: &'static str, _: actix_web::web::Bytes) {}

    fn remove_each(&mut self, _: impl Fn(&str) -> bool) {}
}
