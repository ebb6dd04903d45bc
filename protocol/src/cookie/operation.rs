//! Operations, checked in every field.

use std::borrow::Cow;

use super::attributes::{SameSite, check_domain, check_max_age, check_path, check_value};
use super::delete_cookie::DeleteCookie;
use super::error::{Field, OperationError};
use super::key::CookieKey;
use super::name::{self, Prefix};
use super::rule::{Demand, Rule, SecureFor};
use super::scheme::Scheme;
use super::set_cookie::SetCookie;
use crate::limits::{MAX_AGE_MAX, NAME_VALUE_MAX};

/// An operation as its writer drafted it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "set and delete are the whole of the protocol; a third would be a new version"
)]
pub enum Draft<'a> {
    /// Set one cookie.
    Set(SetCookie<'a>),
    /// Delete one cookie.
    Delete(DeleteCookie<'a>),
}

impl Draft<'_> {
    /// The cookie's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Set(set) => &set.name,
            Self::Delete(delete) => &delete.name,
        }
    }
}

impl<'a> From<SetCookie<'a>> for Draft<'a> {
    fn from(set: SetCookie<'a>) -> Self {
        Self::Set(set)
    }
}

impl<'a> From<DeleteCookie<'a>> for Draft<'a> {
    fn from(delete: DeleteCookie<'a>) -> Self {
        Self::Delete(delete)
    }
}

/// A checked operation: one that browsers will keep and proxies will pass on. It always says
/// whether the cookie is `Secure`.
///
/// The checks are the only way to get one, so any code that has an `Operation` may write it into a
/// header without checking again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<'a>(Draft<'a>);

impl<'a> Operation<'a> {
    /// The operation of a draft, for pages of this scheme, which decides what the draft leaves open.
    ///
    /// # Errors
    ///
    /// Names the first field that a browser or proxy would not take.
    pub fn over(draft: impl Into<Draft<'a>>, scheme: Scheme) -> Result<Self, OperationError> {
        let mut draft = draft.into();
        if let Draft::Set(SetCookie {
            max_age: Some(seconds),
            ..
        }) = draft
        {
            check_max_age(seconds)?;
        }
        // On plain http too, so that what is taken in development is taken in production.
        let parts = Parts::from_draft(&draft);
        parts.check()?;
        scheme.check(parts.same_site, parts.partitioned)?;
        let (name, secure) = match &mut draft {
            Draft::Set(set) => (&mut set.name, &mut set.secure),
            Draft::Delete(delete) => (&mut delete.name, &mut delete.secure),
        };
        *secure = Some(scheme.secure(*secure));
        scheme.rename(name)?;
        Ok(Self(draft))
    }

    /// The operation of a draft that differs in value and age from one that has passed
    /// [`over`](Self::over) for this scheme, and in nothing else. The value is one that this crate has
    /// just encoded, and so consists of cookie-octets.
    ///
    /// # Errors
    ///
    /// Those of `over` that are left: the age, and the length of the value.
    pub(crate) fn again(mut set: SetCookie<'a>, scheme: Scheme) -> Result<Self, OperationError> {
        debug_assert_eq!(check_value(&set.value), Ok(()));
        set.max_age.map_or(Ok(()), check_max_age)?;
        check_size(&set.name, &set.value, Field::Value)?;
        set.secure = Some(scheme.secure(set.secure));
        scheme.rename(&mut set.name)?;
        Ok(Self(Draft::Set(set)))
    }

