//! `POST /v1/cookies/read` and `/v1/cookies/write`: values under the keys of the deployment.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::Data;
use apply_cookies::protocol::strict_json::Object;
use apply_cookies::protocol::{
    CookieHeader, Operation, OperationError, Stamp, ValueCodec, parse_operation_over,
};
use apply_cookies::{ApplyCookies, Protection, UnixMillis, Unreadable};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::json::{Json, answer};
use super::problem::Problem;
use super::state::Api;
use crate::values;
use crate::words::words;

/// The most names of one question.
pub(super) const NAMES_MAX: usize = 64;

words! {
    /// How a value is protected.
    ProtectionWord {
        Plain = "plain",
        Signed = "signed",
        Encrypted = "encrypted",
    }
}

impl From<ProtectionWord> for Protection {
    fn from(word: ProtectionWord) -> Self {
        match word {
            ProtectionWord::Plain => Self::Plain,
            ProtectionWord::Signed => Self::Signed,
            ProtectionWord::Encrypted => Self::Encrypted,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct ReadRequest {
    /// The values of the request's `Cookie` fields.
    cookie: Vec<String>,
    /// The cookies to read.
    #[cfg_attr(test, schema(value_type = Vec<ReadName>, max_items = 64))]
    names: Vec<Object<ReadName>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct ReadName {
    #[cfg_attr(
        test,
        schema(pattern = "^[A-Za-z0-9!#$&'*+.^_`|~-]+$", max_length = 4096)
    )]
    name: String,
    protection: ProtectionWord,
    /// Whether its value is JSON, or else any text.
    #[serde(default = "yes")]
    json: bool,
}

fn yes() -> bool {
    true
}

/// A cookie's value, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) enum ReadAnswer {
    Value {
        #[cfg_attr(test, schema(value_type = serde_json::Value))]
        value: Box<RawValue>,
        /// Milliseconds since 1970; null if it has no end.
        expires_at: Option<u64>,
        /// It was made under a previous secret: write it again.
        renew: bool,
    },
    Unreadable {
        /// Why the cookie must be treated as absent (SPEC §12.4).
        #[cfg_attr(test, schema(value_type = super::schema::Reason))]
        reason: &'static str,
    },
}

/// Reads the values of cookies.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/v1/cookies/read",
    operation_id = "readCookies",
    request_body = ReadRequest,
    responses(
        (status = 200, description = "An answer under each name.", body = HashMap<String, ReadAnswer>),
        super::schema::OfPosts,
    ),
))]
pub(super) async fn read(
    api: Data<Api>,
    Json { value, .. }: Json<ReadRequest>,
) -> Result<HttpResponse, Problem> {
    let ReadRequest { cookie, names } = value;
    if names.len() > NAMES_MAX {
        return Err(Problem::invalid(format!("must be at most {NAMES_MAX}")).field("names"));
    }
    let cookies = &api.current().cookies;
    let header = CookieHeader::new(cookie.iter().map(String::as_bytes));
    let mut answers = BTreeMap::new();
    for (item, Object(asked)) in names.into_iter().enumerate() {
        let codec = codec(cookies, &asked.name, asked.protection).map_err(|it| it.item(item))?;
        let now = cookies.clock().now();
        let mut buffer = Vec::new();
        let opened = codec.decode_from(&header, now, &mut buffer);
        let read = opened.and_then(|opened| {
            let value = values::shown(opened.bytes(), !asked.json)?;
            Ok(ReadAnswer::Value {
                // What was shown is JSON.
                value: RawValue::from_string(value).unwrap_or_default(),
                expires_at: opened.expires_at().map(UnixMillis::get),
                renew: opened.is_under_previous_key(),
            })
        });
        let read = read.unwrap_or_else(|why: Unreadable| ReadAnswer::Unreadable {
            reason: why.reason().as_str(),
        });
        if answers.insert(asked.name, read).is_some() {
            return Err(Problem::invalid("is asked for twice")
                .field("name")
                .item(item));
        }
    }
    Ok(answer(&answers))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct WriteRequest {
    #[cfg_attr(
        test,
        schema(pattern = "^[A-Za-z0-9!#$&'*+.^_`|~-]+$", max_length = 4096)
    )]
    name: String,
    protection: ProtectionWord,
    #[cfg_attr(test, schema(value_type = serde_json::Value))]
    value: Box<RawValue>,
    /// Whether the value is JSON, or else the text itself.
    #[serde(default = "yes")]
    json: bool,
    /// In seconds. A signed or encrypted value ends with it.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schema(value_type = Option<u64>, minimum = 0, maximum = 34_560_000))]
    max_age: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    path: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    domain: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schema(value_type = Option<bool>))]
    secure: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schema(value_type = Option<bool>))]
    http_only: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schema(value_type = Option<super::schema::SameSite>))]
    same_site: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schema(value_type = Option<bool>))]
    partitioned: Option<Box<RawValue>>,
}

