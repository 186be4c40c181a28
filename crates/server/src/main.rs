fn main() -> std::process::ExitCode {
    doorward::cli::run()
}
