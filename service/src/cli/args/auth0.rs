//! The arguments of `auth0`.

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Auth0Command {
    /// Creates a user who can sign in only by the link that it prints
    ///
    /// Whoever has the link becomes the person: give it to nobody else. It is valid for five days.
    Invite(InviteArgs),
    /// Lists people, 25 a page: id, e-mail address, name, and what is unusual, separated by tabs
    List(ListArgs),
    /// Prints somebody's roles, or gives them exactly these
    Roles(RolesArgs),
    /// Marks somebody's e-mail address as verified
    Verify(VerifyArgs),
    /// Prints a link to set a password, or has Auth0 send it
    ///
    /// A link is printed only for a person whom this client has invited and who has never signed in. To
    /// everybody else Auth0 sends an e-mail.
    Link(LinkArgs),
    /// Blocks somebody, so that they cannot sign in again
    ///
    /// Sessions that they have in an app last until their end, unless the app itself blocks them.
    Block(BlockArgs),
}

#[derive(clap::Args)]
pub(crate) struct InviteArgs {
    /// The person's e-mail address
    pub(crate) email: String,
    /// The database, as Auth0's dashboard calls it
    #[arg(
        long,
        value_name = "NAME",
        default_value = "Username-Password-Authentication"
    )]
    pub(crate) connection: String,
    /// A role to give; may be repeated
    #[arg(long = "role", value_name = "NAME")]
    pub(crate) roles: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// What an e-mail address, a name or a nickname begins with
    pub(crate) text: Option<String>,
    /// Which page, counted from 0
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) page: u32,
    /// One JSON object a line instead
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(clap::Args)]
pub(crate) struct PersonArg {
    /// Id, as in auth0|66b1f0c7c8e3d29a40000001, or e-mail address
    #[arg(value_name = "PERSON")]
    pub(crate) person: String,
}

#[derive(clap::Args)]
pub(crate) struct RolesArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// The roles that the person has from now on
    #[arg(value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Take all roles away
    #[arg(long, conflicts_with = "roles")]
    pub(crate) none: bool,
}

#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// Have Auth0 send an e-mail by which the person does it
    #[arg(long)]
    pub(crate) mail: bool,
}

#[derive(clap::Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// How long the link is valid
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(1..=2_592_000))]
    pub(crate) ttl: u32,
}

#[derive(clap::Args)]
pub(crate) struct BlockArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// Let them in again
    #[arg(long)]
    pub(crate) undo: bool,
}