/// `null` is not the same as nothing (SPEC §7).
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

/// A set as JSON, with the attributes as they were given.
#[derive(Serialize)]
struct SetJson<'a> {
    op: &'static str,
    name: &'a str,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: &'a Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: &'a Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: &'a Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure: &'a Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_only: &'a Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_site: &'a Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partitioned: &'a Option<Box<RawValue>>,
}

impl WriteRequest {
    /// The operation that sets the cookie to this.
    fn operation(
        &self,
        cookies: &ApplyCookies,
        value: &str,
    ) -> Result<Operation<'static>, Problem> {
        let json = json!(SetJson {
            op: "set",
            name: &self.name,
            value,
            max_age: &self.max_age,
            path: &self.path,
            domain: &self.domain,
            secure: &self.secure,
            http_only: &self.http_only,
            same_site: &self.same_site,
            partitioned: &self.partitioned,
        });
        parse_operation_over(&json.to_string(), cookies.scheme())
            .map_err(|error| Problem::invalid(error.reason()).field(error.field()))
    }

    fn content(&self) -> Result<String, Problem> {
        let refuse = |why: &dyn ToString| Problem::invalid(why.to_string()).field("value");
        if self.json {
            let content = values::written(self.value.get().as_bytes(), false);
            return content.map_err(|why| refuse(&why));
        }
        serde_json::from_str(self.value.get()).map_err(|_| refuse(&"must be text"))
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct WriteAnswer {
    /// The cookie's text.
    value: String,
    /// The value of a `Set-Cookie` field.
    set_cookie: String,
    /// The same for `/v1/tokens`.
    #[cfg_attr(test, schema(value_type = super::schema::SetOperation))]
    operation: Operation<'static>,
}

/// Writes the value of a cookie.
///
/// The attributes are those of SPEC §7, and are checked as there.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/v1/cookies/write",
    operation_id = "writeCookie",
    request_body = WriteRequest,
    responses(
        (status = 200, description = "The value, and the operation that sets it.", body = WriteAnswer),
        super::schema::OfPosts,
    ),
))]
pub(super) async fn write(
    api: Data<Api>,
    Json { value: asked, .. }: Json<WriteRequest>,
) -> Result<HttpResponse, Problem> {
    let cookies = &api.current().cookies;
    let codec = codec(cookies, &asked.name, asked.protection)?;
    let content = asked.content()?;
    // The attributes are in order, so the age is a number or null.
    asked.operation(cookies, "")?;
    let age: Option<u64> = (asked.max_age.as_ref())
        .and_then(|age| serde_json::from_str(age.get()).ok())
        .flatten();
    let now = cookies.clock().now();
    let mut stamp = Stamp::new(now, rand::random());
    if let Some(seconds) = age {
        stamp = stamp.expires_at(now.plus(seconds.saturating_mul(1000)));
    }
    let value = codec.encode(content.as_bytes(), &stamp);
    let operation = asked.operation(cookies, &value)?;
    Ok(answer(&WriteAnswer {
        set_cookie: operation.to_set_cookie(),
        operation,
        value,
    }))
}

fn codec(
    cookies: &ApplyCookies,
    name: &str,
    protection: ProtectionWord,
) -> Result<ValueCodec, Problem> {
    let refuse = |error: OperationError| {
        Problem::invalid(error.rule().to_string()).field(error.field().as_str())
    };
    (cookies.classes().value_codec(name, protection.into())).map_err(refuse)
}
