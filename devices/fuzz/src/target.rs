//! A check as a program of its own.

/// Makes a program of a check: a fuzz target, or where there is no fuzzer, one that checks the files that
/// its command line names.
#[macro_export]
macro_rules! target {
    ($check:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            let _ = $check(bytes);
        });

        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
            if seed % 2 == 0 {
                return libfuzzer_sys::fuzzer_mutate(data, size, most);
            }
            let input = [data[..size].to_vec()];
            let mut mutant = $crate::Mutator::new(u64::from(seed), &input, &[]).draw();
            mutant.truncate(most);
            data[..mutant.len()].copy_from_slice(&mutant);
            mutant.len()
        });

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::repeat($check)
        }
    };
}

/// Checks the files named on the command line, one after the other.
pub fn repeat(check: impl Fn(&[u8]) -> bool) -> std::process::ExitCode {
    for path in std::env::args_os().skip(1) {
        #[allow(clippy::disallowed_methods, reason = "this is no device")]
        let read = std::fs::read(&path);
        match read {
            Ok(bytes) if check(&bytes) => println!("{}: taken", path.display()),
            Ok(_) => println!("{}: refused", path.display()),
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                return std::process::ExitCode::from(2);
            }
        }
    }
    std::process::ExitCode::SUCCESS
}