    /// The draft that passed.
    #[must_use]
    pub fn draft(&self) -> &Draft<'a> {
        &self.0
    }

    /// The cookie's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The `Domain` attribute; `None` is this host alone.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        match &self.0 {
            Draft::Set(set) => set.domain.as_deref(),
            Draft::Delete(delete) => delete.domain.as_deref(),
        }
    }

    /// The `Path` attribute.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match &self.0 {
            Draft::Set(set) => set.path.as_deref(),
            Draft::Delete(delete) => delete.path.as_deref(),
        }
    }

    /// Whether the line carries `Secure`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        Parts::from_operation(self).secure
    }

    /// Whether the cookie lives in a partition.
    #[must_use]
    pub fn is_partitioned(&self) -> bool {
        match &self.0 {
            Draft::Set(set) => set.partitioned,
            Draft::Delete(delete) => delete.partitioned,
        }
    }

    /// The cookie that it is about.
    #[must_use]
    pub fn key(&self) -> CookieKey<'_> {
        CookieKey {
            name: self.name(),
            domain: self.domain(),
            path: self.path(),
            partitioned: self.is_partitioned(),
        }
    }

    /// Appends the operation to a list in which each cookie occurs once: an earlier operation on
    /// the same cookie is removed, because the later one counts.
    ///
    /// ```
    /// use apply_cookies_protocol::{DeleteCookie, Operation, SetCookie};
    ///
    /// let mut operations = vec![
    ///     Operation::try_from(SetCookie::new("session", "8f14e45f"))?,
    ///     Operation::try_from(SetCookie::new("theme", "dark"))?,
    /// ];
    /// Operation::try_from(DeleteCookie::new("session"))?.replace_in(&mut operations);
    /// assert_eq!(operations.len(), 2);
    /// assert_eq!(operations[1].to_set_cookie().split(';').next(), Some("session="));
    /// # Ok::<(), apply_cookies_protocol::OperationError>(())
    /// ```
    pub fn replace_in(self, operations: &mut Vec<Self>) {
        operations.retain(|earlier| earlier.key() != self.key());
        operations.push(self);
    }

    /// The same operation, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Operation<'static> {
        Operation(match self.0 {
            Draft::Set(set) => Draft::Set(set.into_owned()),
            Draft::Delete(delete) => Draft::Delete(delete.into_owned()),
        })
    }
}

impl<'a> TryFrom<SetCookie<'a>> for Operation<'a> {
    type Error = OperationError;

    /// The operation for pages on https.
    ///
    /// # Errors
    ///
    /// Those of [`over`](Operation::over).
    fn try_from(set: SetCookie<'a>) -> Result<Self, OperationError> {
        Self::over(set, Scheme::Https)
    }
}

impl<'a> TryFrom<DeleteCookie<'a>> for Operation<'a> {
    type Error = OperationError;

    /// The operation for pages on https.
    ///
    /// # Errors
    ///
    /// Those of [`over`](Operation::over).
    fn try_from(delete: DeleteCookie<'a>) -> Result<Self, OperationError> {
        Self::over(delete, Scheme::Https)
    }
}

/// Refuses a name and a value that together are longer than browsers keep, for this field.
fn check_size(name: &str, value: &str, field: Field) -> Result<(), OperationError> {
    let actual = name.len() + value.len();
    if actual > NAME_VALUE_MAX {
        let max = NAME_VALUE_MAX;
        return Err(OperationError::new(field, Rule::TooLong { actual, max }));
    }
    Ok(())
}

/// The fields of an operation as they are on the wire, borrowed. The one form that the checks, the
/// writer and the payload's codec work on.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a cookie has that many flags"
)]
pub(crate) struct Parts<'o> {
    pub(crate) delete: bool,
    pub(crate) name: &'o str,
    pub(crate) value: &'o str,
    pub(crate) path: Option<&'o str>,
    pub(crate) domain: Option<&'o str>,
    pub(crate) max_age: Option<u32>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) partitioned: bool,
}

impl<'o> Parts<'o> {
    pub(crate) fn from_operation(operation: &'o Operation<'_>) -> Self {
        Self::from_draft(&operation.0)
    }

