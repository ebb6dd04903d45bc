//! An ordered, bounded list of operations: the content of one token.

use crate::cookie::{Field, LineBudget, Operation, OperationError, Rule};

/// One to twenty operations on different cookies, whose `Set-Cookie` lines fit into one response.
///
/// ```
/// use apply_cookies_protocol::{Batch, DeleteCookie, SetCookie};
///
/// let mut batch = Batch::new(SetCookie::new("session", "8f14e45f").try_into()?);
/// batch.push(DeleteCookie::new("guest").try_into()?)?;
/// assert_eq!(batch.operations().len(), 2);
/// # Ok::<(), apply_cookies_protocol::OperationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    operations: Vec<Operation<'a>>,
    spent: LineBudget,
}

impl<'a> Batch<'a> {
    /// A batch of one operation. One always fits: the limits of its fields ensure it.
    #[must_use]
    pub fn new(operation: Operation<'a>) -> Self {
        let spent = LineBudget::one(operation.line_len());
        Self {
            operations: vec![operation],
            spent,
        }
    }

    /// Appends an operation.
    ///
    /// # Errors
    ///
    /// When the batch is full, in number or in bytes of header lines, or already has an
    /// operation on the same cookie: servers must not send two lines for one cookie (RFC
    /// 6265bis §4.1.1), and a token should not decide which of them wins.
    pub fn push(&mut self, operation: Operation<'a>) -> Result<(), OperationError> {
        self.spent = self.spent_with(&operation)?;
        self.operations.push(operation);
        Ok(())
    }

    /// Whether [`push`](Self::push) would take this operation.
    ///
    /// # Errors
    ///
    /// The same as for [`push`](Self::push).
    pub fn fits(&self, operation: &Operation<'_>) -> Result<(), OperationError> {
        self.spent_with(operation).map(|_| ())
    }

    fn spent_with(&self, operation: &Operation<'_>) -> Result<LineBudget, OperationError> {
        let spent = self.spent.with(operation.line_len())?;
        let key = operation.key();
        if self.operations.iter().any(|earlier| earlier.key() == key) {
            return Err(OperationError::new(Field::Name, Rule::Duplicate));
        }
        Ok(spent)
    }

    /// The operations, in the order in which they are applied.
    #[must_use]
    pub fn operations(&self) -> &[Operation<'a>] {
        &self.operations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::SetCookie;
    use crate::limits::{OPERATIONS_MAX, SET_COOKIE_LINES_MAX};

    fn set(name: &str, size: usize) -> Operation<'static> {
        Operation::try_from(SetCookie::new(name.to_owned(), "v".repeat(size))).unwrap()
    }

    #[test]
    fn twenty_operations_fit_and_no_more() {
        let mut batch = Batch::new(set("c0", 1));
        for n in 1..OPERATIONS_MAX {
            batch.push(set(&format!("c{n}"), 1)).unwrap();
        }
        let error = batch.push(set("one-more", 1)).unwrap_err();
        assert_eq!(error.field(), Field::Operations);
        assert_eq!(batch.operations().len(), OPERATIONS_MAX);
    }

    #[test]
    fn header_lines_are_counted_to_the_byte() {
        let empty = set("b", 0).line_len();
        let first = set("a", 3000);
        let room = SET_COOKIE_LINES_MAX - first.line_len() - empty;
        let mut batch = Batch::new(first);
        assert!(batch.fits(&set("b", room + 1)).is_err());
        batch.push(set("b", room)).unwrap();
        assert!(batch.fits(&set("c", 0)).is_err());
    }

    #[test]
    fn the_largest_operation_fits_alone() {
        let path = format!("/{}", "p".repeat(crate::limits::ATTRIBUTE_MAX - 1));
        let label = "d".repeat(63);
        let domain = [label.as_str(); 4].join(".")[..crate::limits::DOMAIN_MAX].to_owned();
        let draft = SetCookie::new("n", "v".repeat(crate::limits::NAME_VALUE_MAX - 1))
            .path(path)
            .domain(domain)
            .max_age(std::time::Duration::from_secs(34_560_000))
            .partitioned(true);
        let operation = Operation::try_from(draft).unwrap();
        assert!(operation.line_len() <= SET_COOKIE_LINES_MAX);
    }

    #[test]
    fn one_cookie_stands_in_a_batch_once() {
        let mut batch = Batch::new(set("a", 1));
        let error = batch.push(set("a", 2)).unwrap_err();
        assert_eq!(error.rule(), Rule::Duplicate);
        let other = || SetCookie::new("a", "v");
        for other in [
            other().path("/elsewhere"),
            other().domain("example.com"),
            other().domain("www.example.com"),
            other().partitioned(true),
        ] {
            let other = Operation::try_from(other).unwrap();
            batch.push(other.clone()).unwrap();
            assert!(batch.fits(&other).is_err());
        }
    }
}
