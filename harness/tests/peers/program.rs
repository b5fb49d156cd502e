//! Programs of other people.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::thread;
use std::time::{Duration, Instant};

/// A program that runs no longer than this test.
pub(crate) struct Running {
    child: Child,
    name: &'static str,
}

/// Starts a program.
pub(crate) fn start(name: &'static str, package: &str, command: &mut Command) -> Running {
    let child = command.spawn().unwrap_or_else(|error| panic!("{}", cannot_run(name, package, &error)));
    Running { child, name }
}

/// Runs a program to its end.
pub(crate) fn output(name: &str, package: &str, command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{}", cannot_run(name, package, &error)))
}

fn cannot_run(name: &str, package: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            format!("`{name}` is not installed; Debian has it in the package {package}: apt-get install {package}")
        }
        _ => format!("`{name}` does not start: {error}"),
    }
}

impl Running {
    /// Its exit code, awaited for so long.
    pub(crate) fn exit_code_within(mut self, patience: Duration) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("`{}` still runs after {patience:?}", self.name);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty folder for the files of one test.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
#[should_panic(expected = "Debian has it in the package sip-tester")]
fn a_missing_program_is_a_failure_that_names_the_package() {
    output("no-such-program", "sip-tester", &mut Command::new("no-such-program"));
}
