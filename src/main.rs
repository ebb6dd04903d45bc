//! The program `apply-cookies`.

fn main() -> std::process::ExitCode {
    apply_cookies::service::main()
}
