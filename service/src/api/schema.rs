//! `openapi.json`, made from the types of the API.
//!
//! `APPLY_COOKIES_WRITE=1 cargo test -p apply-cookies-service openapi` writes it.

use std::collections::BTreeMap;
use std::path::Path;

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

use super::{bindings, cookies, info, receipts, tokens};
use crate::minting::{Go, ThenWord};

/// What an item of a list of operations is (SPEC §7).
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Operation {
    Set(SetOperation),
    Delete(DeleteOperation),
}

/// What the page does once the cookies are set.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Then {
    Word(ThenWord),
    Go(Go),
}

/// Sets a cookie. Only `op`, `name` and `value` are required. null leaves the attribute out.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct SetOperation {
    op: OpSet,
    name: String,
    value: String,
    /// In seconds, at most 400 days.
    #[schema(
        required = false,
        minimum = 0,
        maximum = 18_446_744_073_709_551_615_u64,
        format = "uint64"
    )]
    max_age: Option<u64>,
    /// By default `/`.
    path: Option<String>,
    domain: Option<String>,
    /// By default, where the service's origins are https.
    secure: Option<bool>,
    /// By default true.
    http_only: Option<bool>,
    /// By default `Lax`.
    same_site: Option<SameSite>,
    partitioned: Option<bool>,
}

/// Deletes a cookie. Path, domain and `partitioned` are those with which it was set.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct DeleteOperation {
    op: OpDelete,
    name: String,
    /// By default `/`.
    path: Option<String>,
    domain: Option<String>,
    secure: Option<bool>,
    partitioned: Option<bool>,
}

/// Enums of words, as answers have them.
macro_rules! words {
    ($($name:ident: $($variant:ident = $word:literal),+;)+) => {
        $(
            #[derive(ToSchema)]
            #[expect(dead_code, reason = "only its schema is used")]
            pub(crate) enum $name {
                $(#[schema(rename = $word)] $variant,)+
            }
        )+
    };
}

words! {
    OpSet: Set = "set";
    OpDelete: Delete = "delete";
    SameSite: Strict = "Strict", Lax = "Lax", None = "None";
    State: Released = "released", Expired = "expired", Unknown = "unknown";
    Barrier: Failed = "failed";
    Binding: Required = "required", Optional = "optional";
    Why: Present = "present", Made = "made", Duplicate = "duplicate", CrossSite = "cross-site", Origin = "origin";
    Reason: Absent = "absent", Duplicate = "duplicate", TooLong = "too-long", Malformed = "malformed",
        UnknownKey = "unknown-key", Forged = "forged", Expired = "expired", NotJson = "not-json",
        DuplicateKey = "duplicate-key", TooDeep = "too-deep";
}

/// The refusals of every path.
pub(super) struct OfAll;

/// The refusals of paths that take a body.
pub(super) struct OfPosts;

const OF_ALL: [(&str, &str); 3] = [
    ("401", "No key of this API, over TCP."),
    ("403", "The request is a browser's."),
    ("405", "Another method than the path has."),
];

const OF_POSTS: [(&str, &str); 4] = [
    ("400", "The body is malformed."),
    ("408", "The body did not arrive within five seconds."),
    ("413", "The body is larger than 256 KiB."),
    ("415", "The body is not application/json."),
];

fn refusals(of: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let each = of.iter().map(|(status, description)| {
        let problem = Ref::from_schema_name("Problem");
        let problem = ContentBuilder::new().schema(Some(problem)).build();
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", problem)
            .build();
        ((*status).to_owned(), response.into())
    });
    each.collect()
}

impl IntoResponses for OfAll {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&OF_ALL)
    }
}

impl IntoResponses for OfPosts {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[&OF_ALL[..], &OF_POSTS].concat())
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "apply-cookies, the internal API",
        description = "Tokens, receipts, bindings and values of cookies, for apps in any language. Not for browsers. On a unix socket no key is needed.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        version = "1",
        contact(),
    ),
    paths(
        tokens::mint,
        receipts::get,
        receipts::list,
        receipts::events,
        bindings::bind,
        cookies::read,
        cookies::write,
        info::info,
        super::openapi,
    ),
    components(schemas(super::Problem, receipts::Settlement)),
    modifiers(&Keys),
    security(("key" = [])),
)]
struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
    }
}

#[test]
fn openapi_json_is_that_of_the_types() {
    let mut made = Description::openapi().to_pretty_json().unwrap();
    made.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os("APPLY_COOKIES_WRITE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == made,
        "service/openapi.json is stale; run APPLY_COOKIES_WRITE=1 cargo test -p apply-cookies-service openapi"
    );
}
