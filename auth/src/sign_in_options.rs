//! What the address of a sign-in asks for, beside where to go afterwards. Anybody can write one: it
//! changes how a person is asked, and never what counts.

use form_urlencoded::{Serializer, parse};

use crate::return_to::ReturnTo;
use crate::step_up::StepUp;

/// How a person wants to sign in, or is asked to.
#[derive(Clone, Default)]
pub(crate) struct SignInOptions {
    /// The provider offers the person's other accounts.
    pub(crate) other_account: bool,
    pub(crate) step_up: StepUp,
}

impl SignInOptions {
    /// Reads it from a query.
    pub(crate) fn read(query: Option<&str>) -> Self {
        let pairs = || parse(query.unwrap_or_default().as_bytes());
        Self {
            other_account: pairs().any(|pair| pair == ("account".into(), "other".into())),
            step_up: StepUp::read(pairs()),
        }
    }

    /// The query of an address that asks for it, and leads to this place.
    pub(crate) fn query(&self, place: &ReturnTo) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("return_to", place.as_text());
        if self.other_account {
            query.append_pair("account", "other");
        }
        self.step_up.write(&mut query);
        query.finish()
    }
}
