//! Transition tables as graphs.

use std::fmt::Write;

use super::{Action, Input, State, Table};

/// The machine as a Mermaid state diagram, as the documentation shows it.
pub fn mermaid(table: &Table) -> String {
    let mut text = format!("%% {}: {}\nstateDiagram-v2\n", table.name, table.source);
    for (from, input, to, actions) in table.rows {
        let does: Vec<String> = actions.iter().map(|action| action_words(*action)).collect();
        let does = if does.is_empty() { String::new() } else { format!(" / {}", does.join(", ")) };
        let _ = writeln!(text, "    {} --> {}: {}{does}", node(*from), node(*to), input_words(*input));
    }
    text
}

fn node(state: State) -> String {
    match state {
        State::Start | State::Terminated => "[*]".to_owned(),
        other => format!("{other:?}"),
    }
}

fn input_words(input: Input) -> String {
    match input {
        Input::Begin => "begins".into(),
        Input::Fires("100") => "200 ms".into(),
        Input::Fires(timer) => format!("Timer {timer}"),
        Input::Provisional => "1xx".into(),
        Input::Success => "2xx".into(),
        Input::Failure => "300-699".into(),
        Input::Copy => "request again".into(),
        Input::Ack => "ACK".into(),
        Input::OwnProvisional => "1xx from user".into(),
        Input::OwnSuccess => "2xx from user".into(),
        Input::OwnFailure => "300-699 from user".into(),
        Input::Unreachable => "unreachable".into(),
    }
}

fn action_words(action: Action) -> String {
    match action {
        Action::SendRequest => "send request".into(),
        Action::SendResponse => "send response".into(),
        Action::SendTrying => "send 100".into(),
        Action::SendAck => "send ACK".into(),
        Action::PassUp => "pass up".into(),
        Action::TellTimeout => "tell timeout".into(),
        Action::TellUnreachable => "tell unreachable".into(),
        Action::Arm(name) => format!("arm {name}"),
        Action::ArmDoubled(name) => format!("arm {name} doubled"),
        Action::ArmSlow(name) => format!("arm {name} at T2"),
        Action::Disarm(name) => format!("stop {name}"),
    }
}
