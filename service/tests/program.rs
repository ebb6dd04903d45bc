//! The program's promises, by running it.

#[path = "support/run.rs"]
mod run;
#[path = "support/service.rs"]
mod service;
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use apply_cookies::Secrets;
use run::{run, text};
use serde_json::{Value, json};
use service::{ORIGIN, Service, program};
use support::{SECRET, SESSION_LINE, browser, cookie_header};

static OTHER_SECRET: LazyLock<String> = LazyLock::new(Secrets::generate);

fn mint(args: &[&str], input: &str) -> Vec<String> {
    let output = run(program().arg("mint").args(args), input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

fn inspect(args: &[&str], input: &str) -> Vec<Value> {
    let output = run(program().arg("inspect").args(args), input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = text(&output.stdout);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const BATCH: &str = r#"{"operations":[{"op":"set","name":"session","value":"8f14e45f"}]}"#;

#[test]
fn keygen_prints_a_new_secret_each_time() {
    let key = || {
        let output = run(program().env_clear().arg("keygen"), "");
        assert!(output.status.success());
        text(&output.stdout).to_owned()
    };
    let (one, other) = (key(), key());
    assert_ne!(one, other);
    assert_eq!(one.len(), 44);
    assert!(
        one.trim_end()
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    );
    let output = run(
        program()
            .env("APPLY_COOKIES_SECRET_KEY", one.trim_end())
            .arg("mint"),
        BATCH,
    );
    assert!(output.status.success());
}

#[test]
fn password_prints_a_hash_of_what_it_is_given() {
    use apply_cookies_auth::{Password, PasswordHash};
    let hash = |input: &str| run(program().env_clear().arg("password"), input);
    for (input, password) in [
        ("correct horse", "correct horse"),
        ("correct horse\n", "correct horse"),
        ("correct horse\r\n", "correct horse"),
        (" two\nlines \n\n", " two\nlines \n"),
        ("gr\u{FC}n\u{1F511}", "gr\u{FC}n\u{1F511}"),
    ] {
        let output = hash(input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let (line, again) = (text(&output.stdout).to_owned(), hash(input));
        assert!(
            line.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{line}"
        );
        assert_ne!(line, text(&again.stdout), "each has a salt of its own");
        let read = PasswordHash::parse(line.trim_end()).unwrap();
        assert!(read.verify(&Password::new(password).unwrap()));
    }
    assert!(hash(&"a".repeat(1024)).status.success());
    for refused in ["", "\n", &"a".repeat(1025), &"a".repeat(5000)] {
        let output = hash(refused);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stdout).is_empty() && !text(&output.stderr).contains("aaa"));
    }
}

#[test]
fn inspect_reads_what_mint_writes() {
    let batch = json!({"operations": [
        {"op": "set", "name": "a", "value": "1", "max_age": 60, "path": "/x", "domain": "app.example",
         "secure": true, "http_only": false, "same_site": null, "partitioned": true},
        {"op": "delete", "name": "b", "path": null, "domain": null, "secure": false, "partitioned": false},
    ]});
    for seal in ["encrypted", "signed"] {
        let tokens = mint(
            &["--seal", seal, "--ttl", "120"],
            &format!("{batch}\n{BATCH}\n"),
        );
        assert_eq!(tokens.len(), 2);
        let reports = inspect(&[], &tokens.join("\n"));
        let report = &reports[0];
        assert_eq!(report["verdict"], "valid");
        assert_eq!(report["profile"], "native");
        assert_eq!(report["seal"], seal);
        assert_eq!(report["nonce"].as_str().unwrap().len(), 22);
        let (issued, expires) = (
            report["issued_at"].as_u64().unwrap(),
            report["expires_at"].as_u64().unwrap(),
        );
        assert_eq!(expires - issued, 120_000);
        assert_eq!(report["operations"], batch["operations"]);
        assert_ne!(reports[0]["nonce"], reports[1]["nonce"]);

        // What inspect shows can be minted again.
        let again = json!({"operations": report["operations"]}).to_string();
        assert_eq!(
            inspect(&[], &mint(&[], &again)[0])[0]["operations"],
            batch["operations"]
        );

        let at = |seconds: u64| {
            let reports = inspect(&["--now", &seconds.to_string()], &tokens[0]);
            reports[0]["verdict"].as_str().unwrap().to_owned()
        };
        assert_eq!(at(expires / 1000 + 1), "expired");
        assert_eq!(at(issued / 1000), "valid");
        assert_eq!(at(issued / 1000 - 10), "not_yet_valid");
    }
}

#[test]
fn each_line_is_answered_at_once() {
    let mut child = program()
        .arg("mint")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        writeln!(input, "{BATCH}").unwrap();
        let mut token = String::new();
        output.read_line(&mut token).unwrap();
        assert!(token.starts_with("e1."));
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn inspect_shows_nothing_of_an_invalid_token_and_says_why_it_is() {
    let minted = |secret: &str, profile: &str| {
        let mut program = program();
        program
            .env("APPLY_COOKIES_SECRET_KEY", secret)
            .env("MESOP_COOKIE_SECRET_KEY", secret)
            .args(["mint", "--profile", profile]);
        text(&run(&mut program, BATCH).stdout).trim_end().to_owned()
    };
    let changed = |token: &str| {
        let other = if &token[50..51] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &token[..50], &token[51..])
    };
    // Behind a whole group of base64.
    let cut = |token: &str| token[..3 + 96].to_owned();
    for profile in ["native", "mesop"] {
        let good = minted(&SECRET, profile);
        let of_other_secret = minted(&OTHER_SECRET, profile);
        let (form, other_secret, mac) = match profile {
            "native" => (
                "begins with neither",
                "no configured secret has",
                "was changed",
            ),
            _ => (
                "the form of a token",
                "not made with this secret",
                "was changed",
            ),
        };
        let cases = [
            (String::new(), form),
            ("nonsense".to_owned(), form),
            (of_other_secret, other_secret),
            (changed(&good), mac),
            ("e1.".to_owned() + &"A".repeat(20_000), "longer than any"),
            (format!("{good}\u{0}"), "UTF-16"),
            (good.clone() + "!", "the form of a token"),
            (
                cut(&good),
                if profile == "native" {
                    "MAC"
                } else {
                    "form of a token"
                },
            ),
        ];
        let input = cases.each_ref().map(|(token, _)| &**token).join("\n");
        let mut program = program();
        program
            .env("MESOP_COOKIE_SECRET_KEY", &*SECRET)
            .args(["inspect", "--profile", profile]);
        let output = run(&mut program, input);
        let invalid = "{\"verdict\":\"invalid\"}\n".repeat(cases.len());
        assert_eq!(text(&output.stdout), invalid);
        let said: Vec<&str> = text(&output.stderr).lines().collect();
        assert_eq!(said.len(), cases.len(), "{said:?}");
        for (n, (line, (token, why))) in said.iter().zip(&cases).enumerate() {
            assert!(line.starts_with(&format!("line {}: ", n + 1)), "{line}");
            assert!(line.contains(why), "{profile} {token:.40}: {line}");
            assert!(token.len() < 9 || !line.contains(&**token), "{line}");
        }
    }
}

#[test]
fn mint_names_line_and_field_of_a_refused_batch_and_goes_on() {
    let input = format!(
        "{BATCH}\n{}\nnot json\n{}\n{BATCH}",
        r#"{"operations":[{"op":"set","name":"a b","value":"s3cr3t"}]}"#,
        r#"{"operations":[{"op":"set","name":"a","value":"s3cr3t","colour":1}]}"#,
    );
    let binding = browser(1).to_text();
    let output = run(program().args(["mint", "--binding", &binding]), &input);
    assert_eq!(output.status.code(), Some(1));
    let stdout = text(&output.stdout);
    let lines: Vec<bool> = stdout.lines().map(str::is_empty).collect();
    assert_eq!(lines, [false, true, true, true, false]);
    let errors = text(&output.stderr);
    let starts = ["line 2: name: ", "line 3: batch: ", "line 4: colour: "];
    for (line, start) in errors.lines().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(errors.lines().count(), 3);
    assert!(!errors.contains("s3cr3t"));
}

#[test]
fn secrets_come_from_one_place_and_are_never_shown() {
    let refused = |change: &dyn Fn(&mut Command)| {
        let mut command = program();
        change(command.arg("mint"));
        let output = run(&mut command, BATCH);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        text(&output.stderr).to_owned()
    };
    let folder = std::env::temp_dir().join(format!("apply-cookies-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("secret");
    std::fs::write(&file, format!("{}\n", *SECRET)).unwrap();

    assert!(
        refused(&|c| {
            c.env_clear();
        })
        .contains("keygen")
    );
    assert!(
        refused(&|c| {
            c.env("APPLY_COOKIES_SECRET_KEY_FILE", &file);
        })
        .contains("both")
    );
    let weak = refused(&|c| {
        c.env("APPLY_COOKIES_SECRET_KEY", "hunter2");
    });
    assert!(weak.contains("keygen") && !weak.contains("hunter2"));
    assert!(
        refused(&|c| {
            c.env("APPLY_COOKIES_PREVIOUS_KEYS", "short");
        })
        .contains("keygen")
    );
    let twice = refused(&|c| {
        c.env("APPLY_COOKIES_PREVIOUS_KEYS", &*SECRET);
    });
    assert!(twice.contains("APPLY_COOKIES_PREVIOUS_KEYS repeats") && !twice.contains(&*SECRET));
    assert!(
        refused(&|c| {
            c.env_clear()
                .env("APPLY_COOKIES_SECRET_KEY_FILE", folder.join("absent"));
        })
        .contains("APPLY_COOKIES_SECRET_KEY_FILE")
    );

    let from_file = run(
        program()
            .env_clear()
            .env("APPLY_COOKIES_SECRET_KEY_FILE", &file)
            .arg("mint"),
        BATCH,
    );
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(inspect(&[], text(&from_file.stdout))[0]["verdict"], "valid");
}

#[test]
fn an_older_secret_still_verifies() {
    let token = &mint(&[], BATCH)[0];
    let rotated = run(
        program()
            .env("APPLY_COOKIES_SECRET_KEY", &*OTHER_SECRET)
            .env("APPLY_COOKIES_PREVIOUS_KEYS", &*SECRET)
            .arg("inspect"),
        token,
    );
    assert!(text(&rotated.stdout).contains("\"valid\""));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [
        vec![],
        vec!["mint", "--seal", "rot13"],
        vec!["mint", "--ttl", "0"],
        vec!["mint", "--ttl", "86401"],
        vec!["mint", "--binding", "hunter2"],
        vec!["inspect", "--now", "yesterday"],
        vec!["serve", "--origin", "https://app.example"],
        vec!["serve", "--listen", "127.0.0.1:0"],
        vec![
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--origin",
            "app.example",
        ],
        vec!["unknown"],
    ] {
        let output = run(program().args(&args), "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty());
        assert!(!text(&output.stderr).contains("hunter2"), "{args:?}");
    }
    let mesop = ["mint", "--profile", "mesop"];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN];
    let cookie = ["cookie", "encode", "--protection", "plain", "--name"];
    // What clap cannot know by itself: the option, and the usage of the command that was given.
    for (command, args, option) in [
        (&["mint"][..], &["--binding", "hunter2"][..], "--binding"),
        (&["mint"], &["--ttl", "3601"], "--max-ttl"),
        (&mesop, &["--seal", "encrypted"], "--seal"),
        (&mesop, &["--then", "reload"], "--then"),
        (&mesop, &["--ttl", "61"], "--ttl"),
        (&mesop, &["--binding", "hunter2"], "--binding"),
        (
            &serve,
            &["--profile", "native", "--profile", "native"],
            "--profile",
        ),
        (&serve, &["--prefix", "/a", "--prefix", "/b"], "--prefix"),
        (&serve, &["--prefix", "/healthz"], "--prefix"),
        (&serve, &["--prefix", "no-slash"], "--prefix"),
        (
            &serve,
            &["--profile", "native", "--profile", "mesop"],
            "--prefix",
        ),
        (&cookie, &["a b"], "--name"),
    ] {
        let output = run(program().args(command).args(args), "");
        assert_eq!(output.status.code(), Some(2), "{command:?} {args:?}");
        let said = text(&output.stderr);
        assert!(said.lines().next().unwrap().contains(option), "{said}");
        let words = command.iter().take_while(|word| !word.starts_with('-'));
        let words: Vec<&str> = words.copied().collect();
        let usage = format!("\nUsage: apply-cookies {} [OPTIONS]", words.join(" "));
        assert!(said.contains(&usage), "{said}");
    }
    let insecure = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--origin",
        "http://app.example",
    ];
    assert_eq!(run(program().args(insecure), "").status.code(), Some(1));
}

/// A running service, ended when it is dropped.
#[test]
fn the_service_redeems_what_another_process_minted_once_it_is_ready() {
    let service = Service::start(&[]);
    let binding = browser(1).to_text();
    let minted = || mint(&["--binding", &binding], BATCH).remove(0);
    assert_eq!(service.get("/healthz"), 200);
    assert_eq!(service.get("/readyz"), 503);
    let early = minted();
    assert_eq!(service.post(&early, &cookie_header(1)).status, 410);
    service.wait_until_ready();
    let token = minted();
    assert_eq!(service.post(&token, &cookie_header(2)).status, 403);
    let response = service.post(&token, &cookie_header(1));
    assert_eq!(
        (response.status, response.all("set-cookie")),
        (204, vec![SESSION_LINE])
    );
    assert_eq!(
        service.post(&mint(&[], BATCH)[0], &cookie_header(1)).status,
        403,
        "not bound"
    );
    assert_eq!(service.get("/__apply-cookies/client.js"), 200);
}

#[test]
fn with_an_optional_binding_an_unbound_token_passes_and_a_bound_one_is_enforced() {
    let service = Service::start(&["--binding", "optional", "--prefix", "/__apply-cookies"]);
    service.wait_until_ready();
    assert_eq!(service.post(&mint(&[], BATCH)[0], "X: y").status, 204);
    let bound = &mint(&["--binding", &browser(1).to_text()], BATCH)[0];
    assert_eq!(service.post(bound, "X: y").status, 403);
    assert_eq!(service.post(bound, &cookie_header(1)).status, 204);
}

#[test]
fn sigterm_ends_the_service_and_the_log_contains_no_secret() {
    let mut service = Service::start(&[]);
    service.wait_until_ready();
    let token = &mint(&["--binding", &browser(1).to_text()], BATCH)[0];
    assert_eq!(service.post(token, &cookie_header(1)).status, 204);
    assert_eq!(service.post(token, "X: y").status, 403);
    let killed = Command::new("kill")
        .args(["-TERM", &service.child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(service.child.wait().unwrap().success());
    let log = std::mem::replace(&mut service.log, std::thread::spawn(String::new));
    let log = log.join().unwrap();
    assert!(log.contains("stopped"), "{log}");
    for secret in [&*SECRET, token, &browser(1).to_text(), "8f14e45f"] {
        assert!(!log.contains(secret));
    }
}

#[test]
fn a_port_that_is_taken_is_a_clear_refusal() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(
        program().args(["serve", "--listen", &address, "--origin", ORIGIN]),
        "",
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&format!("cannot listen on {address}")));
}
