//! Without the feature `tls` no listener has TLS, and a setting that asks for it stops the start.

use std::convert::Infallible;
use std::io;

use actix_web::rt::net::TcpStream;

use crate::cli::args::serve::ServeArgs;

#[derive(Clone)]
pub(super) struct Tls(Infallible);

impl Tls {
    pub(super) fn read(args: &ServeArgs, _clients: bool) -> Result<Option<Self>, String> {
        let asked = [
            &args.tls_cert_file,
            &args.tls_key_file,
            &args.tls_client_ca_file,
        ];
        if asked.into_iter().any(Option::is_some) {
            let reason =
                "this build has no TLS: build it with `--features tls`, or leave TLS to the proxy";
            return Err(reason.to_owned());
        }
        Ok(None)
    }

    pub(super) fn again(&self, _: &ServeArgs, _clients: bool) -> Result<(), String> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "as with TLS")]
    pub(super) async fn accept(self, _: TcpStream) -> io::Result<TcpStream> {
        match self.0 {}
    }
}
