//! Hands the arguments to the library and returns its exit code.

fn main() -> std::process::ExitCode {
    let environment = fitsnap::Environment::of_process();
    let code = fitsnap::run(std::env::args_os(), &environment);
    std::process::ExitCode::from(code as u8)
}
