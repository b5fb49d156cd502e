//! The command line: a contract that scripts outside this repository rely on.

mod dry;
mod explain;
mod list;
mod run;
mod summary;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use faxproof_reports::Verdict;

use crate::world::World;

/// Deterministic simulator and conformance harness for faxes that call each other by IP telephone number
#[derive(Debug, Parser)]
#[command(name = "faxproof", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 pass, 1 fail, 2 bad usage or input (nothing ran), 3 inconclusive or \
                          incomplete, 4 harness error";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios, compare their ladders with the accepted snapshots, judge them, count the arcs
    #[command(after_help = EXIT_CODES, after_long_help = run::MORE)]
    Run(RunArgs),
    /// List what there is: scenarios, arcs, rules, classes of devices, abuse or facts
    List {
        /// What to list
        #[arg(value_enum, default_value_t)]
        what: list::What,
        /// Print JSON: an array of objects with `id` and `about`
        #[arg(long)]
        json: bool,
    },
    /// Explain an arc (4.S13.selected), a rule (sip.ack-for-2xx), a scenario (fig04/learned), a class (fax1) or a
    /// row of the catalogue (XD3, G16)
    Explain {
        /// What to explain
        id: String,
    },
    /// Print the JSON Schema of scenarios, for editors
    Schema,
    /// Print completions for a shell: bash, zsh, fish, powershell or elvish
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Scenario files, or folders of them; the built-in set when none is given
    paths: Vec<PathBuf>,
    /// In which world to run: virtual, turmoil or sockets
    #[arg(long, default_value_t)]
    world: World,
    /// A seed in place of each scenario's own; ladders are not compared then
    #[arg(long)]
    seed: Option<u64>,
    /// How many scenarios at a time; the results are the same for any number [default: processors, 32 on
    /// sockets]
    #[arg(long)]
    jobs: Option<usize>,
    /// Run the I-th of N parts of the set, e.g. 1/4
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// Run only scenarios that exist for this arc; may be given several times
    #[arg(long)]
    arc: Vec<String>,
    /// Of scenarios with a matrix, run only cells with this value; may be given several times
    #[arg(long, value_name = "PARAMETER=VALUE", value_parser = cell)]
    cell: Vec<(String, String)>,
    /// Judge by this rule only, and by what the scenario itself expects
    #[arg(long)]
    rule: Option<String>,
    /// Stop at the first scenario that does not pass; those behind it count as not run
    #[arg(long)]
    fail_fast: bool,
    /// Accept the ladders as they are now as the new snapshots (PATHs needed)
    #[arg(long)]
    update: bool,
    /// Write a folder for each scenario: record.json, ladder.txt, printed pages as PNG; and junit.xml
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the result as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Tell in which headers messages differ from an earlier run: a record, or the DIR of its --out
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// Read and check everything, and tell what would run and what not; run nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave secrets in the record and in findings; ladders, snapshots and comparisons never show any
    #[arg(long)]
    show_secrets: bool,
    /// Print the result as JSON in place of the summary: format faxproof-run/1, explained below
    #[arg(long)]
    json: bool,
}

/// Reads the arguments, does what they say, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = !error.use_stderr();
            // A closed pipe is no reason to fail.
            let _ = error.print();
            return ExitCode::from(if asked { 0 } else { 2 });
        }
    };
    let mut out = io::stdout().lock();
    let code = match cli.command {
        Command::Run(args) => run::run(&args, &mut out),
        Command::List { what, json } => list::list(what, json, &mut out),
        Command::Explain { id } => explain::explain(&id, &mut out),
        Command::Completions { shell } => completions(shell, &mut out),
        Command::Schema => print(&mut out, &format!("{:#}\n", crate::scenario::schema())),
    };
    ExitCode::from(code)
}

/// The exit code of a verdict.
fn code_of(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Inconclusive => 3,
        Verdict::Error => 4,
    }
}

/// Tells what was wrong with the input.
fn refuse(why: impl std::fmt::Display) -> u8 {
    eprintln!("{why}");
    2
}

/// Prints; a reader that has gone away (`| head`) ends the output, not the program.
fn print(out: &mut impl Write, text: &str) -> u8 {
    let _ = out.write_all(text.as_bytes());
    0
}

fn completions(shell: Shell, out: &mut impl Write) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "faxproof", &mut script);
    print(out, &String::from_utf8_lossy(&script))
}

fn cell(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let (name, value) = parts.ok_or("a cell is PARAMETER=VALUE, e.g. knows=all")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((part, of)) if (1..=of).contains(&part) => Ok((part, of)),
        _ => Err("a shard is I/N with I from 1 to N, e.g. 1/4".to_owned()),
    }
}
