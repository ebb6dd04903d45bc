//! `secrets.json`: text from the environment or a file, and what it is as a secret.
//!
//! A secret that is printed is published, so no case can be accepted: `published` means that nothing
//! else is wrong with it.

use apply_cookies_protocol::{KeyRing, Secret, SecretList, WeakSecret};
use serde_json::{Value, json};

const ONE: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const OTHER: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";

/// Stands before what is refused: no published secret is in it, so that it is read.
const ACCEPTED: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sE-JfHdOaW7bKtLi2vRyA";

pub(crate) fn table() -> Value {
    let mut cases: Vec<Value> = single()
        .into_iter()
        .map(|(refused, comment, text)| json!({ "comment": comment, "form": "one", "text": text, "refused": refused }))
        .collect();
    cases.extend(line_ends());
    cases.extend(lists());
    json!({
        "comment": "text from the environment or a file; every secret here is published, and refused at least as that",
        "cases": cases,
    })
}

/// What is read when one line end is trimmed.
fn line_ends() -> Vec<Value> {
    [("none", ""), ("a line end", "\n"), ("as Windows has it", "\r\n")]
        .into_iter()
        .map(|(comment, end)| json!({ "comment": comment, "form": "one", "text": format!("{ONE}{end}"), "refused": "published", "secrets": [ONE] }))
        .collect()
}

fn lists() -> Vec<Value> {
    let case = |form: &str, comment: &str, text: String, secrets: &[&str]| json!({ "comment": comment, "form": form, "text": text, "refused": "published", "entry": 1, "secrets": secrets });
    let refused = |form: &str, comment: &str, text: String, entry: u8, kind: &str| json!({ "comment": comment, "form": form, "text": text, "refused": kind, "entry": entry });
    let mut comments = case(
        "lines",
        "comments and blank lines",
        format!("# the older ones\r\n\r\n{ONE}\r\n \t\n # and\n{OTHER}"),
        &[ONE, OTHER],
    );
    comments["entry"] = json!(3);
    vec![
        case("commas", "one", ONE.to_owned(), &[ONE]),
        case(
            "commas",
            "two, and a line end",
            format!("{ONE},{OTHER}\n"),
            &[ONE, OTHER],
        ),
        refused(
            "commas",
            "a blank behind the comma",
            format!("{ACCEPTED}, {OTHER}"),
            2,
            "white-space",
        ),
        refused(
            "commas",
            "a line end in front of the comma",
            format!("{ACCEPTED}\n,{OTHER}"),
            1,
            "white-space",
        ),
        refused(
            "commas",
            "line ends",
            format!("{ONE}\n{OTHER}"),
            1,
            "white-space",
        ),
        refused(
            "commas",
            "blanks",
            format!("{ONE} {OTHER}"),
            1,
            "white-space",
        ),
        refused(
            "commas",
            "tabs",
            format!("{ONE}\t{OTHER}"),
            1,
            "white-space",
        ),
        refused("commas", "semicolons", format!("{ONE};{OTHER}"), 1, "list"),
        refused(
            "commas",
            "vertical bars",
            format!("{ONE}|{OTHER}"),
            1,
            "list",
        ),
        refused("commas", "colons", format!("{ONE}:{OTHER}"), 1, "list"),
        refused(
            "commas",
            "line ends that nothing expanded",
            format!("{ONE}\\n{OTHER}"),
            1,
            "list",
        ),
        refused(
            "commas",
            "JSON",
            format!("[\"{ONE}\",\"{OTHER}\"]"),
            1,
            "quoted",
        ),
        refused(
            "commas",
            "nothing behind the comma",
            format!("{ACCEPTED},"),
            2,
            "too-short",
        ),
        refused(
            "commas",
            "nothing in front of it",
            format!(",{ONE}"),
            1,
            "too-short",
        ),
        case("lines", "one", format!("{ONE}\n"), &[ONE]),
        comments,
        refused("lines", "commas", format!("{ONE},{OTHER}"), 1, "list"),
        refused(
            "lines",
            "a comment behind a secret",
            format!("{ACCEPTED} # old"),
            1,
            "white-space",
        ),
        refused(
            "lines",
            "a comment right behind a secret",
            format!("{ACCEPTED}#old"),
            1,
            "list",
        ),
        refused(
            "lines",
            "a byte order mark",
            format!("\u{feff}# old\n{ONE}"),
            1,
            "white-space",
        ),
        refused(
            "lines",
            "line ends of old Macs",
            format!("{ONE}\r{OTHER}\r"),
            1,
            "white-space",
        ),
    ]
}

