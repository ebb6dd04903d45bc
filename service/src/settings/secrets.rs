//! Where the secrets are.

use std::path::PathBuf;

use apply_cookies::{PREVIOUS_KEYS, SECRET_KEY, SecretFiles, Secrets};

use super::resolve::Resolved;
use super::source::Source;
use crate::refused::Refused;

/// The names of systemd's credentials.
const CREDENTIALS: [(&str, &str); 2] = [
    ("secret", "$CREDENTIALS_DIRECTORY/secret"),
    ("previous-keys", "$CREDENTIALS_DIRECTORY/previous-keys"),
];

/// The secrets of the native profile: a flag's file, else the environment's, else the file that the
/// settings' file names, else systemd's credentials.
pub(crate) fn secrets(settings: &Resolved) -> Result<Secrets, Refused> {
    let mut files = SecretFiles::new();
    if let Some((name, path)) = place(settings, 0) {
        files = files.secret_key(name, path);
    }
    if let Some((name, path)) = place(settings, 1) {
        files = files.previous_keys(name, path);
    }
    Ok(Secrets::from_env_or(&files)?)
}

/// The file of the current secret, or of the previous ones, and what to call it.
fn place(settings: &Resolved, which: usize) -> Option<(&'static str, PathBuf)> {
    let (setting, variable) = [
        ("secret_key_file", SECRET_KEY),
        ("previous_keys_file", PREVIOUS_KEYS),
    ][which];
    let in_variable = std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    let found = settings.found.iter().find(|found| found.key.0 == setting)?;
    match (&found.source, found.values.first()) {
        // The environment goes before the file.
        (Source::File(..) | Source::Default, _) if in_variable => None,
        (Source::Environment(_), Some(path)) => {
            let variable = if which == 0 {
                apply_cookies::SECRET_KEY_FILE
            } else {
                apply_cookies::PREVIOUS_KEYS_FILE
            };
            Some((variable, path.into()))
        }
        (_, Some(path)) => Some((setting, path.into())),
        (_, None) => {
            let (file, shown) = CREDENTIALS[which];
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
            let path = PathBuf::from(folder).join(file);
            path.exists().then_some((shown, path))
        }
    }
}
