//! Extensions that a request demands (RFC 3261 §8.2.2.3, §16.3 step 5). We know none of them.

use faxproof_wire::sip::{Message, Name};

/// The option tags in Require or Proxy-Require, of all its lines, as they are named in Unsupported. `None`
/// if nothing is demanded.
pub fn demanded(request: &Message, name: Name) -> Option<String> {
    let tags: Vec<_> = request.values(name).filter(|tag| !tag.is_empty()).collect();
    (!tags.is_empty()).then(|| tags.join(", "))
}