/// Kind, comment and text.
fn single() -> Vec<(&'static str, &'static str, String)> {
    let mut cases = Vec::new();
    let mut add = |kind, comment, text: String| cases.push((kind, comment, text));
    for (comment, text) in [
        ("a blank behind", format!("{ONE} ")),
        ("a blank in front", format!(" {ONE}")),
        ("a blank inside", ONE.replacen('n', " ", 1)),
        ("a tab", format!("{ONE}\t")),
        ("two line ends", format!("{ONE}\n\n")),
        ("a line end in front", format!("\n{ONE}")),
        ("a carriage return alone", format!("{ONE}\r")),
        ("a no-break space", format!("{ONE}\u{a0}")),
        ("an ideographic space", format!("\u{3000}{ONE}")),
        ("a line separator", format!("{ONE}\u{2028}")),
        ("a line end that nothing expanded", format!("{ONE}\\n")),
    ] {
        add("white-space", comment, text);
    }
    for (comment, text) in [
        ("a byte order mark", format!("\u{feff}{ONE}")),
        ("a zero-width space", format!("{ONE}\u{200b}")),
        (
            "a zero-width joiner inside",
            ONE.replacen('n', "\u{200d}", 1),
        ),
        ("a word joiner", format!("{ONE}\u{2060}")),
        ("a soft hyphen", ONE.replacen('n', "\u{ad}", 1)),
        ("a mark of direction", format!("\u{202a}{ONE}")),
        (
            "a character that a conversion lost",
            format!("\u{fffd}{ONE}"),
        ),
    ] {
        add("invisible", comment, text);
    }
    for (comment, text) in [
        ("NUL", format!("{ONE}\0")),
        (
            "UTF-16 without a byte order mark",
            ONE.chars().flat_map(|c| [c, '\0']).collect(),
        ),
        ("an escape", format!("\u{1b}{ONE}")),
        ("DEL", format!("{ONE}\u{7f}")),
    ] {
        add("control", comment, text);
    }
    for quotes in ["\"\"", "''", "``", "“”", "«»"] {
        let mut chars = quotes.chars();
        let (open, close) = (chars.next().unwrap(), chars.next().unwrap());
        add("quoted", "quotation marks", format!("{open}{ONE}{close}"));
    }
    add("quoted", "one quotation mark", format!("{ONE}'"));
    add("list", "two secrets", format!("{ONE},{OTHER}"));
    add("list", "a comma at the end", format!("{ONE},"));
    add(
        "list",
        "two secrets and a semicolon",
        format!("{ONE};{OTHER}"),
    );
    add("list", "JSON without quotation marks", format!("[{ONE}]"));
    add("list", "a comment behind it", format!("{ONE}#old"));
    add("list", "a line of variables", format!("KEY={ONE}"));
    for text in TEMPLATES {
        add("template", "a template", (*text).to_owned());
    }
    for text in REFERENCES {
        add("reference", "a reference", (*text).to_owned());
    }
    for text in PLACEHOLDERS {
        add("placeholder", "a placeholder", (*text).to_owned());
    }
    for word in WORDS_OF_PLACEHOLDERS.split(' ') {
        let text = format!("{word}_0f8d2b7c6e1a9435kd82nf03jqz");
        add("placeholder", "a word that no secret contains", text);
    }
    add("too-short", "nothing", String::new());
    add("too-short", "a byte too few", ONE[..31].to_owned());
    add("too-long", "a file of something else", ONE.repeat(40));
    add("guessable", "one character", "q".repeat(64));
    add("guessable", "a repetition", ONE[..16].repeat(3));
    add(
        "guessable",
        "a sequence",
        "0123456789abcdefghijklmnopqrstuvwxyz".to_owned(),
    );
    for (comment, text) in [
        (
            "a walk on the keyboard, repeated",
            "1234qwer-asdf-1234qwer-zxcv-1234qwer",
        ),
        ("words, repeated", "monkeymonkeydragondragonmastermaster"),
        ("dates", "01-01-1990-31-12-1999-24-12-2000"),
        ("bytes that count", "000102030405060708090a0b0c0d0e0f"),
        (
            "bytes that count, in base64",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ),
        (
            "a UUID of version 1",
            "123e4567-e89b-12d3-a456-426614174000",
        ),
    ] {
        add("guessable", comment, text.to_owned());
    }
    for text in DIGESTS {
        add(
            "guessable",
            "a digest of a word, or of nothing",
            (*text).to_owned(),
        );
    }
    for text in OF_GUIDES {
        add("guessable", "one that guides print", (*text).to_owned());
    }
    for (kind, text) in ENCODED {
        add(kind, "a text, encoded", (*text).to_owned());
    }
    add(
        "published",
        "the start of one",
        format!("shop-{}", &ONE[..32]),
    );
    for text in ["Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR", OTHER] {
        add("published", "one that this project prints", text.to_owned());
    }
    cases
}

