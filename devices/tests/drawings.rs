//! DRAWINGS.md shows the tables of the code as graphs; this test keeps it true.

#![allow(clippy::disallowed_methods, reason = "a test may write the file that it checks")]

use std::fmt::Write;

use faxproof_devices::chart::CHARTS;
use faxproof_devices::sip::transaction::{TABLES, TIMERS, mermaid};

fn drawn() -> String {
    let mut text = "# Drawings\n\nDrawn from the tables in the code by the test `drawings`; do not edit. \
                    `UPDATE=1 cargo test -p faxproof-devices --test drawings` draws them anew.\n"
        .to_owned();
    for chart in CHARTS {
        let _ = write!(
            text,
            "\n## Figure {}: {}\n\n```mermaid\n{}```\n",
            chart.figure,
            chart.title,
            chart.mermaid()
        );
    }
    for table in TABLES {
        let _ = write!(text, "\n## {} ({})\n\n```mermaid\n{}```\n", table.name, table.source, mermaid(table));
    }
    text.push_str("\n## Timers (RFC 3261 Appendix A, RFC 6026 §8.11)\n\nA timer that is not started over TCP would repeat what \
                   TCP delivers; one of zero fires at once.\n\n| timer | over UDP | over TCP |\n| --- | --- | --- |\n");
    for (name, datagrams, stream) in TIMERS {
        let stream = stream.map_or("not started".to_owned(), |span| span.to_string());
        let _ = writeln!(text, "| {name} | {datagrams} | {stream} |");
    }
    text
}

#[test]
fn the_drawings_show_the_tables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/DRAWINGS.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, drawn()).expect("DRAWINGS.md can be written");
    }
    let shown = std::fs::read_to_string(path).expect("DRAWINGS.md is there");
    assert!(shown == drawn(), "DRAWINGS.md is behind the tables; draw it anew with UPDATE=1");
}
