//! Lists of roles, all pages of them.

use serde::Deserialize;

use super::api::Api;
use super::error::ManagementError;
use super::user::Role;

const ROLES_A_PAGE: u32 = 50;
/// The most pages of roles that are read. Auth0 gives out 1,000 entries of a list.
const ROLE_PAGES_MAX: u32 = 20;

#[derive(Deserialize)]
struct Roles {
    roles: Vec<Role>,
    total: u32,
}

impl Api {
    /// The ids of roles with these names.
    pub(super) async fn role_ids(&self, names: &[String]) -> Result<Vec<String>, ManagementError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.roles_at("roles").await?;
        let mut ids = Vec::new();
        for name in names {
            let role = all.iter().find(|role| role.name == *name);
            let role = role.ok_or_else(|| ManagementError::UnknownRole(name.clone()))?;
            if !ids.contains(&role.id) {
                ids.push(role.id.clone());
            }
        }
        Ok(ids)
    }

    /// All pages of a list of roles.
    pub(super) async fn roles_at(&self, path: &str) -> Result<Vec<Role>, ManagementError> {
        let mut all = Vec::new();
        let per_page = ROLES_A_PAGE.to_string();
        for page in 0..ROLE_PAGES_MAX {
            let page = page.to_string();
            let parameters = [
                ("per_page", &*per_page),
                ("page", &*page),
                ("include_totals", "true"),
            ];
            let roles: Roles = self.call("GET", path, &parameters, None).await?;
            let is_last = roles.roles.is_empty();
            all.extend(roles.roles);
            let total = usize::try_from(roles.total).unwrap_or(usize::MAX);
            if is_last || all.len() >= total {
                break;
            }
        }
        Ok(all)
    }
}
