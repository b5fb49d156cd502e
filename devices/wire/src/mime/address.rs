//! Addresses in a header field (RFC 5322 §3.4), read strictly: what the grammar of today does not give
//! a meaning is refused, not guessed.

/// How deep comments may be nested.
const MAX_COMMENT_DEPTH: usize = 16;

/// One entry of an address list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A mailbox.
    Mailbox(Mailbox),
    /// A group, `name: mailbox, mailbox;`. Who of them is meant, if any, nobody can say.
    Group,
}

/// A mailbox, with its display name if it has one. Comments mean nothing and are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The words of the display name, quotes removed (§3.2.4: they are no part of the content).
    pub name: Vec<String>,
    /// What stands before the `@`, quotes removed.
    pub local: String,
    /// What stands behind it; an address literal with its brackets.
    pub domain: String,
}

/// Why a text is no list of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// An octet that is neither printable ASCII nor white space.
    #[error("an address holds something else than printable ASCII")]
    NotAscii,
    /// A quoted string, a comment, an address literal or a `<` has no end.
    #[error("a quote, a comment or a bracket in an address has no end")]
    NoEnd,
    /// Comments nested deeper than anybody needs.
    #[error("comments in an address are nested deeper than {MAX_COMMENT_DEPTH}")]
    TooDeep,
    /// It is not the grammar of §3.4.
    #[error("this is no address")]
    Malformed,
}

impl Mailbox {
    /// The address without display name, with quotes only where they are needed.
    pub fn address(&self) -> String {
        let is_dot_atom =
            |text: &str| text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
        if is_dot_atom(&self.local) {
            return format!("{}@{}", self.local, self.domain);
        }
        let local = self.local.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{local}\"@{}", self.domain)
    }

    /// Whether both are the same place: the local part to the letter, because only its own host knows
    /// what it means (RFC 5321 §2.4), the domain in any case.
    pub fn is_same(&self, other: &Mailbox) -> bool {
        self.local == other.local && self.domain.eq_ignore_ascii_case(&other.domain)
    }

    /// Reads exactly one mailbox.
    ///
    /// # Errors
    /// [`AddressError`]; a list of any other length and a group are malformed.
    pub fn parse(text: &str) -> Result<Mailbox, AddressError> {
        match <[Entry; 1]>::try_from(addresses(text)?) {
            Ok([Entry::Mailbox(mailbox)]) => Ok(mailbox),
            _ => Err(AddressError::Malformed),
        }
    }
}

/// Reads a list of addresses. An empty list is malformed.
///
/// # Errors
/// [`AddressError`].
pub fn addresses(text: &str) -> Result<Vec<Entry>, AddressError> {
    let tokens = tokens(text)?;
    let mut entries = Vec::new();
    let mut rest = &tokens[..];
    loop {
        let end = rest.iter().position(|token| matches!(token, Token::Special(b',' | b':')));
        let (entry, behind) = match end {
            Some(at) if rest[at] == Token::Special(b':') => {
                let close = rest.iter().position(|token| *token == Token::Special(b';'));
                (Entry::Group, &rest[close.ok_or(AddressError::NoEnd)? + 1..])
            }
            _ => {
                let (own, behind) = rest.split_at(end.unwrap_or(rest.len()));
                (Entry::Mailbox(mailbox(own)?), behind)
            }
        };
        entries.push(entry);
        match behind {
            [] => return Ok(entries),
            [Token::Special(b','), behind @ ..] => rest = behind,
            _ => return Err(AddressError::Malformed),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Atom(String),
    Quoted(String),
    /// With its brackets.
    Literal(String),
    Special(u8),
}

/// RFC 5322 §3.2.3.
fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

fn tokens(text: &str) -> Result<Vec<Token>, AddressError> {
    let bytes = text.as_bytes();
    if !bytes.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t')) {
        return Err(AddressError::NotAscii);
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        match first {
            b' ' | b'\t' => at += 1,
            b'(' => at = behind_comment(bytes, at)?,
            b'"' => {
                let (content, behind) = until(bytes, at + 1, b'"')?;
                tokens.push(Token::Quoted(content));
                at = behind;
            }
            b'[' => {
                let (content, behind) = until(bytes, at + 1, b']')?;
                tokens.push(Token::Literal(format!("[{content}]")));
                at = behind;
            }
            _ if is_atext(first) => {
                let rest = &text[at..];
                let end = rest.bytes().position(|octet| !is_atext(octet)).unwrap_or(rest.len());
                tokens.push(Token::Atom(rest[..end].to_owned()));
                at += end;
            }
            _ => {
                tokens.push(Token::Special(first));
                at += 1;
            }
        }
    }
    Ok(tokens)
}

/// The content up to `close`, its quoted pairs undone, and where it goes on.
fn until(bytes: &[u8], from: usize, close: u8) -> Result<(String, usize), AddressError> {
    let mut content = String::new();
    let mut octets = bytes.iter().enumerate().skip(from);
    while let Some((at, &octet)) = octets.next() {
        match octet {
            b'\\' => content.push(char::from(*octets.next().ok_or(AddressError::NoEnd)?.1)),
            _ if octet == close => return Ok((content, at + 1)),
            _ => content.push(char::from(octet)),
        }
    }
    Err(AddressError::NoEnd)
}

fn behind_comment(bytes: &[u8], from: usize) -> Result<usize, AddressError> {
    let mut depth = 0;
    let mut octets = bytes.iter().enumerate().skip(from);
    while let Some((at, octet)) = octets.next() {
        match octet {
            b'\\' => drop(octets.next()),
            b'(' if depth == MAX_COMMENT_DEPTH => return Err(AddressError::TooDeep),
            b'(' => depth += 1,
            b')' if depth == 1 => return Ok(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    Err(AddressError::NoEnd)
}

fn mailbox(tokens: &[Token]) -> Result<Mailbox, AddressError> {
    let Some(open) = tokens.iter().position(|token| *token == Token::Special(b'<')) else {
        return addr_spec(tokens);
    };
    let word = |token: &Token| match token {
        Token::Atom(text) | Token::Quoted(text) => Ok(text.clone()),
        // `J. Smith` is obsolete and everywhere (§4.1).
        Token::Special(b'.') => Ok(".".to_owned()),
        _ => Err(AddressError::Malformed),
    };
    let name = tokens[..open].iter().map(word).collect::<Result<_, _>>()?;
    match &tokens[open + 1..] {
        [spec @ .., Token::Special(b'>')] => Ok(Mailbox { name, ..addr_spec(spec)? }),
        _ => Err(AddressError::NoEnd),
    }
}

fn addr_spec(tokens: &[Token]) -> Result<Mailbox, AddressError> {
    let at = tokens.iter().position(|token| *token == Token::Special(b'@')).ok_or(AddressError::Malformed)?;
    let local = match &tokens[..at] {
        [Token::Quoted(text)] => text.clone(),
        tokens => dot_atom(tokens)?,
    };
    let domain = match &tokens[at + 1..] {
        [Token::Literal(text)] => text.clone(),
        tokens => dot_atom(tokens)?,
    };
    Ok(Mailbox { name: Vec::new(), local, domain })
}

fn dot_atom(tokens: &[Token]) -> Result<String, AddressError> {
    let mut text = String::new();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Atom(atom) if place % 2 == 0 => text.push_str(atom),
            Token::Special(b'.') if place % 2 == 1 => text.push('.'),
            _ => return Err(AddressError::Malformed),
        }
    }
    if tokens.len() % 2 == 1 { Ok(text) } else { Err(AddressError::Malformed) }
}
