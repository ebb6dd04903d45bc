//! Words from a list, as JSON has them.

/// An enum whose variants are words. serde's own enums would also accept an object with one member.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$word_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        #[cfg_attr(test, derive(utoipa::ToSchema))]
        pub(crate) enum $name {
            $($(#[$word_meta])* #[cfg_attr(test, schema(rename = $word))] $variant,)+
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                apply_cookies::protocol::strict_json::word(from, |text| match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                })
            }
        }
    };
}

pub(crate) use words;
