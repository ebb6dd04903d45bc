//! Any operation that a writer can draft.

use std::time::Duration;

use apply_cookies_protocol::{Batch, DeleteCookie, Operation, OperationError, SameSite, SetCookie};
use arbitrary::Arbitrary;

#[derive(Arbitrary, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) delete: bool,
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) path: Option<&'a str>,
    pub(crate) domain: Option<&'a str>,
    pub(crate) max_age: Option<u32>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) partitioned: bool,
    pub(crate) same_site: Option<SameSiteDraft>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum SameSiteDraft {
    Strict,
    Lax,
    None,
}

impl SameSiteDraft {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

impl<'a> Draft<'a> {
    pub(crate) fn check(&self) -> Result<Operation<'a>, OperationError> {
        if self.delete {
            let mut draft = DeleteCookie::new(self.name)
                .secure(self.secure)
                .partitioned(self.partitioned);
            draft = match self.path {
                Some(path) => draft.path(path),
                None => draft.without_path(),
            };
            if let Some(domain) = self.domain {
                draft = draft.domain(domain);
            }
            return draft.try_into();
        }
        let mut draft = SetCookie::new(self.name, self.value)
            .secure(self.secure)
            .http_only(self.http_only)
            .partitioned(self.partitioned)
            .same_site(self.same_site.map(|same_site| match same_site {
                SameSiteDraft::Strict => SameSite::Strict,
                SameSiteDraft::Lax => SameSite::Lax,
                SameSiteDraft::None => SameSite::None,
            }));
        draft = match self.path {
            Some(path) => draft.path(path),
            None => draft.without_path(),
        };
        if let Some(domain) = self.domain {
            draft = draft.domain(domain);
        }
        if let Some(age) = self.max_age {
            draft = draft.max_age(Duration::from_secs(age.into()));
        }
        draft.try_into()
    }
}

/// The drafts that pass and fit, if any do.
pub(crate) fn batch<'a>(drafts: &[Draft<'a>]) -> Option<Batch<'a>> {
    let mut checked = drafts.iter().filter_map(|draft| draft.check().ok());
    let mut batch = Batch::new(checked.next()?);
    for operation in checked {
        let _ = batch.push(operation);
    }
    Some(batch)
}
