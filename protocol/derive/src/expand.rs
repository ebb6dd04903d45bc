//! A checked class → its implementation. Emits paths of the home crate only.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{DeriveInput, Ident};

use crate::check::Class;

pub(crate) fn expand(input: &DeriveInput, class: &Class, home: &str) -> TokenStream {
    let ident = &input.ident;
    let home = class.home.as_ref().map_or_else(
        || {
            let home = Ident::new(home, Span::call_site());
            quote!(::#home)
        },
        |path| quote!(#path),
    );
    let name = &class.name;
    let protection = format_ident!("{}", class.protection);
    // Only what differs from the defaults of `Class`, which are written there and nowhere else.
    let max_age = class
        .max_age
        .map(|seconds| quote!(.max_age(::core::time::Duration::from_secs(#seconds))));
    let path = class.path.as_ref().map(|path| quote!(.path(#path)));
    let domain = class.domain.as_ref().map(|domain| quote!(.domain(#domain)));
    let same_site = class.same_site.map(|same_site| {
        let same_site = format_ident!("{same_site}");
        quote!(.same_site(#home::SameSite::#same_site))
    });
    let secure = class.secure.map(|secure| quote!(.secure(#secure)));
    let http_only = (!class.http_only).then(|| quote!(.http_only(false)));
    let profile = class.profile.map(|profile| {
        let profile = format_ident!("{profile}");
        quote!(.profile(#home::Profile::#profile))
    });
    let partitioned = class.partitioned.then(|| quote!(.partitioned(true)));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #home::CookieClass for #ident {
            const CLASS: #home::Class = #home::Class::new(#name, #home::Protection::#protection)
                #profile #max_age #path #domain #same_site #secure #http_only #partitioned;
        }
    }
}
