//! The name of the cookie that a codec is for.

use crate::cookie::{Field, OperationError, Rule, check_name};
use crate::limits::NAME_VALUE_MAX;

/// Checks that browsers accept the name, and that it leaves room for a value.
pub(crate) fn checked_name(name: String) -> Result<String, OperationError> {
    if name.len() > NAME_VALUE_MAX {
        let rule = Rule::TooLong {
            actual: name.len(),
            max: NAME_VALUE_MAX,
        };
        return Err(OperationError::new(Field::Name, rule));
    }
    check_name(&name)?;
    Ok(name)
}
