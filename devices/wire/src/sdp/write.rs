//! Writing a session description: `v o s c t`, then each media line with its `c`, setup and connection.

use std::fmt::Write;
use std::net::IpAddr;

use bytes::Bytes;

use super::{Capability, Description, Media};

impl Description {
    /// The description as sent. Control characters in a text value are left out and spaces become
    /// `_`, so that no value can bring a line or a field of its own.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = String::with_capacity(160);
        // Writing into a String cannot fail.
        let _ = write!(
            out,
            "v=0\r\no={} {} {} IN {} {}\r\ns=-\r\n",
            field(&self.origin_user),
            field(&self.id),
            self.version,
            address_type(&self.origin_address),
            field(&self.origin_address)
        );
        write_connection(&mut out, self.connection);
        out.push_str("t=0 0\r\n");
        write_declared(&mut out, &self.declared);
        for media in &self.media {
            write_media(&mut out, media);
        }
        Bytes::from(out)
    }
}

/// The capabilities are numbered through, one number for each format (RFC 3407 §3.2).
fn write_declared(out: &mut String, declared: &[Capability]) {
    if !declared.is_empty() {
        out.push_str("a=sqn: 0\r\n");
    }
    let mut number = 1;
    for Capability { kind, proto, formats } in declared {
        let _ = write!(out, "a=cdsc: {number} {} {}", field(kind), field(proto));
        for format in formats {
            let _ = write!(out, " {}", field(format));
        }
        out.push_str("\r\n");
        number += formats.len();
    }
}

fn write_media(out: &mut String, media: &Media) {
    let _ = write!(out, "m={} {} {}", field(&media.kind), media.port, field(&media.proto));
    for format in &media.formats {
        let _ = write!(out, " {}", field(format));
    }
    out.push_str("\r\n");
    write_connection(out, media.address);
    if let Some(setup) = media.setup {
        let _ = write!(out, "a=setup:{}\r\n", setup.as_str());
    }
    if let Some(reuse) = media.connection {
        let _ = write!(out, "a=connection:{}\r\n", reuse.as_str());
    }
}

fn write_connection(out: &mut String, address: Option<IpAddr>) {
    if let Some(address) = address {
        let address = address.to_string();
        let _ = write!(out, "c=IN {} {address}\r\n", address_type(&address));
    }
}

fn address_type(address: &str) -> &'static str {
    if address.contains(':') { "IP6" } else { "IP4" }
}

fn field(value: &str) -> String {
    let kept = value.chars().filter(|letter| !letter.is_control());
    kept.map(|letter| if letter.is_whitespace() { '_' } else { letter }).collect()
}
