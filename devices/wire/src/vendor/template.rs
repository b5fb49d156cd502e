//! Literal text with named holes: written by filling the holes, read by finding the text around them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Flaw;

/// The most characters of a template.
const LONGEST: usize = 4096;
/// The most protocols in a list.
const MOST_PROTOCOLS: usize = 64;
/// The longest name of a protocol.
const LONGEST_NAME: usize = 64;
const HOLES: &str = "write `{address}`, `{port}`, `{protocol}` or `{protocols}`, and `{{` for a brace";

/// A place in a text that differs from call to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hole {
    /// An IP address, of IPv6 in brackets.
    Address,
    /// A TCP port.
    Port,
    /// A protocol.
    Protocol,
    /// Protocols in order of preference, with the profile's separator between them.
    Protocols,
}

/// What stands in the holes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// Of `{address}`.
    pub address: Option<IpAddr>,
    /// Of `{port}`.
    pub port: Option<u16>,
    /// Of `{protocols}`; the only one is that of `{protocol}`.
    pub protocols: Vec<String>,
}

/// A text with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
    separator: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(Hole),
}

/// What a template stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// In the value of a header field: one line, and nothing blank at its ends.
    InHeader,
    /// In a body: line ends are written as they stand.
    InBody,
}

impl Hole {
    /// All of them.
    pub const ALL: [Hole; 4] = [Hole::Address, Hole::Port, Hole::Protocol, Hole::Protocols];

    /// Its name, as between braces.
    pub fn name(self) -> &'static str {
        match self {
            Hole::Address => "address",
            Hole::Port => "port",
            Hole::Protocol => "protocol",
            Hole::Protocols => "protocols",
        }
    }

    /// Whether its value could go on with this character.
    fn holds(self, c: char) -> bool {
        match self {
            Hole::Address => c.is_ascii_digit() || c == '.',
            Hole::Port => c.is_ascii_digit(),
            Hole::Protocol | Hole::Protocols => in_protocol(c),
        }
    }

    /// Takes its value off the front: as much as can belong to it.
    fn take<'t>(self, text: &'t str, separator: &str, values: &mut Values) -> Option<&'t str> {
        let run = |text: &'t str| {
            let end = text.find(|c| !self.holds(c)).unwrap_or(text.len());
            text.split_at(end)
        };
        match self {
            Hole::Address => {
                if let Some(inside) = text.strip_prefix('[') {
                    let (address, rest) = inside.split_once(']')?;
                    values.address = Some(address.parse::<Ipv6Addr>().ok()?.into());
                    return Some(rest);
                }
                let (address, rest) = run(text);
                values.address = Some(address.parse::<Ipv4Addr>().ok()?.into());
                Some(rest)
            }
            Hole::Port => {
                let (digits, rest) = run(text);
                let port = digits.parse::<u16>().ok()?;
                // One way to write each number: what is read is what would be written.
                values.port = Some(port).filter(|port| port.to_string() == digits);
                values.port.map(|_| rest)
            }
            Hole::Protocol | Hole::Protocols => {
                let mut rest = text;
                loop {
                    let (name, behind) = run(rest);
                    let fits = (1..=LONGEST_NAME).contains(&name.len());
                    if !fits || values.protocols.len() >= MOST_PROTOCOLS {
                        return None;
                    }
                    values.protocols.push(name.to_owned());
                    let next = behind.strip_prefix(separator).filter(|next| next.starts_with(in_protocol));
                    match next {
                        Some(next) if self == Hole::Protocols => rest = next,
                        _ => return Some(behind),
                    }
                }
            }
        }
    }
}

/// Whether a name of a protocol may hold this.
fn in_protocol(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-.+_/".contains(c)
}

