//! The form that a page posts (SPEC §9).

use std::borrow::Cow;

use form_urlencoded::parse;

/// The fields of a form that count.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form<'b> {
    pub(super) token: Cow<'b, str>,
    /// The redemption id. An empty one counts as none: the token then works strictly once.
    pub(super) redemption: Option<Cow<'b, str>>,
}

impl<'b> Form<'b> {
    /// `None` if there is no token, or one of the fields occurs twice. Others are ignored.
    pub(super) fn read(body: &'b [u8]) -> Option<Self> {
        // What our own module posts has nothing to decode, and is taken as it is. Looking at every
        // byte, without an early end, lets the compiler look at many at a time.
        let means_another = |byte: u8| matches!(byte, b'%' | b'+');
        let is_plain = !body
            .iter()
            .fold(false, |any, byte| any | means_another(*byte));
        match std::str::from_utf8(body) {
            Ok(text) if is_plain => {
                let pairs = text.split('&').filter(|pair| !pair.is_empty());
                Self::of(pairs.map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (Cow::Borrowed(name), Cow::Borrowed(value))
                }))
            }
            _ => Self::of(parse(body)),
        }
    }

    fn of(pairs: impl Iterator<Item = (Cow<'b, str>, Cow<'b, str>)>) -> Option<Self> {
        let mut token = None;
        let mut redemption = None;
        for (name, value) in pairs {
            let field = match &*name {
                "t" => &mut token,
                "r" => &mut redemption,
                _ => continue,
            };
            if field.replace(value).is_some() {
                return None;
            }
        }
        Some(Self {
            token: token?,
            redemption: redemption.filter(|id| !id.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_has_nothing_to_decode_is_read_as_any_form_is(body in "[tr=&;a%+ 2é\0]{0,12}|(t=[a-zA-Z0-9._-]{0,40}|r=[a-z0-9-]{0,40}|&|=|t|r|x=y){0,6}") {
            let body = body.as_bytes();
            prop_assert_eq!(Form::read(body), Form::of(parse(body)));
        }
    }

    #[test]
    fn a_token_is_there_once_and_other_fields_are_ignored() {
        let read = |body: &'static str| {
            Form::read(body.as_bytes()).map(|form| (form.token, form.redemption))
        };
        let token = |redemption: Option<&'static str>| {
            Some(("s1.a-b_c".into(), redemption.map(Cow::Borrowed)))
        };
        assert_eq!(read("t=s1.a-b_c&r=1-2"), token(Some("1-2")));
        assert_eq!(read("&x=1&r=&&t=s1.a-b_c&tt=2"), token(None));
        assert_eq!(read("t=s1%2ea-b_c"), token(None));
        assert_eq!(read("t=%731%2ea-b_c"), token(None));
        for body in [
            "",
            "r=1",
            "T=1",
            "t=1&t=1",
            "t=1&r=1&r=1",
            "t=1&r=&r=",
            "t=%31&t=1",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
