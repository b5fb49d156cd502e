//! IP telephone numbers.

/// The most digits a number has (E.164).
pub const MAX_DIGITS: usize = 15;

/// The digits of a number: visual separators and a leading `+` do not count in comparisons (RFC 3966 §4).
pub fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// What may be dialled at the panel: 3 to 15 digits, with a `+` in front and the separators of RFC 3966
/// between them. Nothing else gets into a Request-URI.
pub fn is_dialable(number: &str) -> bool {
    let rest = number.strip_prefix('+').unwrap_or(number);
    let legal = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | '(' | ')'));
    legal && (3..=MAX_DIGITS).contains(&digits(rest).len())
}

/// The user part of the number's SIP URI: digits, with the `+` of a global number kept
/// (the separators would make another user of it, RFC 3261 §19.1.4).
pub fn sip_user(number: &str) -> String {
    let plus = if number.starts_with('+') { "+" } else { "" };
    format!("{plus}{}", digits(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_do_not_count() {
        assert_eq!(digits("050-1234-5678"), digits("05012345678"));
        assert_eq!(sip_user("+81 50"), "+8150");
    }

    #[test]
    fn nothing_but_a_number_can_be_dialled() {
        assert!(is_dialable("050-1234-5678") && is_dialable("+815012345678"));
        for bad in
            ["", "12", "050 123", "050\r\nX: 1", "050@evil", "1234567890123456", "050;x=1", "050?Subject=x"]
        {
            assert!(!is_dialable(bad), "{bad:?}");
        }
    }
}
