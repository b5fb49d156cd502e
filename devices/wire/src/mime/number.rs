//! An IP telephone number as a mail carries it: `IPTELNUM-05000009999`, or the local part of a fax
//! address, `FAX=+815000009999` (RFC 3191, 3192).

use std::fmt;

/// Digits of a number: an E.164 number has at most 15, and less than 3 call nobody.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// The longest local part of an address, in octets (RFC 5321 §4.5.3.1.1).
pub const MAX_LOCAL_PART: usize = 64;

/// An IP telephone number: national as it is dialled, or international with its `+`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpTelNumber {
    is_international: bool,
    digits: String,
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Something else than digits and separators.
    #[error("a number has digits, separators and at most one + before them")]
    NotDigits,
    /// Not 3 to 15 digits.
    #[error("a number has 3 to 15 digits, this one has {0}")]
    Length(usize),
    /// What stands behind the number of a fax address is not `/T33S=` and digits (RFC 3192 §2).
    #[error("only /T33S= and digits may follow the number of a fax address")]
    Qualifier,
    /// More than [`MAX_LOCAL_PART`].
    #[error("the local part of an address has at most {MAX_LOCAL_PART} octets")]
    TooLong,
}

/// The local part of a fax address: a number, and the subaddress of ITU-T T.33 when there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaxLocalPart {
    /// The number, always international (RFC 3191 §2: `global-phone`).
    pub number: IpTelNumber,
    /// Digits that the receiving side uses to find the person, `/T33S=` in front of them.
    pub subaddress: Option<String>,
}

impl IpTelNumber {
    /// Reads digits with `-` between them, and `+` before them when the number is international.
    ///
    /// # Errors
    /// [`NumberError`].
    pub fn parse(text: &str) -> Result<IpTelNumber, NumberError> {
        IpTelNumber::with_separators(text, "-")
    }

    /// Reads `IPTELNUM-05000009999`; `None` when the text does not start like that.
    pub fn from_token(text: &str) -> Option<Result<IpTelNumber, NumberError>> {
        let head = text.get(..TOKEN.len()).filter(|head| head.eq_ignore_ascii_case(TOKEN))?;
        Some(IpTelNumber::parse(&text[head.len()..]))
    }

    /// The number as it goes into a From field: `IPTELNUM-05000009999`.
    pub fn token(&self) -> String {
        format!("{TOKEN}{self}")
    }

    /// Its digits, without a `+`.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether it starts with a country code, and a `+` before it.
    pub fn is_international(&self) -> bool {
        self.is_international
    }

    /// Whether both can be the same line: the same digits, or one with a country code and the other
    /// with the `0` in its place. Which country that is only the device knows.
    pub fn may_be(&self, other: &IpTelNumber) -> bool {
        let ends_in = |long: &IpTelNumber, short: &IpTelNumber| {
            let national = short.digits.strip_prefix('0');
            national.is_some_and(|rest| long.digits.len() > rest.len() && long.digits.ends_with(rest))
        };
        match (self.is_international, other.is_international) {
            (true, false) => ends_in(self, other),
            (false, true) => ends_in(other, self),
            _ => self.digits == other.digits,
        }
    }

    fn with_separators(text: &str, separators: &str) -> Result<IpTelNumber, NumberError> {
        let (is_international, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        if !rest.chars().all(|letter| letter.is_ascii_digit() || separators.contains(letter)) {
            return Err(NumberError::NotDigits);
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        if !DIGITS.contains(&digits.len()) {
            return Err(NumberError::Length(digits.len()));
        }
        Ok(IpTelNumber { is_international, digits })
    }
}

impl fmt::Display for IpTelNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", if self.is_international { "+" } else { "" }, self.digits)
    }
}

impl FaxLocalPart {
    /// Reads the local part of an address; `None` when it does not start with `FAX=`. The selector is
    /// read in any case, a slash before and behind is left out (RFC 3191 §2, §3), and `-` and `.` between
    /// the digits mean nothing.
    pub fn parse(local: &str) -> Option<Result<FaxLocalPart, NumberError>> {
        let bare = local.strip_prefix('/').unwrap_or(local);
        let head = bare.get(..SELECTOR.len()).filter(|head| head.eq_ignore_ascii_case(SELECTOR))?;
        Some(FaxLocalPart::behind_selector(&bare[head.len()..], local.len()))
    }

    /// The local part as it is sent, without separators (RFC 3191 §2.1 recommends none).
    ///
    /// # Errors
    /// [`NumberError`]: the number has no `+`, the subaddress is not made of digits, or both are too long.
    pub fn to_local_part(&self) -> Result<String, NumberError> {
        if !self.number.is_international {
            return Err(NumberError::NotDigits);
        }
        let mut local = format!("{SELECTOR}{}", self.number);
        if let Some(subaddress) = &self.subaddress {
            if !is_subaddress(subaddress) {
                return Err(NumberError::Qualifier);
            }
            local += &format!("/{T33S}{subaddress}");
        }
        if local.len() > MAX_LOCAL_PART { Err(NumberError::TooLong) } else { Ok(local) }
    }

    fn behind_selector(text: &str, whole: usize) -> Result<FaxLocalPart, NumberError> {
        if whole > MAX_LOCAL_PART {
            return Err(NumberError::TooLong);
        }
        let text = text.strip_suffix('/').unwrap_or(text);
        let (phone, qualifier) =
            text.split_once('/').map_or((text, None), |(phone, rest)| (phone, Some(rest)));
        let number = IpTelNumber::with_separators(phone, "-.")?;
        if !number.is_international {
            return Err(NumberError::NotDigits);
        }
        let subaddress = |qualifier: &str| {
            let head = qualifier.get(..T33S.len()).filter(|head| head.eq_ignore_ascii_case(T33S))?;
            Some(qualifier[head.len()..].to_owned()).filter(|digits| is_subaddress(digits))
        };
        let subaddress = match qualifier {
            None => None,
            Some(qualifier) => Some(subaddress(qualifier).ok_or(NumberError::Qualifier)?),
        };
        Ok(FaxLocalPart { number, subaddress })
    }
}

const TOKEN: &str = "IPTELNUM-";
const SELECTOR: &str = "FAX=";
const T33S: &str = "T33S=";

fn is_subaddress(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}
