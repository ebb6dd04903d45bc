//! Settings: flag, then environment, then file, then default; and what is said of them.

#[path = "../../replay/tests/support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::process::Command;

use apply_cookies::Secrets;
use folder::Folder;
use run::{bare, text};

const COMPLETE: &str = r#"
listen = ["127.0.0.1:8788", "unix:/run/app.sock"]
origin = ["https://app.example"]
max_ttl = 60
allow_insecure_http = false

[api]
listen = "unix:/run/api.sock"
socket_mode = "0600"

[log]
format = "json"

[auth]
anything = "is another program's"
"#;

struct Settings {
    folder: Folder,
    program: Command,
}

impl Settings {
    /// A file with this text, and a secret in the environment.
    fn of(file: &str) -> Self {
        let folder = Folder::new();
        let path = folder.path().join("settings.toml");
        fs::write(&path, file).unwrap();
        let mut program = bare();
        program
            .env("APPLY_COOKIES_SECRET_KEY", Secrets::generate())
            .env("APPLY_COOKIES_CONFIG", path);
        Self { folder, program }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.program.env(name, value);
        self
    }

    /// Exit code, standard output, standard error, with the path of the file left out.
    fn run(mut self, args: &[&str]) -> (i32, String, String) {
        let output = run::run(self.program.args(args), "");
        let folder = format!("{}/", self.folder.path().display());
        let said = |bytes| text(bytes).replace(&folder, "");
        (
            output.status.code().unwrap(),
            said(&output.stdout),
            said(&output.stderr),
        )
    }

    /// What `check-config` says of one setting.
    fn line(self, key: &str, args: &[&str]) -> String {
        let (code, said, wrong) = self.run(&[&["check-config"], args].concat());
        assert_eq!((code, &*wrong), (0, ""));
        let mut lines = said.lines();
        let line = lines.find(|line| line.starts_with(&format!("{key} =")));
        line.unwrap().to_owned()
    }