const TEMPLATES: &[&str] = &[
    "${APPLY_COOKIES_SECRET_KEY}-${STAGE_OF_THIS}",
    "${APPLY_COOKIES_SECRET_KEY:?not-set-in-this-shell}",
    "$(cat</run/secrets/apply_cookies_secret_key)",
    "{{.Values.applyCookies.secretKey.production}}",
    "{{resolve:secretsmanager:apply:SecretString:key}}",
    "<%=ENV['APPLY_COOKIES_SECRET_KEY_OF_STAGE']%>",
    "#{ApplyCookies.SecretKey.Of.Production.Stage}",
    "<your-secret-key-of-at-least-32-bytes>",
    "%APPLY_COOKIES_SECRET_KEY_OF_PRODUCTION%",
    "$APPLY_COOKIES_SECRET_KEY_OF_PRODUCTION",
    "$env:APPLY_COOKIES_SECRET_KEY_PRODUCTION",
    "__APPLY_COOKIES_SECRET_KEY_PRODUCTION__",
    "@@APPLY_COOKIES_SECRET_KEY_PRODUCTION@@",
    "%env(SHOP_COOKIES_SIGNING_KEY_V2)%",
    "@Value(${shop.hmac.current.key})",
    "{{RELEASE_NAME}}-{{SESSION_HMAC_KEY}}",
    "#{ENV.fetch(:SHOP_SESSION_HMAC_KEY)}",
    "#{ENV.fetch(\"SHOP_HMAC_CURRENT_X\")}",
    "${K8S_EU1_2026_11_27_X7_Q9_Z3_B5_W2}",
    "%K8S_EU1_2026_11_27_X7_Q9_Z3_B5_W2%",
    "$SHOP_FRONTEND_SIGNATURE_MATERIAL_V2",
    "$Env:SHOP_FRONTEND_SIGNATURE_CURRENT",
];

