//! The `Cookie` of the crate cookie, for handlers that already have one. Versions 0.16 (which
//! actix-web exports) and 0.18 are two types with the same methods.

/// Implements [`IntoOperation`](crate::IntoOperation) for the `Cookie` of one version. The name is the
/// method of an attribute that 0.16 does not have.
macro_rules! convert_cookie {
    ($($library:ident)::+ $(, $partitioned:ident)?) => {
        use std::time::Duration;

        use $($library)::+::{Cookie, Expiration, SameSite as TheirSameSite};
        use apply_cookies_protocol::{Operation, SameSite, SetCookie};
        use time::OffsetDateTime;

        use crate::classes::Classes;
        use crate::pending::{IntoOperation, PushError};

        /// Attributes that were never set take safe defaults (`HttpOnly`, `SameSite=Lax`, `Path=/`, and
        /// `Secure` where the deployment's origins are https); those that were set stay as they are, even if unsafe. `Expires` without `Max-Age`
        /// becomes the `Max-Age` left until then.
        impl IntoOperation for Cookie<'_> {
            fn into_operation(self, classes: &Classes) -> Result<Operation<'static>, PushError> {
                draft(&self).into_operation(classes)
            }
        }

        fn draft<'c>(cookie: &'c Cookie<'_>) -> SetCookie<'c> {
            let mut draft = SetCookie::new(cookie.name(), cookie.value());
            if let Some(path) = cookie.path() {
                draft = draft.path(path);
            }
            if let Some(domain) = cookie.domain() {
                draft = draft.domain(domain);
            }
            if let Some(age) = age(cookie) {
                draft = draft.max_age(age);
            }
            if let Some(secure) = cookie.secure() {
                draft = draft.secure(secure);
            }
            if let Some(http_only) = cookie.http_only() {
                draft = draft.http_only(http_only);
            }
            if let Some(same_site) = cookie.same_site() {
                draft = draft.same_site(match same_site {
                    TheirSameSite::Strict => SameSite::Strict,
                    TheirSameSite::Lax => SameSite::Lax,
                    TheirSameSite::None => SameSite::None,
                });
            }
            $(if let Some(partitioned) = cookie.$partitioned() {
                draft = draft.partitioned(partitioned);
            })?
            draft
        }

        fn age(cookie: &Cookie<'_>) -> Option<Duration> {
            let left = match (cookie.max_age(), cookie.expires()) {
                (Some(age), _) => age,
                (None, Some(Expiration::DateTime(end))) => end - OffsetDateTime::now_utc(),
                (None, Some(Expiration::Session) | None) => return None,
            };
            // A time in the past deletes the cookie, as zero does.
            Some(left.try_into().unwrap_or(Duration::ZERO))
        }

        #[cfg(test)]
        mod tests {
            use super::*;

            fn line(cookie: &Cookie<'_>) -> String {
                Operation::try_from(draft(cookie)).unwrap().to_set_cookie()
            }

            #[test]
            fn unset_attributes_are_safe_and_set_ones_stay() {
                assert_eq!(
                    line(&Cookie::new("a", "b")),
                    "a=b; Path=/; Secure; HttpOnly; SameSite=Lax"
                );
                let mut open = Cookie::new("a", "b");
                open.set_path("/x");
                open.set_secure(false);
                open.set_http_only(false);
                open.set_same_site(TheirSameSite::Strict);
                open.set_max_age(time::Duration::minutes(1));
                assert_eq!(line(&open), "a=b; Path=/x; Max-Age=60; SameSite=Strict");
            }

            #[test]
            fn over_plain_http_it_is_not_secure_unless_it_says_so() {
                let over = |cookie: &Cookie<'_>| {
                    let operation = Operation::over(draft(cookie), apply_cookies_protocol::Scheme::Http);
                    operation.map(|operation| operation.to_set_cookie())
                };
                let safe = "a=b; Path=/; HttpOnly; SameSite=Lax";
                for name in ["a", "__Host-a", "__Secure-a", "__Http-a", "__Host-Http-a"] {
                    assert_eq!(over(&Cookie::new(name, "b")).unwrap(), safe);
                }
                let mut own = Cookie::new("a", "b");
                own.set_secure(false);
                assert_eq!(over(&own).unwrap(), safe);
                own.set_secure(true);
                assert!(over(&own).unwrap().contains("; Secure"));
                own.set_same_site(TheirSameSite::None);
                assert!(over(&own).is_err());
            }

            #[test]
            fn a_removal_deletes() {
                let mut removal = Cookie::new("a", "");
                removal.make_removal();
                assert!(line(&removal).contains("Max-Age=0"));
            }

            #[test]
            fn attributes_cannot_be_injected() {
                let mut path = Cookie::new("a", "v");
                path.set_path("/; Domain=evil.example");
                let mut domain = Cookie::new("a", "v");
                domain.set_domain("x.example; Path=/");
                for cookie in [
                    Cookie::new("a", "v; Domain=evil.example"),
                    Cookie::new("a; Domain=evil.example; b", "v"),
                    path,
                    domain,
                ] {
                    assert!(Operation::try_from(draft(&cookie)).is_err());
                }
            }
        }
    };
}
pub(crate) use convert_cookie;

#[cfg(feature = "cookie")]
mod version_0_18 {
    super::convert_cookie!(cookie, partitioned);

    #[cfg(test)]
    mod tests_of_partitioned {
        use super::*;

        #[test]
        fn a_partitioned_cookie_stays_one() {
            let mut own = Cookie::new("a", "b");
            own.set_partitioned(true);
            let line = Operation::try_from(draft(&own)).unwrap().to_set_cookie();
            assert!(line.contains("; Partitioned"), "{line}");
        }
    }
}
