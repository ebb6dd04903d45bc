//! Where a user is in the API.

use std::fmt::Write;

use super::error::ManagementError;

/// The longest id of a user.
const ID_MAX: usize = 255;

/// The path of a user and what is below it. An id names its provider in front of a bar, as in
/// `auth0|66b1f0`; everything that means something in an address is encoded.
pub(super) fn path_of(id: &str, below: &str) -> Result<String, ManagementError> {
    if !id.contains('|') || id.len() > ID_MAX || id.contains(char::is_control) {
        let why = "the id of a user is like auth0|66b1f0c7c8e3d29a40000001";
        return Err(ManagementError::Setting(why.to_owned()));
    }
    let mut path = "users/".to_owned();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path.push_str(below);
    Ok(path)
}
