//! The rules of SPEC §4 that a field of an operation can break, in the same order.

use std::fmt;

/// The rule that a field breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// The field is empty and must not be.
    #[error("must not be empty")]
    Empty,
    /// A character that this field may not contain.
    #[error("{allowed}")]
    Characters {
        /// The characters that it may contain.
        allowed: Characters,
    },
    /// A path without a slash in front: a browser would silently take the request's own
    /// directory instead.
    #[error("must start with a slash")]
    NoSlash,
    /// A domain of a single label: a public suffix or a local name, which browsers refuse.
    #[error("must have a dot; leave it out to mean this host")]
    NoDot,
    /// An IP address in place of a domain.
    #[error("must not be an IP address")]
    IpAddress,
    /// A name that becomes another one in a server that percent-decodes it.
    #[error("{hidden}")]
    PercentEncoded {
        /// The hidden content.
        hidden: Hidden,
    },
    /// More bytes than a browser or proxy accepts.
    #[error("{actual} bytes are too many, at most {max} fit")]
    TooLong {
        /// Bytes that were given.
        actual: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// A number above the largest allowed.
    #[error("{actual} is too large; browsers keep at most {max}")]
    TooLarge {
        /// The number given.
        actual: u64,
        /// The largest allowed.
        max: u64,
    },
    /// The field contradicts the name's prefix.
    #[error("{demand}")]
    Prefix {
        /// The prefix's requirement on the field.
        demand: Demand,
    },
    /// `Secure` is missing where something else requires it.
    #[error("must be set, because {by} requires it")]
    NeedsSecure {
        /// The part of the cookie that requires it.
        by: SecureFor,
    },
    /// `SameSite=None` or `Partitioned` on plain http.
    #[error("{by} needs https, and these pages are on plain http")]
    NeedsHttps {
        /// The part of the cookie that needs it.
        by: SecureFor,
    },
    /// A name that belongs to this library.
    #[error("is reserved for apply-cookies itself")]
    Reserved,
    /// The same cookie (name, domain, path, partition) is already in the batch.
    #[error("the same cookie is already in this batch")]
    Duplicate,
    /// An age that leads to a date which Python cannot express.
    #[cfg(feature = "mesop")]
    #[error("must not lead outside the years 1 to 9999")]
    OutOfYears,
    /// An attribute that tokens of the profile `mesop` have no place for.
    #[cfg(feature = "mesop")]
    #[error("cannot be expressed in the profile mesop")]
    NotInMesop,
}

/// The characters that a field may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Characters {
    /// Those of a token (RFC 9110 §5.6.2): a name.
    Token,
    /// Cookie-octets (RFC 6265bis §4.1.1): a value.
    CookieOctets,
    /// Visible ASCII without semicolon: a path.
    Path,
    /// Those of a host name in lower case: a domain.
    Host,
    /// A value that Werkzeug can quote.
    #[cfg(feature = "mesop")]
    Quotable,
    /// A domain that is still a host name after Werkzeug's changes.
    #[cfg(feature = "mesop")]
    WerkzeugHost,
    /// A domain whose `xn--` form is beyond doubt.
    #[cfg(feature = "mesop")]
    SimpleIdn,
}

impl fmt::Display for Characters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => {
                "may hold only letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2)"
            }
            Self::CookieOctets => {
                "may hold only visible ASCII, without spaces, quotes, commas, semicolons or backslashes (RFC 6265 section 4.1.1); encode it first"
            }
            Self::Path => {
                "may hold only visible ASCII, without spaces or semicolons; percent-encode it first"
            }
            Self::Host => {
                "must be a host name in lower case, without a dot at either end; international names in their xn-- form"
            }
            #[cfg(feature = "mesop")]
            Self::Quotable => "must not contain the control characters 0x1A to 0x1F",
            #[cfg(feature = "mesop")]
            Self::WerkzeugHost => {
                "must be a host name: letters, digits and hyphens, with single dots between them"
            }
            #[cfg(feature = "mesop")]
            Self::SimpleIdn => "contains characters that must be written in their xn-- form",
        })
    }
}

/// A percent-encoded name hides this from browsers, and shows it to a server that decodes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hidden {
    /// Characters that no name may contain.
    OtherCharacters,
    /// A prefix such as `__Host-`.
    Prefix,
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherCharacters => "must not percent-decode to anything but token characters",
            Self::Prefix => "becomes a name with a prefix when a server percent-decodes it",
        })
    }
}

/// A requirement of a name's prefix on another field (RFC 6265bis §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Demand {
    /// `__Host-`: no `Domain`.
    NoDomain,
    /// `__Host-`: `Path=/`.
    RootPath,
    /// `__Http-`, `__Host-Http-`: `HttpOnly`.
    HttpOnly,
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDomain => "must be left out, because the name starts with __Host-",
            Self::RootPath => "must be /, because the name starts with __Host-",
            Self::HttpOnly => "must be set, because the name's prefix requires it",
        })
    }
}

/// The part of a cookie that requires `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecureFor {
    /// A name with a prefix.
    Prefix,
    /// `SameSite=None`.
    SameSiteNone,
    /// `Partitioned`.
    Partitioned,
}

impl fmt::Display for SecureFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "the name's prefix",
            Self::SameSiteNone => "SameSite=None",
            Self::Partitioned => "Partitioned",
        })
    }
}
