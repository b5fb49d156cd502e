//! Session descriptions.

use faxproof_wire::sdp::parse;

/// A description: what is read is written in a form that reads alike.
pub fn sdp(bytes: &[u8]) -> bool {
    let Ok(described) = parse(bytes) else { return false };
    let _ = (described.presented(), described.is_refusal());
    let written = described.to_bytes();
    // Each line may be written with the longest address and three octets for one.
    assert!(written.len() <= 3 * bytes.len() + 256, "{} octets of {}", written.len(), bytes.len());
    assert_eq!(parse(&written).as_ref(), Ok(&described), "{}", String::from_utf8_lossy(&written));
    true
}