    /// What `check-config` finds wrong, and nothing else.
    fn wrong(self) -> String {
        let (code, _, wrong) = self.run(&["check-config"]);
        assert_eq!(code, 1, "{wrong}");
        wrong
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let with = || Settings::of(COMPLETE);
    assert_eq!(
        with().line("max_ttl", &[]),
        "max_ttl = 60  # settings.toml:4"
    );
    let variable = || with().env("APPLY_COOKIES_MAX_TTL", "61");
    assert_eq!(
        variable().line("max_ttl", &[]),
        "max_ttl = 61  # APPLY_COOKIES_MAX_TTL"
    );
    assert_eq!(
        variable().line("max_ttl", &["--max-ttl", "62"]),
        "max_ttl = 62  # --max-ttl"
    );
    let nothing = with().env("APPLY_COOKIES_MAX_TTL", "");
    assert_eq!(
        nothing.line("max_ttl", &[]),
        "max_ttl = 60  # settings.toml:4"
    );
    let file =
        Settings::of("listen = ['127.0.0.1:1']\norigin = ['https://a.example']\nmax_ttl = ''");
    assert_eq!(file.line("max_ttl", &[]), "max_ttl = 3600  # default");
}

#[test]
fn lists_switches_and_sections_have_the_same_names_in_each_layer() {
    let with = || Settings::of(COMPLETE);
    assert_eq!(
        with().line("listen", &[]),
        r#"listen = ["127.0.0.1:8788", "unix:/run/app.sock"]  # settings.toml:2"#
    );
    let listen = with().env("APPLY_COOKIES_LISTEN", "localhost:1, unix:/x");
    assert_eq!(
        listen.line("listen", &[]),
        r#"listen = ["localhost:1", "unix:/x"]  # APPLY_COOKIES_LISTEN"#
    );
    let origin = with().env(
        "APPLY_COOKIES_ORIGIN",
        "https://a.example,https://b.example",
    );
    assert_eq!(
        origin.line("origin", &[]),
        r#"origin = ["https://a.example", "https://b.example"]  # APPLY_COOKIES_ORIGIN"#
    );
    let mode = with().env("APPLY_COOKIES_API_SOCKET_MODE", "0640");
    assert_eq!(
        mode.line("api.socket_mode", &[]),
        r#"api.socket_mode = "0640"  # APPLY_COOKIES_API_SOCKET_MODE"#
    );
    for (args, shown) in [
        (
            &["--log-requests"][..],
            "log.requests = true  # --log-requests",
        ),
        (
            &["--log-requests=false"],
            "log.requests = false  # --log-requests",
        ),
        (&[], "log.requests = true  # APPLY_COOKIES_LOG_REQUESTS"),
    ] {
        let variable = with().env("APPLY_COOKIES_LOG_REQUESTS", "true");
        assert_eq!(variable.line("log.requests", args), shown);
    }
    let filter = with().env("RUST_LOG", "debug");
    assert_eq!(
        filter.line("log.filter", &[]),
        r#"log.filter = "debug"  # RUST_LOG"#
    );
    let both = with()
        .env("RUST_LOG", "debug")
        .env("APPLY_COOKIES_LOG_FILTER", "warn");
    assert_eq!(
        both.line("log.filter", &[]),
        r#"log.filter = "warn"  # APPLY_COOKIES_LOG_FILTER"#
    );
}

#[test]
fn every_mistake_is_said_at_once_with_its_place() {
    let file = format!("{COMPLETE}\nlisten_too = 1\n")
        .replace("max_ttl = 60", "max_tll = 60\nbinding = 'perhaps'");
    let wrong = Settings::of(&file)
        .env("APPLY_COOKIES_SHUTDOWN_TIMEOUT", "soon")
        .env("APPLY_COOKIES_LISTEN", "nowhere")
        .wrong();
    for expected in [
        "apply-cookies: settings.toml:4: max_tll is unknown; max_ttl is the nearest",
        "apply-cookies: settings.toml:5: binding must be one of required, optional",
        "apply-cookies: APPLY_COOKIES_SHUTDOWN_TIMEOUT: must be a whole number of seconds from 1s to 3600s",
        "apply-cookies: APPLY_COOKIES_LISTEN: must be a host and a port",
    ] {
        assert!(wrong.contains(expected), "{expected}: {wrong}");
    }
    // Below [auth] it is the app's.
    assert!(!wrong.contains("listen_too"), "{wrong}");
    let (code, _, said) = Settings::of(&file).run(&["serve"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("max_tll is unknown; max_ttl is the nearest"),
        "{said}"
    );
}

#[test]
fn mistakes_of_the_file_have_its_line_and_never_its_text() {
    let precious = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
    for (file, expected) in [
        (
            format!("\nsecret_key = '{precious}'"),
            "settings.toml:2: secrets never stand in this file",
        ),
        (format!("a = 1\nb = '{precious}"), "settings.toml:2: "),
        (
            format!("[log]\nfilter = ['{precious}=x=y']"),
            "settings.toml:2: log.filter ",
        ),
        (
            format!("replay = 'redis://user:{precious}@host'"),
            "settings.toml:1: replay has a password",
        ),
        (
            format!("[api]\nsocket_mode = {{ a = '{precious}' }}"),
            "settings.toml:2: api.socket_mode has the wrong type",
        ),
        (
            "max_ttl = [1, 2]".to_owned(),
            "settings.toml:1: max_ttl takes one value",
        ),
        (
            "[nowhere]\na = 1".to_owned(),
            "settings.toml:1: nowhere is unknown",
        ),
        (
            "origins = ['https://a.example']".to_owned(),
            "origin is the nearest",
        ),
    ] {
        let wrong = Settings::of(&file).wrong();
        assert!(wrong.contains(expected), "{file}: {wrong}");
        assert!(!wrong.contains(precious), "{wrong}");
    }
    let absent = Settings::of("")
        .env("APPLY_COOKIES_CONFIG", "/no/such/file")
        .wrong();
    assert!(absent.contains("cannot read /no/such/file"), "{absent}");
    let nothing = Settings::of("").wrong();
    for key in ["listen", "origin"] {
        assert!(
            nothing.contains(&format!("{key} is not set: give --{key}")),
            "{nothing}"
        );
    }
}

#[test]
fn check_config_finds_what_only_shows_together_and_binds_and_makes_nothing() {
    let folder = Folder::new();
    let store = folder.path().join("replay");
    let replay = format!("file:{}", store.display());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let args = ["--listen", &*taken, "--replay", &*replay];
    let (code, said, wrong) = Settings::of(COMPLETE).run(&[&["check-config"], &args[..]].concat());
    assert_eq!((code, &*wrong), (0, ""));
    assert!(said.contains("# the secrets can be used"), "{said}");
    assert!(!store.exists());
    for (args, expected) in [
        (&["--prefix", "/healthz"][..], "give another --prefix"),
        (
            &["--replay", "file:/no/such/folder/replay"],
            "folder of its file does not exist",
        ),
        (&["--replay", "nowhere"], "--replay must be"),
        (
            &["--secret-key-file", "/no/such/file"],
            "APPLY_COOKIES_SECRET_KEY and secret_key_file are both set",
        ),
    ] {
        let (code, _, wrong) = Settings::of(COMPLETE).run(&[&["check-config"], args].concat());
        assert_eq!(code, 1, "{args:?}");
        assert!(wrong.contains(expected), "{args:?}: {wrong}");
    }
}

#[test]
fn what_config_prints_is_a_file_of_the_same_settings() {
    let shown = |settings: Settings| {
        let (code, said, wrong) = settings.run(&["check-config"]);
        assert_eq!((code, &*wrong), (0, ""));
        // Without the sources.
        let values = said
            .lines()
            .map(|line| line.split("  # ").next().unwrap().to_owned());
        values.collect::<Vec<_>>()
    };
    let (code, printed, wrong) = Settings::of(COMPLETE)
        .env("APPLY_COOKIES_PREFIX", "/cookies")
        .env("APPLY_COOKIES_LOG_FILTER", "info,\"\\x")
        .run(&["config", "--limits-connections", "12"]);
    // A filter that cannot be meant.
    assert_eq!(code, 1, "{printed}{wrong}");
    let with = || Settings::of(COMPLETE).env("APPLY_COOKIES_PREFIX", "/cookies");
    let (code, printed, wrong) = with().run(&["config"]);
    assert_eq!((code, &*wrong), (0, ""));
    assert_eq!(shown(Settings::of(&printed)), shown(with()));
    assert!(
        printed.contains("\n# shutdown_timeout = \"10s\""),
        "{printed}"
    );

    let url = "postgres://user:hidden@host/app";
    let (_, printed, _) = with().env("APPLY_COOKIES_REPLAY", url).run(&["config"]);
    assert!(
        printed.contains("# replay = \"postgres://...\""),
        "{printed}"
    );
    assert!(!printed.contains("hidden"));
}

#[test]
fn a_secret_where_its_file_belongs_is_not_shown() {
    let secret = Secrets::generate();
    let secret = secret.trim();
    for name in [
        "APPLY_COOKIES_SECRET_KEY_FILE",
        "APPLY_COOKIES_API_KEYS_FILE",
    ] {
        for command in ["check-config", "config"] {
            let settings = Settings::of(COMPLETE).env(name, secret);
            let (_, said, wrong) = settings.run(&[command]);
            assert!(said.contains("keys_file = "), "{said}");
            assert!(!said.contains(secret) && !wrong.contains(secret));
        }
    }
}

#[test]
fn secrets_come_from_files_that_settings_name_and_from_systemds_credentials() {
    let folder = Folder::new();
    let secret = folder.path().join("secret");
    fs::write(&secret, Secrets::generate()).unwrap();
    let weak = folder.path().join("weak");
    fs::write(&weak, "hunter2").unwrap();
    let file = |path: &std::path::Path| {
        format!(
            "listen = ['127.0.0.1:1']\norigin = ['https://a.example']\nsecret_key_file = '{}'",
            path.display()
        )
    };
    let without = |text: &str| Settings::of(text).env("APPLY_COOKIES_SECRET_KEY", "");
    assert_eq!(without(&file(&secret)).run(&["check-config"]).0, 0);
    let wrong = without(&file(&weak)).wrong();
    assert!(
        wrong.contains("secret_key_file: ") && !wrong.contains("hunter2"),
        "{wrong}"
    );
    // The environment goes before the file.
    assert_eq!(Settings::of(&file(&weak)).run(&["check-config"]).0, 0);
    let variable =
        without(&file(&weak)).env("APPLY_COOKIES_SECRET_KEY_FILE", secret.to_str().unwrap());
    assert_eq!(variable.run(&["check-config"]).0, 0);

    let text = "listen = ['127.0.0.1:1']\norigin = ['https://a.example']";
    let credentials =
        || without(text).env("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap());
    assert_eq!(credentials().run(&["check-config"]).0, 0);
    fs::write(folder.path().join("previous-keys"), "hunter2\n").unwrap();
    let wrong = credentials().wrong();
    assert!(
        wrong.contains("$CREDENTIALS_DIRECTORY/previous-keys, line 1"),
        "{wrong}"
    );
    fs::remove_file(&secret).unwrap();
    let wrong = credentials().wrong();
    assert!(wrong.contains("set APPLY_COOKIES_SECRET_KEY"), "{wrong}");
}
