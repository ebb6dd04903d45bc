//! actix-web's own cookie type, for handlers that already have one.

crate::convert::convert_cookie!(actix_web::cookie);
