//! Cookie values as Werkzeug writes and reads them.
//!
//! Our own strict [`CookieHeader`](crate::CookieHeader) decides which pairs of a `Cookie` field
//! belong to a cookie. Werkzeug takes the first of two cookies of one name, and a pair without an
//! equals sign, and a name with a space after it: each of these lets a neighbour's cookie pass as
//! another.

pub(super) mod path;
pub(super) mod quote;