const REFERENCES: &[&str] = &[
    "/run/secrets/apply_cookies_secret_key",
    "/Run/Secrets/ApplyCookies/SecretKey.value",
    "/mnt/AZFiles/ApplyCookies/SecretKey/Current",
    "./config/secrets/apply-cookies-key-2026",
    "../secrets/apply-cookies/current-key",
    "~/.config/apply-cookies/secret-key-2026",
    "C:\\ProgramData\\ApplyCookies\\SecretKey",
    "D:/ProgramData/ApplyCookies/SecretKeyFile",
    "\\\\server\\share\\apply-cookies\\secret-key",
    "config/keys/apply-cookies/current-2026",
    "apply-cookies-secret-of-the-stage.txt",
    "file:///run/secrets/apply_cookies_secret",
    "https://vault.example/v1/kv/apply-cookies",
    "op://Private/apply-cookies/secret-key",
    "vault:secret/data/apply-cookies#secret_key",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:apply-AbCdEf",
    "awssm:apply-cookies-secret-key-production",
    "projects/4711/secrets/apply-cookies/versions/latest",
    "@Microsoft.KeyVault(VaultName=a&SecretName=b)",
    "base64:OHVOblQ1bFpRMHpHbTFyVnhrUHFZYzNzRUpm",
    "base32:HB2U43SUGVWFUULK6MZXG6DLKBYVSYZT",
    "hex:38754e6e54356c5a51307a476d317256786b5071",
    "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zo",
    "ENC(OHVOblQ1bFpRMHpHbTFyVnhrUHFZYzNzRUpm)",
    "ENC[OHVOblQ1bFpRMHpHbTFyVnhrUHFZYzNzRUpm]",
    "{cipher}OHVOblQ1bFpRMHpHbTFyVnhrUHFZYzNzRUpm",
    "arn:aws:kms:eu-west-1:123456789012:alias/K8S-V2",
    "process.env.APPLY_COOKIES_SECRET_KEY",
    "process.env.SHOPFRONTENDSIGNATURENOW",
    "process.env.shopSignatureMaterialNow!",
    "import.meta.env.VITE_SHOP_SIGNATURE",
    "env!(\"SHOP_SIGNATURE_MATERIAL_NOW_X\")",
    "env(SHOP_COOKIES_SIGNING_KEY_NEW)",
    "os.environ[\"SESSION_SIGNING_KEY\"]",
    "ENV[\"SESSION_SIGNING_MATERIAL\"].strip",
    "System.getenv(\"SHOP_SIGNATURE_KEY\")",
    "std::env::var(\"SHOP_SESSION_HMAC\")",
    "secrets.SHOP_FRONTEND_SIGNATURE_CURRENT",
    "secrets.SESSIONSIGNINGMATERIALCURRENT",
    "var.shop_frontend_session_hmac_key",
    "ssm:/shop/frontend/signature/current",
    "sm://shop-frontend/session-hmac/5",
    "kms:alias/shop-frontend-sessions",
    "gcp:secretmanager:projects/4711/shop",
    "k8s://Shop/8F3A91C7/44D0/2B6E/77AA/X9",
    "/etc/keys/4f3a9c1e77b24f3a9c1e77b2",
    "/mnt/shop/4F3A9C1E77B2/9C1E/77B24F3A",
    "/run/shop/4f3a9c1e77b2/4f3a-9c1e.pem.v2",
];

