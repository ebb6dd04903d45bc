//! The arguments of `secrets`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum SecretsCommand {
    /// Writes Streamlit's secrets.toml for st.login, from the environment
    ///
    /// From STREAMLIT_AUTH_REDIRECT_URI, STREAMLIT_AUTH_COOKIE_SECRET, STREAMLIT_AUTH_CLIENT_ID,
    /// STREAMLIT_AUTH_CLIENT_SECRET and STREAMLIT_AUTH_SERVER_METADATA_URL, which must all be set. With
    /// STREAMLIT_AUTH_PROVIDER the provider has that name, as in st.login("auth0"); without it, it is
    /// the one of st.login(). STREAMLIT_AUTH_CLIENT_KWARGS, a JSON object, is optional. The file is
    /// replaced as a whole, and only its owner can read it.
    Streamlit(StreamlitArgs),
}

#[derive(clap::Args)]
pub(crate) struct StreamlitArgs {
    /// The file to write
    #[arg(long, value_name = "PATH", default_value = ".streamlit/secrets.toml")]
    pub(crate) output: PathBuf,
    /// Replace a file that this command has not written
    #[arg(long)]
    pub(crate) force: bool,
}