/// Whether a separator keeps names of protocols apart, and stands in one line.
pub(super) fn separates(separator: &str) -> bool {
    let length = separator.chars().count();
    (1..=8).contains(&length) && separator.chars().all(|c| !in_protocol(c) && !c.is_control())
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(source: &str, separator: &str, stands: Stands) -> Result<Template, Vec<Flaw>> {
        let mut flaws = strange(source, stands);
        let pieces = pieces(source, separator, &mut flaws);
        if flaws.is_empty() {
            Ok(Template { source: source.to_owned(), pieces, separator: separator.to_owned() })
        } else {
            flaws.sort_by_key(|flaw| flaw.at);
            Err(flaws)
        }
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its holes in their order.
    pub fn holes(&self) -> impl Iterator<Item = Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(*hole),
            Piece::Text(_) => None,
        })
    }

    /// The text with its holes filled. A hole without a value stays empty.
    pub fn fill(&self, values: &Values) -> String {
        let filled = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Hole(Hole::Address) => match values.address {
                Some(IpAddr::V6(ip)) => format!("[{ip}]"),
                Some(IpAddr::V4(ip)) => ip.to_string(),
                None => String::new(),
            },
            Piece::Hole(Hole::Port) => values.port.map(|port| port.to_string()).unwrap_or_default(),
            Piece::Hole(Hole::Protocol) => values.protocols.first().cloned().unwrap_or_default(),
            Piece::Hole(Hole::Protocols) => values.protocols.join(&self.separator),
        });
        filled.collect()
    }

    /// What stands in the holes of a text; false if the text is not this one, letter for letter.
    pub fn read(&self, text: &str, values: &mut Values) -> bool {
        let rest = self.pieces.iter().try_fold(text, |rest, piece| match piece {
            Piece::Text(text) => rest.strip_prefix(text.as_str()),
            Piece::Hole(hole) => hole.take(rest, &self.separator, values),
        });
        rest == Some("")
    }
}

/// Characters that cannot stand there.
fn strange(source: &str, stands: Stands) -> Vec<Flaw> {
    let legal = |c: char| !c.is_control() || c == '\t' || (stands == Stands::InBody && "\r\n".contains(c));
    let mut flaws = Vec::new();
    if let Some(at) = source.chars().position(|c| !legal(c)) {
        let message = match stands {
            Stands::InHeader => "a control character in a header, which is one line",
            Stands::InBody => "a control character in a text",
        };
        flaws.push(Flaw::new(at, message, "take it out"));
    }
    if stands == Stands::InHeader && (source.trim() != source || source.is_empty()) {
        let message = "what is blank at the ends of a header does not arrive";
        flaws.push(Flaw::new(0, message, "begin and end with something visible"));
    }
    if source.chars().count() > LONGEST {
        flaws.push(Flaw::new(0, format!("more than {LONGEST} characters"), "write less"));
    }
    flaws
}

fn pieces(source: &str, separator: &str, flaws: &mut Vec<Flaw>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    // Where the rest begins, and where the text that grows does.
    let (mut rest, mut at, mut begun) = (source, 0, 0);
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        let mut width = 1;
        if !"{}".contains(c) {
            text.push(c);
        } else if behind.starts_with(c) {
            text.push(c);
            width = 2;
        } else if let Some((name, _)) = behind.split_once('}').filter(|_| c == '{') {
            width = name.chars().count() + 2;
            match Hole::ALL.into_iter().find(|hole| hole.name() == name) {
                Some(hole) => {
                    push_text(&mut pieces, std::mem::take(&mut text), separator, begun, flaws);
                    begun = at + width;
                    if let Some(Piece::Hole(before)) = pieces.last() {
                        let message =
                            format!("nothing stands between `{{{}}}` and `{{{name}}}`", before.name());
                        flaws.push(Flaw::new(at, message, "put a text between them that tells them apart"));
                    }
                    pieces.push(Piece::Hole(hole));
                }
                None => flaws.push(Flaw::new(at, format!("there is no hole `{{{name}}}`"), HOLES)),
            }
        } else {
            flaws.push(Flaw::new(at, format!("a `{c}` without its other half"), HOLES));
        }
        at += width;
        let end = rest.char_indices().nth(width).map_or(rest.len(), |(end, _)| end);
        rest = &rest[end..];
    }
    push_text(&mut pieces, text, separator, begun, flaws);
    pieces
}