const PLACEHOLDERS: &[&str] = &[
    "REPLACE_THIS_WITH_A_REAL_SECRET_VALUE",
    "replace.this.0f8d2b7c6e1a9435kd82nf03jqz",
    "example-secret-key-for-stages-alone-77",
    "ChangeMe0f8d2b7c6e1a9435kd82nf03jqz",
    "change~me~0f8d2b7c6e1a9435kd82nf03jqz",
    "c-h-a-n-g-e-m-e-0f8d2b7c6e1a9435kd82",
    "TODO_generate_one_before_the_release",
    "todo-0f8d2b7c6e1a9435kd82nf03jqzpw",
    "dev_secret_0f8d2b7c6e1a9435kd82nf03jqz",
    "YourSecretGoesHereAndNowhereElse2026",
    "my-local-test-token-please-ignore-42",
    "at-least-32-characters-long-random-string",
    "not-so-secret-value-set-in-environment",
    "please-set-this-to-a-long-random-string-before-use",
    "enter-your-own-private-signing-key-here-now",
    "put-a-secure-random-value-here-after-release",
    "insert.some.long.random.characters.here",
    "generate-a-new-one-and-replace-it-with-that",
    "never-use-this-in-the-live-environment",
    "this-is-just-a-test-key-for-local-dev-machines",
    "changed-in-deployment-config-file-of-server",
    "TheDefaultSharedSecretOfTheApplication",
    "none-yet-will-be-added-later-by-admin",
    "fixme-tbd-temporary-dummy-sample-token",
    "foo-bar-baz-hello-world-foo-bar-qux-xxx",
    "must-have-thirty-two-bytes-or-longer-minimum",
    "needs-to-be-the-same-on-all-of-our-servers",
    "session-cookie-encryption-passphrase-staging",
    "user-service-web-auth-jwt-demo-project-key",
    "my-very-strong-and-safe-super-good-secret",
    "remove-or-define-the-variable-name-from-path",
    "unset-null-invalid-fake-unsafe-bad-no-value",
    "commit-to-git-and-deploy-it-before-production",
    "generate_with_openssl_rand_base64_32",
    "SHOP_FRONTEND_SIGNATURE_MATERIAL_V2",
];

/// MD5, SHA-1 and SHA-256 of nothing and of `secret`, `password`, `test`, `admin`, `123456`,
/// `changeme` and `hello`; SHA-256 of each in base64.
const DIGESTS: &[&str] = &[
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "5ebe2294ecd0e0f08eab7690d2a6ee69",
    "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4",
    "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
    "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
    "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=",
    "098f6bcd4621d373cade4e832627b4f6",
    "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
    "21232f297a57a5a743894a0e4a801fc3",
    "d033e22ae348aeb5660fc2140aec35850c4da997",
    "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918",
    "jGl25bVBBBW96Qi9Te4V37Fnqchz/Eu4qB9vKrRIqRg=",
    "e10adc3949ba59abbe56e057f20f883e",
    "7c4a8d09ca3762af61e59520943dc26494f8941b",
    "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92",
    "jZae727K08KaOmKSgOaGzww/XVqGr/PKEgIMkjrcbJI=",
    "4cb9c8a8048fd02294477fcb1a41191a",
    "fa9beb99e4029ad5a6615399e7bbae21356086b3",
    "057ba03d6c44104863dc7361fe4578965d1887360f90a0895882e58a6248fc86",
    "BXugPWxEEEhj3HNh/kV4ll0YhzYPkKCJWILlimJI/IY=",
    "5d41402abc4b2a76b9719d911017c592",
    "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
    "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols",
    "sha256-K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
    "OWY4NmQwODE4ODRjN2Q2NTlhMmZlYWEwYzU1YWQwMTVhM2JmNGYxYjJiMGI4MjJjZDE1ZDZjMTViMGYwMGEwOCAgLQo=",
];

const OF_GUIDES: &[&str] = &[
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
];

