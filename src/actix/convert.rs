//! actix-web's own cookie type, for handlers that have one already.

crate::convert::convert_cookie!(actix_web::cookie);
