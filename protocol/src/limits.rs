//! Every limit of the protocol, each with its reason. SPEC §3 repeats this table.

/// The longest token text accepted, in bytes.
///
/// The largest batch (see [`SET_COOKIE_LINES_MAX`]) seals to less than 9 KiB of text, so every
/// honest token fits, and a stranger cannot make the server decode more than this.
pub const TOKEN_TEXT_MAX: usize = 12 * 1024;

/// The most operations in one token. More travel as several tokens.
pub const OPERATIONS_MAX: usize = 20;

/// The most bytes of `Set-Cookie` lines that one token may release, each counted as
/// `Set-Cookie: `, the value and CRLF.
///
/// Reverse proxies buffer 4 to 8 KiB of response headers by default; an answer beyond that turns
/// into a 502 after the token is spent.
pub const SET_COOKIE_LINES_MAX: usize = 6 * 1024;

/// The most bytes of a cookie's name and value together (RFC 6265bis §5.6). Browsers silently drop
/// a larger cookie.
pub const NAME_VALUE_MAX: usize = 4096;

/// The most bytes of an attribute's value (RFC 6265bis §5.6). Browsers ignore a longer attribute,
/// which would widen the cookie's path.
pub const ATTRIBUTE_MAX: usize = 1024;

/// The most bytes of a `Domain` (RFC 1035 §2.3.4, without the trailing dot).
pub const DOMAIN_MAX: usize = 253;

/// The longest `Max-Age` in seconds: 400 days (RFC 6265bis §5.5). Browsers cap anything above it,
/// so a cookie would end earlier than its writer believes.
pub const MAX_AGE_MAX: u32 = 400 * 24 * 60 * 60;

/// How long a token lives unless its issuer says otherwise, in milliseconds.
pub const LIFETIME_DEFAULT_MS: u64 = 60_000;

/// The longest lifetime of a token, in milliseconds: one day. Bounds how long a replay store must
/// remember.
pub const LIFETIME_MAX_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a token of the profile `mesop` lives, counted from the second in which it was issued:
/// Mesop accepts an age of 60 whole seconds.
#[cfg(feature = "mesop")]
pub const MESOP_LIFETIME_MS: u64 = 61_000;

/// The most bytes that a payload of the profile `mesop` may inflate to. Ten times the largest
/// batch; zlib alone would let a token of 12 KiB take 12 MiB.
#[cfg(feature = "mesop")]
pub const MESOP_INFLATED_MAX: usize = 64 * 1024;

/// How far the clocks of issuer and redeemer may differ, in milliseconds. A token issued later
/// than this from now is refused.
pub const SKEW_MS: u64 = 5_000;

/// The last time that a token can carry: the end of the year 9999, in milliseconds since 1970.
/// Keeps every sum of times far from overflow, and exact in a JSON number.
pub const UNIX_MILLIS_MAX: u64 = 253_402_300_799_999;

/// How deep the JSON of a cookie's value may be nested, the outermost object counted. Readers of
/// other languages recurse, and some of them crash.
pub const VALUE_DEPTH_MAX: usize = 8;

/// The fewest bytes of a root secret.
pub const SECRET_MIN: usize = 32;

/// The most bytes of a root secret that comes from the environment or a file. A longer text is
/// something else: a certificate, or a whole file of configuration.
pub const SECRET_MAX: usize = 1024;

/// The least estimated entropy of a root secret, in bits. Less than the 128 that it should have: the
/// estimate falls short of it, for 32 random characters of base64 too.
pub const SECRET_ENTROPY_MIN: f64 = 112.0;

/// The most bytes of the redemption id `r`. Clients send 22 characters; the rest is headroom.
pub const REDEMPTION_ID_MAX: usize = 64;

/// The largest request body that the endpoint accepts, in bytes: a token, a redemption id and form
/// syntax fit with room to spare.
pub const BODY_MAX: usize = 16 * 1024;

/// The most bytes of a refused body that are read before the connection is closed. Reading a small
/// rest keeps the connection; an endless one is an attack.
pub const DRAIN_MAX: usize = 64 * 1024;