/// Literal text. Behind a hole it begins with what the hole cannot hold, so that everybody sees where its
/// value ends.
fn push_text(pieces: &mut Vec<Piece>, text: String, separator: &str, at: usize, flaws: &mut Vec<Flaw>) {
    let Some(first) = text.chars().next() else { return };
    if let Some(Piece::Hole(hole)) = pieces.last() {
        let goes_on = *hole == Hole::Protocols && text.starts_with(separator);
        if hole.holds(first) || goes_on {
            let message = format!("`{{{}}}` could go on with the `{first}` behind it", hole.name());
            flaws.push(Flaw::new(at, message, "put another character between them"));
        }
    }
    pieces.push(Piece::Text(text));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(source: &str) -> Template {
        Template::parse(source, ",", Stands::InBody).unwrap_or_else(|flaws| panic!("{source}: {flaws:?}"))
    }

    fn read(source: &str, text: &str) -> Option<Values> {
        let mut values = Values::default();
        template(source).read(text, &mut values).then_some(values)
    }

    fn values() -> Values {
        Values {
            address: Some(IpAddr::from([192, 0, 2, 7])),
            port: Some(4096),
            protocols: vec!["smtp".to_owned(), "http".to_owned()],
        }
    }

    #[test]
    fn what_is_filled_in_is_read_back() {
        let source = "at {address}:{port} by {protocols};\r\n";
        let text = template(source).fill(&values());
        assert_eq!(text, "at 192.0.2.7:4096 by smtp,http;\r\n");
        assert_eq!(read(source, &text), Some(values()));
        let six = read(source, "at [::1]:9 by smtp;\r\n").and_then(|values| values.address);
        assert_eq!(six, Some(Ipv6Addr::LOCALHOST.into()));
    }

    #[test]
    fn another_text_is_not_read() {
        for other in ["USE smtp ", "use smtp", "USE  smtp", "USE ", "USE smtp,http", "", "XUSE smtp"] {
            assert_eq!(read("USE {protocol}", other), None, "{other}");
        }
        for port in ["00", "01", "65536", "-1", "+1", "", "1 "] {
            assert_eq!(read("{port}", port), None, "{port}");
        }
        for address in ["192.0.2", "192.0.2.07", "::1", "[::1", "[192.0.2.7]", "host"] {
            assert_eq!(read("{address}", address), None, "{address}");
        }
        for list in [",smtp", "smtp,", "smtp,,http", "smtp, http"] {
            assert_eq!(read("{protocols}", list), None, "{list}");
        }
    }

    #[test]
    fn a_list_without_end_is_not_read() {
        assert!(read("{protocols}", &vec!["a"; MOST_PROTOCOLS].join(",")).is_some());
        assert!(read("{protocols}", &vec!["a"; MOST_PROTOCOLS + 1].join(",")).is_none());
        assert!(read("{protocol}", &"a".repeat(LONGEST_NAME + 1)).is_none());
    }

    #[test]
    fn every_flaw_is_told_with_its_place() {
        let flaws = |source: &str, stands| -> Vec<(usize, String)> {
            let flaws = Template::parse(source, ",", stands).expect_err("flaws");
            flaws.into_iter().map(|flaw| (flaw.at, flaw.message)).collect()
        };
        let told = flaws("é{prot} {address}{port} {port}7 }", Stands::InBody);
        let expected = [
            (1, "there is no hole `{prot}`"),
            (17, "nothing stands between `{address}` and `{port}`"),
            (30, "`{port}` could go on with the `7` behind it"),
            (32, "a `}` without its other half"),
        ];
        assert_eq!(told, expected.map(|(at, text)| (at, text.to_owned())));
        assert_eq!(flaws("a\r\nVia: b", Stands::InHeader)[0].0, 1);
        assert_eq!(flaws("a\0", Stands::InBody)[0].0, 1);
        assert_eq!(flaws(" a", Stands::InHeader).len(), 1);
        assert_eq!(flaws("{protocols},x", Stands::InBody)[0].0, 11);
    }

    #[test]
    fn braces_are_written_twice() {
        assert_eq!(template("{{{port}}}").fill(&values()), "{4096}");
    }

    proptest! {
        /// Whatever a template says, what it writes it reads, and it reads nothing with more in it.
        #[test]
        fn a_template_reads_what_it_writes(
            source in "[ -~é]{0,12}(\\{(address|port|protocol|protocols)\\})?[ -~]{0,6}(\\{(address|port|protocol|protocols)\\})?[ -~]{0,6}",
            six in any::<bool>(),
            port in any::<u16>(),
            names in proptest::collection::vec("[a-z0-9/.+_-]{1,9}", 1..5),
        ) {
            if let Ok(template) = Template::parse(&source, ", ", Stands::InBody) {
                let holes: Vec<Hole> = template.holes().collect();
                let once = holes.iter().all(|hole| holes.iter().filter(|other| *other == hole).count() == 1);
                let lists = holes.iter().filter(|hole| **hole >= Hole::Protocol).count();
                prop_assume!(once && lists <= 1);
                let address = if six { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::from([10, 0, 0, 1]) };
                let many = holes.contains(&Hole::Protocols);
                let protocols = if many { names } else { names[..1].to_vec() };
                let values = Values { address: Some(address), port: Some(port), protocols };
                let text = template.fill(&values);
                let mut found = Values::default();
                prop_assert!(template.read(&text, &mut found), "{} {}", source, text);
                prop_assert_eq!(template.fill(&found), text.clone());
                let longer = text + " ";
                prop_assert!(!template.read(&longer, &mut Values::default()));
            }
        }

        #[test]
        fn nothing_makes_it_panic(source in "\\PC{0,40}", text in "\\PC{0,40}") {
            if let Ok(template) = Template::parse(&source, ",", Stands::InBody) {
                template.read(&text, &mut Values::default());
            }
        }
    }
}
