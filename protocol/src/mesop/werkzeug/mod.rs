//! Cookie values as Werkzeug writes and reads them.
//!
//! Which pairs of a `Cookie` field are of a cookie is for our own strict
//! [`CookieHeader`](crate::CookieHeader) to say. Werkzeug takes the first of two cookies of one
//! name, and a pair without an equals sign, and a name with a space behind it: each of them lets
//! a neighbour's cookie pass for another.

pub(super) mod path;
pub(super) mod quote;
