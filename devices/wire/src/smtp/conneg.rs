//! Content negotiation in the session (RFC 4141 §5): a server that lists CONNEG tells in its reply to a RCPT with
//! the parameter CONNEG what the recipient can print. Between two faxes it takes the place of the exchange of
//! capabilities of a telephone fax (RFC 4141 Appendix A).

use super::command::{CommandError, Param};
use super::reply::Reply;
use crate::features::{Filter, FilterError};

/// The keyword of the extension in the reply to EHLO, of the parameter of RCPT, and of the lines of its reply.
pub const CONNEG: &str = "CONNEG";

/// The code for a RCPT with CONNEG at a server without it (RFC 4141 §5.2).
pub const NO_CONNEG: u16 = 504;

impl Param {
    /// The parameter of RCPT that asks what the recipient can print.
    pub fn conneg() -> Param {
        Param { keyword: CONNEG.to_owned(), value: None }
    }

    /// Whether the parameters of a RCPT hold that one.
    ///
    /// # Errors
    /// [`CommandError`] 501: it has a value, or is there twice.
    pub fn asks_conneg(params: &[Param]) -> Result<bool, CommandError> {
        let mut named = params.iter().filter(|param| param.keyword.eq_ignore_ascii_case(CONNEG));
        let is_legal = |param: Option<&Param>| param.is_none_or(|param| param.value.is_none());
        let first = named.next();
        if is_legal(first) && named.next().is_none() {
            return Ok(first.is_some());
        }
        Err(CommandError { code: 501, reason: "CONNEG stands once and has no value" })
    }
}

impl Reply {
    /// The same reply to a RCPT with what the recipient can print, behind the lines that say that it is taken
    /// (RFC 4141 §5.2). With the longest filter there are 100 lines of it.
    #[must_use]
    pub fn with_features(mut self, filter: &Filter) -> Reply {
        let text = filter.to_string();
        let width = WIDTH.max(text.len() / 50);
        let ends = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]);
        let (mut start, mut last) = (0, 0);
        for end in ends {
            if end - start > width && last > start {
                self.lines.push(format!("{CONNEG} {}", &text[start..last]));
                start = last + 1;
            }
            last = end;
        }
        self.lines.push(format!("{CONNEG} {}", &text[start..]));
        self
    }

    /// What the recipient can print; `None` when the reply does not tell. The first line is about the
    /// recipient, whatever it says.
    pub fn features(&self) -> Option<Result<Filter, FilterError>> {
        self.told_features().map(|told| Filter::parse(&told))
    }

    /// The same as it was told.
    pub fn told_features(&self) -> Option<String> {
        let rest = |line: &String| {
            let (word, rest) = line.split_at_checked(CONNEG.len())?;
            let rest = if rest.is_empty() { rest } else { rest.strip_prefix(' ')? };
            word.eq_ignore_ascii_case(CONNEG).then(|| rest.to_owned())
        };
        let lines: Vec<String> = self.lines.iter().skip(1).filter_map(rest).collect();
        (!lines.is_empty() && self.is_success()).then(|| lines.join(" "))
    }
}

/// The length of a line without its code and keyword, where the filter is not very long.
const WIDTH: usize = 60;
