//! An operation: a draft whose every field has been checked.

use std::borrow::Cow;

use super::attributes::{SameSite, check_domain, check_max_age, check_path, check_value};
use super::delete_cookie::DeleteCookie;
use super::error::{Field, OperationError, Problem};
use super::name::{self, Prefix};
use super::set_cookie::SetCookie;
use crate::limits::{MAX_AGE_MAX, NAME_VALUE_MAX};

/// What a writer asked for.
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

/// A checked operation: one that browsers will keep and proxies will pass.
///
/// There is no other way to one than through the checks, so whoever holds an `Operation` may
/// write it into a header without looking again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<'a>(Draft<'a>);

impl<'a> Operation<'a> {
    /// The draft that passed.
    #[must_use]
    pub fn draft(&self) -> &Draft<'a> {
        &self.0
    }

    /// The cookie's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Draft::Set(set) => &set.name,
            Draft::Delete(delete) => &delete.name,
        }
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
        match &self.0 {
            Draft::Set(set) => set.secure,
            Draft::Delete(delete) => delete.secure,
        }
    }

    /// Whether the cookie lives in a partition.
    #[must_use]
    pub fn is_partitioned(&self) -> bool {
        match &self.0 {
            Draft::Set(set) => set.partitioned,
            Draft::Delete(delete) => delete.partitioned,
        }
    }

    /// Whether both are about the same cookie in the browser's jar: the same name, domain, path
    /// and partition (RFC 6265bis §5.7, step 23).
    #[must_use]
    pub fn is_same_cookie(&self, other: &Operation<'_>) -> bool {
        self.name() == other.name()
            && self.domain() == other.domain()
            && self.path() == other.path()
            && self.is_partitioned() == other.is_partitioned()
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

    /// # Errors
    ///
    /// Names the first field that a browser or proxy would not take.
    fn try_from(set: SetCookie<'a>) -> Result<Self, OperationError> {
        let prefix = name::check(&set.name)?;
        check_value(&set.value)?;
        let size = set.name.len() + set.value.len();
        if size > NAME_VALUE_MAX {
            return Err(OperationError::new(
                Field::Value,
                Problem::TooLong {
                    actual: size,
                    max: NAME_VALUE_MAX,
                },
            ));
        }
        if let Some(seconds) = set.max_age {
            check_max_age(seconds)?;
        }
        check_scope(
            prefix,
            set.path.as_deref(),
            set.domain.as_deref(),
            set.secure,
            set.partitioned,
        )?;
        if prefix.http_only && !set.http_only {
            return Err(OperationError::new(
                Field::HttpOnly,
                Problem::Prefix("must be set, because the name's prefix demands it"),
            ));
        }
        if set.same_site == Some(SameSite::None) && !set.secure {
            return Err(OperationError::new(
                Field::Secure,
                Problem::NeedsSecure("SameSite=None"),
            ));
        }
        Ok(Self(Draft::Set(set)))
    }
}

impl<'a> TryFrom<DeleteCookie<'a>> for Operation<'a> {
    type Error = OperationError;

    /// # Errors
    ///
    /// Names the first field that a browser or proxy would not take.
    fn try_from(delete: DeleteCookie<'a>) -> Result<Self, OperationError> {
        let prefix = name::check(&delete.name)?;
        if delete.name.len() > NAME_VALUE_MAX {
            return Err(OperationError::new(
                Field::Name,
                Problem::TooLong {
                    actual: delete.name.len(),
                    max: NAME_VALUE_MAX,
                },
            ));
        }
        check_scope(
            prefix,
            delete.path.as_deref(),
            delete.domain.as_deref(),
            delete.secure,
            delete.partitioned,
        )?;
        Ok(Self(Draft::Delete(delete)))
    }
}

/// What setting and deleting have in common: where the cookie lives.
fn check_scope(
    prefix: Prefix,
    path: Option<&str>,
    domain: Option<&str>,
    secure: bool,
    partitioned: bool,
) -> Result<(), OperationError> {
    let refuse = |field, problem| Err(OperationError::new(field, problem));
    if let Some(path) = path {
        check_path(path)?;
    }
    if let Some(domain) = domain {
        check_domain(domain)?;
    }
    if prefix.secure && !secure {
        return refuse(Field::Secure, Problem::NeedsSecure("the name's prefix"));
    }
    if prefix.host && domain.is_some() {
        return refuse(
            Field::Domain,
            Problem::Prefix("must be left out, because the name starts with __Host-"),
        );
    }
    if prefix.host && path != Some("/") {
        return refuse(
            Field::Path,
            Problem::Prefix("must be /, because the name starts with __Host-"),
        );
    }
    if partitioned && !secure {
        return refuse(Field::Secure, Problem::NeedsSecure("Partitioned"));
    }
    Ok(())
}

/// The fields of a checked operation in wire form, for the payload's codec.
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
    pub(crate) fn of(operation: &'o Operation<'_>) -> Self {
        match &operation.0 {
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
                secure: set.secure,
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
                secure: delete.secure,
                http_only: false,
                same_site: None,
                partitioned: delete.partitioned,
            },
        }
    }

    /// Checks what was read from a payload.
    pub(crate) fn into_operation(self) -> Result<Operation<'o>, OperationError> {
        if self.delete {
            DeleteCookie {
                name: Cow::Borrowed(self.name),
                path: self.path.map(Cow::Borrowed),
                domain: self.domain.map(Cow::Borrowed),
                secure: self.secure,
                partitioned: self.partitioned,
            }
            .try_into()
        } else {
            SetCookie {
                name: Cow::Borrowed(self.name),
                value: Cow::Borrowed(self.value),
                path: self.path.map(Cow::Borrowed),
                domain: self.domain.map(Cow::Borrowed),
                max_age: self.max_age.map(u64::from),
                secure: self.secure,
                http_only: self.http_only,
                same_site: self.same_site,
                partitioned: self.partitioned,
            }
            .try_into()
        }
    }
}