/// In base64 or hexadecimal.
const ENCODED: &[(&str, &str)] = &[
    (
        "placeholder",
        "0x6d792d6c6f63616c2d746573742d746f6b656e2d706c656173652d69676e6f7265",
    ),
    (
        "placeholder",
        "Y2hhbmdlbWVjaGFuZ2VtZWNoYW5nZW1lY2hhbmdlbWU=",
    ),
    (
        "placeholder",
        "c3VwZXJzZWNyZXRzdXBlcnNlY3JldHN1cGVyc2VjcmV0",
    ),
    (
        "placeholder",
        "eW91ci0zMi1ieXRlLXNlY3JldC1rZXktaGVyZS0xMjM=",
    ),
    (
        "placeholder",
        "cGxlYXNlLWNoYW5nZS10aGlzLXNlY3JldC1rZXktMTIz",
    ),
    ("guessable", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="),
    ("guessable", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="),
    (
        "placeholder",
        "746869732d69732d612d7365637265742d6b65792d666f722d74657374696e67",
    ),
    (
        "placeholder",
        "7265706C6163652D776974682D7265616C2D76616C75652D6C617465720A",
    ),
    (
        "placeholder",
        "cGxlYXNlIHNldCB0aGlzIHRvIGEgbG9uZyByYW5kb20gc3RyaW5nCg==",
    ),
    (
        "placeholder",
        "cHV0LWEtcmFuZG9tLXZhbHVlLWhlcmUtYWZ0ZXItcmVsZWFzZQ",
    ),
    (
        "placeholder",
        "Y0hWMExXRXRjbUZ1Wkc5dExYWmhiSFZsTFdobGNtVXRZV1owWlhJdGNtVnNaV0Z6WlE9PQ==",
    ),
    (
        "template",
        "JHtBUFBMWV9DT09LSUVTX1NFQ1JFVF9LRVlfT0ZfU1RBR0V9Cg==",
    ),
    (
        "reference",
        "L3J1bi9zZWNyZXRzL2FwcGx5X2Nvb2tpZXNfc2VjcmV0X2tleQ==",
    ),
    (
        "reference",
        "cHJvY2Vzcy5lbnYuU0hPUF9GUk9OVEVORF9TSUdOQVRVUkU=",
    ),
];

/// Each with a random text behind it.
const WORDS_OF_PLACEHOLDERS: &str = "1qaz2wsx applycookies changeit changeme changethis correcthorse defaultsecret devsecret donotcommit donotuse dummysecret example fakesecret insecure keyhere letmein loremipsum mysecret notasecret notsecret password placeholder quickbrown qwertyui redacted replaceme replacethis replacewith secrethere secretkey supersecret testsecret topsecret yourkey yoursecret";

pub(crate) fn check(case: &Value) {
    let text = case["text"].as_str().unwrap();
    let name = format!("{} {text:?}", case["comment"]);
    let list = match case["form"].as_str().unwrap() {
        "one" => None,
        "commas" => Some(SecretList::Commas),
        "lines" => Some(SecretList::Lines),
        other => panic!("{other}"),
    };
    let (kind, entry) = match list {
        None => (
            kind(Secret::from_configuration(text).expect_err(&name)),
            None,
        ),
        Some(list) => {
            let error = list
                .read(text, Secret::from_configuration)
                .expect_err(&name);
            (kind(error.reason), Some(error.entry as u64))
        }
    };
    assert_eq!(kind, case["refused"], "{name}");
    assert_eq!(entry, case["entry"].as_u64(), "{name}");
    let Some(expected) = case["secrets"].as_array() else {
        return;
    };
    let id = |secret: &Secret| KeyRing::new(secret, &[]).unwrap().current_id();
    let read = match list {
        None => vec![Secret::new(text).unwrap()],
        Some(list) => list.read(text, Secret::new).unwrap(),
    };
    let same = |text: &Value| id(&Secret::new(text.as_str().unwrap()).unwrap());
    assert_eq!(
        read.iter().map(id).collect::<Vec<_>>(),
        expected.iter().map(same).collect::<Vec<_>>(),
        "{name}"
    );
}

fn kind(reason: WeakSecret) -> &'static str {
    match reason {
        WeakSecret::TooShort { .. } => "too-short",
        WeakSecret::TooLong => "too-long",
        WeakSecret::Guessable => "guessable",
        WeakSecret::Placeholder => "placeholder",
        WeakSecret::Published => "published",
        WeakSecret::WhiteSpace => "white-space",
        WeakSecret::Control => "control",
        WeakSecret::Invisible => "invisible",
        WeakSecret::Quoted => "quoted",
        WeakSecret::List => "list",
        WeakSecret::Template => "template",
        WeakSecret::Reference => "reference",
        other => panic!("{other:?}"),
    }
}
