//! Secrets in variables and files, by running the program: what is refused, what the two places have
//! in common, and every secret that this repository prints.

#[path = "../../replay/tests/support/folder.rs"]
mod folder;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use apply_cookies::Secrets;
use apply_cookies::protocol::{Secret, WeakSecret};

const CURRENT: &str = "APPLY_COOKIES_SECRET_KEY";
const CURRENT_FILE: &str = "APPLY_COOKIES_SECRET_KEY_FILE";
const PREVIOUS: &str = "APPLY_COOKIES_PREVIOUS_KEYS";
const PREVIOUS_FILE: &str = "APPLY_COOKIES_PREVIOUS_KEYS_FILE";
const MESOP: &str = "MESOP_COOKIE_SECRET_KEY";
const PUBLISHED: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

const ENCODE: [&str; 6] = ["cookie", "encode", "--name", "a", "--protection", "signed"];
const SERVE: [&str; 5] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--origin",
    "https://app.example",
];

/// Runs a tool that reads nothing, so that it ends.
fn run(args: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_apply-cookies"))
        .env_clear()
        .envs(environment.iter().copied())
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The error of a refusal, which must name the variable and the command, and show no value.
fn refused(args: &[&str], environment: &[(&str, &str)], variable: &str) -> String {
    let output = run(args, environment);
    assert_eq!(output.status.code(), Some(1), "{environment:?}");
    assert!(output.stdout.is_empty());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(variable), "{variable}: {error}");
    assert!(error.contains("apply-cookies keygen"), "{error}");
    for (_, value) in environment {
        let shown = value
            .split(['\n', ',', ' '])
            .any(|part| part.len() > 20 && error.contains(part));
        assert!(!shown, "{error}");
    }
    error
}

/// A list is counted as its reader counts it, and the variable to change is named.
#[test]
fn what_is_wrong_with_previous_secrets_is_found_by_its_place() {
    let folder = folder::Folder::new();
    let (current, other) = (Secrets::generate(), Secrets::generate());
    let file = folder.path().join("previous");
    for (text, line) in [
        ("short".to_owned(), 1),
        (format!("{other}\nshort\n"), 2),
        (format!("# old\n\n{other}\n short\n"), 4),
        (format!("\n\n\n\n# none\n{other} \n"), 6),
        (format!("{other}\r\n\r\nshort"), 3),
    ] {
        fs::write(&file, text).unwrap();
        let environment = [
            (CURRENT, &*current),
            (PREVIOUS_FILE, file.to_str().unwrap()),
        ];
        let error = refused(&ENCODE, &environment, PREVIOUS_FILE);
        assert!(
            error.contains(&format!("{PREVIOUS_FILE}, line {line}: ")),
            "{error}"
        );
    }
    let list = format!("{other},short");
    let error = refused(
        &ENCODE,
        &[(CURRENT, &*current), (PREVIOUS, &list)],
        PREVIOUS,
    );
    assert!(
        error.contains(&format!("{PREVIOUS}, number 2: ")),
        "{error}"
    );

    for repeated in [
        vec![&current],
        vec![&other, &current],
        vec![&other, &other],
        vec![&current, &other],
        vec![&other, &current, &other],
    ] {
        let [commas, lines] = [",", "\n"].map(|between| {
            let texts: Vec<&str> = repeated.iter().map(|text| &***text).collect();
            texts.join(between)
        });
        fs::write(&file, lines).unwrap();
        for (variable, value) in [
            (PREVIOUS, &*commas),
            (PREVIOUS_FILE, file.to_str().unwrap()),
        ] {
            for args in [&ENCODE[..], &SERVE, &["mint"], &["inspect"]] {
                let output = run(args, &[(CURRENT, &current), (variable, value)]);
                assert_eq!(output.status.code(), Some(1), "{repeated:?}");
                let error = String::from_utf8(output.stderr).unwrap();
                assert!(error.contains(&format!("{variable} repeats")), "{error}");
                assert!(!error.contains(&current) && !error.contains(&other));
            }
        }
    }
}

/// The same text is refused as a current secret and as a previous one, from a variable and a file.
#[test]
fn what_stands_beside_a_secret_is_refused_in_all_four_places() {
    let folder = folder::Folder::new();
    let good = Secrets::generate();
    let file = folder.path().join("secret");
    for (before, after) in [
        ("", " "),
        (" ", ""),
        ("", "\t"),
        ("", "\r"),
        ("", "\n\n"),
        ("\n", ""),
        ("", "\u{a0}"),
        ("\u{2003}", ""),
        ("\u{feff}", ""),
        ("", "\u{200b}"),
        ("\"", "\""),
        ("'", "'"),
        ("", ";"),
    ] {
        let text = format!("{before}{good}{after}");
        fs::write(&file, &text).unwrap();
        let path = file.to_str().unwrap();
        let other = Secrets::generate();
        refused(&ENCODE, &[(CURRENT, &text)], CURRENT);
        refused(&ENCODE, &[(CURRENT_FILE, path)], CURRENT_FILE);
        refused(&ENCODE, &[(CURRENT, &other), (PREVIOUS, &text)], PREVIOUS);
        // In a file of several, line ends separate.
        if !text.contains('\n') {
            refused(
                &ENCODE,
                &[(CURRENT, &other), (PREVIOUS_FILE, path)],
                PREVIOUS_FILE,
            );
        }
    }
}