    /// `Secure` unless the draft says otherwise, as on https.
    fn from_draft(draft: &'o Draft<'_>) -> Self {
        match draft {
            Draft::Set(set) => Self {
                delete: false,
                name: &set.name,
                value: &set.value,
                path: set.path.as_deref(),
                domain: set.domain.as_deref(),
                // Checked to be at most MAX_AGE_MAX, so nothing is ever cut off here.
                max_age: set
                    .max_age
                    .map(|age| u32::try_from(age).unwrap_or(MAX_AGE_MAX)),
                secure: Scheme::Https.secure(set.secure),
                http_only: set.http_only,
                same_site: set.same_site,
                partitioned: set.partitioned,
            },
            Draft::Delete(delete) => Self {
                delete: true,
                name: &delete.name,
                value: "",
                path: delete.path.as_deref(),
                domain: delete.domain.as_deref(),
                max_age: None,
                secure: Scheme::Https.secure(delete.secure),
                // Written with every deletion: browsers apply the rule of `__Http-` to deletions
                // too.
                http_only: true,
                same_site: None,
                partitioned: delete.partitioned,
            },
        }
    }

    /// SPEC §4, rules 1 to 7.
    pub(crate) fn check(&self) -> Result<(), OperationError> {
        let prefix = name::check(self.name)?;
        check_value(self.value)?;
        let longer = if self.delete {
            Field::Name
        } else {
            Field::Value
        };
        check_size(self.name, self.value, longer)?;
        if let Some(path) = self.path {
            check_path(path)?;
        }
        if let Some(domain) = self.domain {
            check_domain(domain)?;
        }
        if let Some(seconds) = self.max_age {
            check_max_age(seconds.into())?;
        }
        self.check_agreement(prefix)
    }

    /// SPEC §4, rules 2 and 6: what fields require of one another.
    pub(crate) fn check_agreement(&self, prefix: Prefix) -> Result<(), OperationError> {
        let refuse = |field, rule| Err(OperationError::new(field, rule));
        let needs_secure = |by| refuse(Field::Secure, Rule::NeedsSecure { by });
        if prefix.secure && !self.secure {
            return needs_secure(SecureFor::Prefix);
        }
        if prefix.host && self.domain.is_some() {
            return refuse(
                Field::Domain,
                Rule::Prefix {
                    demand: Demand::NoDomain,
                },
            );
        }
        if prefix.host && self.path != Some("/") {
            return refuse(
                Field::Path,
                Rule::Prefix {
                    demand: Demand::RootPath,
                },
            );
        }
        if prefix.http_only && !self.http_only {
            return refuse(
                Field::HttpOnly,
                Rule::Prefix {
                    demand: Demand::HttpOnly,
                },
            );
        }
        if self.same_site == Some(SameSite::None) && !self.secure {
            return needs_secure(SecureFor::SameSiteNone);
        }
        if self.partitioned && !self.secure {
            return needs_secure(SecureFor::Partitioned);
        }
        Ok(())
    }

    /// The cookie that they are about.
    pub(crate) fn key(&self) -> CookieKey<'o> {
        CookieKey {
            name: self.name,
            domain: self.domain,
            path: self.path,
            partitioned: self.partitioned,
        }
    }

    /// The operation that these fields make up, if they pass the checks.
    pub(crate) fn to_operation(self) -> Result<Operation<'o>, OperationError> {
        self.check()?;
        Ok(Operation(if self.delete {
            Draft::Delete(DeleteCookie {
                name: Cow::Borrowed(self.name),
                path: self.path.map(Cow::Borrowed),
                domain: self.domain.map(Cow::Borrowed),
                secure: Some(self.secure),
                partitioned: self.partitioned,
            })
        } else {
            Draft::Set(SetCookie {
                name: Cow::Borrowed(self.name),
                value: Cow::Borrowed(self.value),
                path: self.path.map(Cow::Borrowed),
                domain: self.domain.map(Cow::Borrowed),
                max_age: self.max_age.map(u64::from),
                secure: Some(self.secure),
                http_only: self.http_only,
                same_site: self.same_site,
                partitioned: self.partitioned,
            })
        }))
    }
}
