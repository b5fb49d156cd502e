//! Flowcharts as graphs.

use std::fmt::Write;

use super::{Chart, END};

impl Chart {
    /// The flowchart as a Mermaid graph: steps as boxes, arcs with their outcome.
    pub fn mermaid(&self) -> String {
        let mut text = format!("%% Figure {}: {}\nflowchart TD\n", self.figure, self.title);
        for step in self.steps {
            let _ = writeln!(text, "    {0}[\"{0}: {1}\"]", step.name, step.text);
        }
        let _ = writeln!(text, "    {END}([end])");
        for step in self.steps {
            for next in step.next {
                let _ = writeln!(text, "    {} --> {next}", step.name);
            }
        }
        for arc in self.arcs {
            let outcome = arc.name.rsplit('.').next().unwrap_or(arc.name);
            for to in arc.to {
                let _ = writeln!(text, "    {} -- {outcome} --> {to}", arc.from);
            }
        }
        text
    }
}