#[test]
fn a_line_end_belongs_to_no_secret_in_all_four_places() {
    let folder = folder::Folder::new();
    let (good, new) = (Secrets::generate(), Secrets::generate());
    let [one, several] = ["one", "several"].map(|name| folder.path().join(name));
    for end in ["", "\n", "\r\n"] {
        let text = format!("{good}{end}");
        fs::write(&one, &text).unwrap();
        fs::write(&several, format!("# the one before{end}\n{end}\n{text}")).unwrap();
        let [one, several] = [&one, &several].map(|path| path.to_str().unwrap());
        let list = format!("{},{text}", Secrets::generate());
        let ways: [&[(&str, &str)]; 4] = [
            &[(CURRENT, &text)],
            &[(CURRENT_FILE, one)],
            &[(CURRENT, &new), (PREVIOUS, &list)],
            &[(CURRENT, &new), (PREVIOUS_FILE, several)],
        ];
        let value = encoded(&[(CURRENT, &good)]);
        for environment in ways {
            assert_eq!(
                decoded(environment, &value),
                "{\"ok\":true,\"value\":1}\n",
                "{end:?}"
            );
        }
    }
    // Nothing in it is no previous secret.
    fs::write(&several, "# none now\n\n").unwrap();
    let environment = [
        (CURRENT, &*good),
        (PREVIOUS_FILE, several.to_str().unwrap()),
    ];
    assert!(run(&ENCODE, &environment).status.success());
}

fn encoded(environment: &[(&str, &str)]) -> String {
    answer(&ENCODE, environment, "1\n")
}

fn decoded(environment: &[(&str, &str)], value: &str) -> String {
    let args = ["cookie", "decode", "--name", "a", "--protection", "signed"];
    answer(&args, environment, value)
}

fn answer(args: &[&str], environment: &[(&str, &str)], input: &str) -> String {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_apply-cookies"))
        .env_clear()
        .envs(environment.iter().copied())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn lists_that_commas_do_not_separate_are_refused() {
    let [current, old, older] = [(); 3].map(|()| Secrets::generate());
    for list in [
        format!("{old}\n{older}"),
        format!("{old} {older}"),
        format!("{old}, {older}"),
        format!("{old};{older}"),
        format!("{old}|{older}"),
        format!("{old}\t{older}"),
        format!("[\"{old}\",\"{older}\"]"),
        format!("{old},"),
        format!("{old},,{older}"),
    ] {
        refused(&ENCODE, &[(CURRENT, &current), (PREVIOUS, &list)], PREVIOUS);
    }
}

#[test]
fn secrets_that_others_know_are_refused_wherever_they_come_from() {
    let published = [PUBLISHED, "public-secret-0123456789abcdef0123456789abcdef"];
    for known in [
        "/run/secrets/apply_cookies_secret_key",
        "file:///run/secrets/apply_cookies_secret",
        "${APPLY_COOKIES_SECRET_KEY:?please_set_it}",
        "{{ .Values.applyCookies.secretKey.value }}",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a",
        "REPLACE_THIS_WITH_A_REAL_SECRET_VALUE",
        "example-secret-key-for-development-only",
        "todo-8d2f7c6e1a9435kd82nf03jqzpwx",
        published[0],
        published[1],
    ] {
        for args in [&ENCODE[..], &SERVE, &["mint"], &["inspect"]] {
            refused(args, &[(CURRENT, known)], CURRENT);
            let mesop = [args, &["--profile", "mesop"]].concat();
            let error = refused(&mesop, &[(MESOP, known)], MESOP);
            // Only a published one can be allowed, and only for tools.
            let hinted = error.contains("--allow-published-secret");
            assert_eq!(
                hinted,
                published.contains(&known) && args != SERVE,
                "{error}"
            );
        }
        let flagged = [&ENCODE[..], &["--allow-published-secret"]].concat();
        let done = run(&flagged, &[(CURRENT, known)]).status.success();
        assert_eq!(done, known == PUBLISHED);
    }
    for args in [&SERVE[..], &["demo"], &["set-cookie"]] {
        let args = [args, &["--allow-published-secret"]].concat();
        assert_eq!(run(&args, &[(CURRENT, PUBLISHED)]).status.code(), Some(2));
    }
}

#[test]
fn both_places_for_one_thing_are_too_many() {
    let good = Secrets::generate();
    for (one, other) in [(CURRENT, CURRENT_FILE), (PREVIOUS, PREVIOUS_FILE)] {
        let output = run(
            &ENCODE,
            &[(CURRENT, &good), (one, &good), (other, "/dev/null")],
        );
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains(&format!("{one} and {other} are both set")),
            "{error}"
        );
    }
}

