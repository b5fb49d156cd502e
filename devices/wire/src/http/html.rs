//! Typed text as an HTML file and back (patent 0100). A fax prints words, not layout.

/// A page of HTML that shows the text as it was typed.
pub fn from_text(title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"><title>{}</title></head>\r\n<body><pre>{}</pre></body></html>\r\n",
        escaped(title),
        escaped(text)
    )
}

/// The words of an HTML page: what stands outside of tags, comments, head, scripts and styles, with its
/// references undone. An unknown reference stays as it is.
pub fn to_text(html: &str) -> String {
    let (mut text, mut rest, mut hidden) = (String::new(), html, None::<&'static str>);
    while let Some(at) = rest.find('<') {
        let (words, tag) = rest.split_at(at);
        if hidden.is_none() {
            text += words;
        }
        if let Some(element) = hidden.filter(|element| !closes(tag, element)) {
            // Inside a script `<` may be anything.
            hidden = Some(element);
            rest = &tag[1..];
            continue;
        }
        let comment = tag.starts_with("<!--");
        let end = if comment { tag.find("-->").map(|end| end + 3) } else { tag.find('>').map(|end| end + 1) };
        let Some(end) = end else { return unescaped(text.trim()) };
        let name = tag[1..end].trim_end_matches('>').to_ascii_lowercase();
        let name = name.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        hidden = ["head", "script", "style"].into_iter().find(|element| name == *element);
        if hidden.is_none() && matches!(name, "br" | "br/" | "/p" | "/div" | "/li" | "/h1" | "/h2" | "/tr") {
            text.push('\n');
        }
        rest = &tag[end..];
    }
    if hidden.is_none() {
        text += rest;
    }
    unescaped(text.trim())
}

fn closes(tag: &str, element: &str) -> bool {
    let name = tag.get(2..2 + element.len());
    tag.starts_with("</") && name.is_some_and(|name| name.eq_ignore_ascii_case(element))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescaped(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('&') {
        out += &rest[..at];
        rest = &rest[at..];
        // The longest reference that is undone here, `&#1114111;`, has 10 octets.
        let end = rest.bytes().take(10).position(|octet| octet == b';');
        let found = end.and_then(|end| Some((referred(&rest[1..end])?, end + 1)));
        let (character, used) = found.unwrap_or(('&', 1));
        out.push(character);
        rest = &rest[used..];
    }
    out + rest
}

fn referred(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            char::from_u32(hex.or_else(|| number.parse().ok())?)?
        }
    })
}
