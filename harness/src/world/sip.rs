//! What a world does with SIP: it names a message and lets a rule edit it.

use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::sip::{Message, Name, glance, reason_phrase};

use crate::plan::Act;
use crate::template::Context;

/// The label of a datagram: `INVITE`, `200 INVITE`, `ping` for line ends alone, or `raw` if it is no SIP message.
pub(crate) fn label(bytes: &Bytes) -> Arc<str> {
    if let Some(label) = glance(bytes) {
        return label.into();
    }
    if !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        return "ping".into();
    }
    Message::parse(bytes.clone()).map_or_else(|_| Arc::from("raw"), |message| message.label().into())
}

/// The message as a rule's act edits it, and what was done, in words.
///
/// # Errors
/// Why the act cannot be applied, in words.
pub(crate) fn edit(bytes: &Bytes, act: &Act, context: &Context<'_>) -> Result<(Bytes, String), String> {
    let message = Message::parse(bytes.clone()).map_err(|_| "it is no SIP message")?;
    let mut edit = message.edit();
    let done = match act {
        Act::SetCode { .. } if message.is_request() => return Err("a request has no status code".to_owned()),
        Act::SetCode { code } => {
            edit.set_code(*code, reason_phrase(*code));
            format!("set code {code} in")
        }
        Act::SetHeader { name, value } => {
            edit.set(Name::parse(name.as_bytes()), value.fill(context)?);
            format!("set {name} in")
        }
        Act::RemoveHeader { name } => {
            edit.remove_all(Name::parse(name.as_bytes()));
            format!("removed {name} from")
        }
        Act::SetBody { content_type, body } => {
            edit.set_body(content_type, body.fill(context)?);
            "set the body of".to_owned()
        }
        _ => return Err("that is no edit of a SIP message".to_owned()),
    };
    Ok((edit.finish().raw().clone(), done))
}