#[test]
fn files_that_hold_no_secret_are_refused_by_the_name_of_their_variable() {
    let folder = folder::Folder::new();
    let good = Secrets::generate();
    let utf16 = |mark: &[u8]| {
        [
            mark,
            &good
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>(),
        ]
        .concat()
    };
    let path = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wrong = [
        path("utf-16", &utf16(&[0xff, 0xfe])),
        path("utf-16-without-mark", &utf16(&[])),
        path("latin-1", &[good.as_bytes(), &[0xe9]].concat()),
        path("huge", &b"x".repeat(1 << 20)),
        "/dev/zero".to_owned(),
    ];
    for file in &wrong {
        refused(&ENCODE, &[(CURRENT_FILE, file)], CURRENT_FILE);
        refused(
            &ENCODE,
            &[(CURRENT, &good), (PREVIOUS_FILE, file)],
            PREVIOUS_FILE,
        );
    }
    refused(
        &ENCODE,
        &[(CURRENT_FILE, &path("empty", b""))],
        CURRENT_FILE,
    );
    refused(
        &ENCODE,
        &[(CURRENT_FILE, &path("line-end", b"\n"))],
        CURRENT_FILE,
    );
    refused(
        &ENCODE,
        &[(
            CURRENT_FILE,
            &path("several", format!("{good}\n{PUBLISHED}").as_bytes()),
        )],
        CURRENT_FILE,
    );
    // There, the error is the system's.
    let here = folder.path().to_str().unwrap();
    for file in [here, &format!("{here}/absent")] {
        for (name, current) in [(CURRENT_FILE, CURRENT_FILE), (PREVIOUS_FILE, CURRENT)] {
            let value = if current == CURRENT { &good } else { file };
            let output = run(&ENCODE, &[(current, value), (name, file)]);
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(error.contains(name) && !error.contains(here), "{error}");
        }
    }
}

/// Reads the repository's own text: each text that a page, a vector, a test or an example uses as a
/// secret is refused from the environment.
#[test]
fn every_secret_that_the_repository_prints_is_refused() {
    let mut printed = BTreeSet::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        &mut printed,
    );
    assert!(
        printed.contains(PUBLISHED) && printed.len() > 5,
        "{printed:?}"
    );
    let accepted = |text: &&String| Secret::from_configuration(text).is_ok();
    let accepted: Vec<&String> = printed.iter().filter(accepted).collect();
    assert!(
        accepted.is_empty(),
        "add to protocol/src/keys/printed.rs: {accepted:?}"
    );
    for text in printed {
        if let Err(WeakSecret::Published) = Secret::from_configuration(&text) {
            let of_mesop = Secret::from_mesop_configuration(&text).map(|_| ());
            assert_eq!(of_mesop, Err(WeakSecret::Published), "{text:?}");
        }
    }
}

fn collect(folder: &Path, printed: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let endings = [
            "md", "rs", "json", "py", "mjs", "js", "ts", "toml", "yml", "",
        ];
        if path.is_dir() {
            let skipped = ["target", "node_modules", "corpus", ".git"];
            if !skipped.contains(&&*name) {
                collect(&path, printed);
            }
        } else if endings.contains(&&*ending)
            && let Ok(text) = fs::read_to_string(&path)
        {
            printed.extend(secrets_in(&text, ending == "json"));
        }
    }
}

/// What is used as a secret: a quoted text of random characters, one on a line that speaks of
/// secrets, and each word of the form that `keygen` prints, but in JSON, where tokens look alike.
fn secrets_in(text: &str, is_json: bool) -> impl Iterator<Item = String> + '_ {
    text.lines().flat_map(move |line| {
        let about = line.to_ascii_lowercase();
        let about = ["secret", "_key", "of_mesop"]
            .iter()
            .any(|word| about.contains(word));
        let quoted: Vec<&str> = line.split(['"', '\'']).skip(1).step_by(2).collect();
        let assigned = line.split(['=', ' ', '"', '\'', '`', '(', ')', ',']);
        quoted
            .into_iter()
            .filter(move |_| about)
            .chain(assigned.filter(move |word| {
                (!is_json && is_base64(word)) || (about && is_hexadecimal(word))
            }))
            .filter(|text| text.len() >= 32)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    })
}

fn is_hexadecimal(word: &str) -> bool {
    word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit())
}

/// Like 32 random bytes.
fn is_base64(word: &str) -> bool {
    let bare = word.trim_end_matches('=');
    let has = |kind: fn(&char) -> bool| bare.chars().any(|c| kind(&c));
    bare.len() == 43
        && bare
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_+/".contains(c))
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}
