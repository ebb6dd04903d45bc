//! `POST /v1/bindings`: the binding of a browser, for whoever writes the head of a stream.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use apply_cookies::protocol::BindingCookie;
use apply_cookies::web::{Asked, Fields};
use serde::{Deserialize, Serialize};

use super::json::{Json, answer};
use super::state::Api;

/// What the browser's request says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct BindingRequest {
    /// The values of its `Cookie` fields.
    #[serde(default)]
    cookie: Vec<String>,
    #[serde(default = "get")]
    method: String,
    /// Its field of this name; null if it has none.
    #[serde(default)]
    origin: Option<String>,
    #[serde(default)]
    sec_fetch_site: Option<String>,
    #[serde(default)]
    sec_fetch_mode: Option<String>,
    #[serde(default)]
    sec_fetch_dest: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct BindingAnswer {
    /// What to mint for, also if it has just been made.
    binding: Option<String>,
    /// The value of the `Set-Cookie` field that the response must have.
    set_cookie: Option<String>,
    /// Why it is so.
    #[cfg_attr(test, schema(value_type = super::schema::Why))]
    why: &'static str,
}

/// Reads a browser's binding, or makes it one.
///
/// By the policy of SPEC §9.1, and its strict reader of the `Cookie` field. That a binding is present
/// says whose the browser is, not that a response may carry its tokens.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/v1/bindings",
    operation_id = "bindBrowser",
    request_body = BindingRequest,
    responses(
        (status = 200, description = "The binding.", body = BindingAnswer),
        super::schema::OfPosts,
    ),
))]
pub(super) async fn bind(api: Data<Api>, Json { value, .. }: Json<BindingRequest>) -> HttpResponse {
    let asked = Asked {
        method: &value.method,
        path: "/",
        fields: &value,
    };
    let cookies = &api.current().cookies;
    let bound = cookies.bind_head(asked, || BindingCookie::from_random(rand::random()));
    answer(&BindingAnswer {
        binding: bound.binding.map(|binding| binding.to_text()),
        set_cookie: bound.set_cookie,
        why: bound.why.as_str(),
    })
}

/// Header fields that are only read.
impl Fields for BindingRequest {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        let (list, one): (&[String], _) = match name {
            "cookie" => (&self.cookie, &None),
            "origin" => (&[], &self.origin),
            "sec-fetch-site" => (&[], &self.sec_fetch_site),
            "sec-fetch-mode" => (&[], &self.sec_fetch_mode),
            "sec-fetch-dest" => (&[], &self.sec_fetch_dest),
            _ => (&[], &None),
        };
        list.iter().chain(one).map(String::as_bytes)
    }

    fn any_name(&self, _: impl Fn(&str) -> bool) -> bool {
        false
    }

    fn set(&mut self, _: &'static str, _: Bytes) {}

    fn append(&mut self, _: &'static str, _: Bytes) {}

    fn remove_each(&mut self, _: impl Fn(&str) -> bool) {}
}
