//! What the pages of the administration need.

use super::invite::Invite;
use super::management::Management;

pub(crate) struct Admin {
    /// The role of those who may.
    pub(crate) roles: Vec<String>,
    pub(crate) users: Management,
    /// What everybody gets who is invited there.
    pub(crate) invite: Invite,
}
