//! Max-Breadth (RFC 5393 §5): to how many places at once a request may spread, all proxies taken together.

use faxproof_wire::sip::{Message, Name};

/// The breadth of a request that names none, and the most that we allow (§5.3.3).
const MOST: u32 = 60;

/// What each of so many branches may spread to: equal shares, of which the first get what is left over.
/// `None`: there is not enough for all of them.
///
/// A request that names no breadth is given one only where it forks, although §5.3.3 would have it always:
/// to one branch it would say what its absence says.
pub(super) fn shares(request: &Message, branches: usize) -> Option<Vec<Option<u32>>> {
    let given = request.header(Name::MaxBreadth);
    // What is no number at all sets no bound of its own.
    let breadth = given.as_ref().and_then(|text| text.trim().parse().ok()).unwrap_or(MOST).min(MOST);
    let count = u32::try_from(branches).ok().filter(|count| *count <= breadth)?;
    if given.is_none() && count < 2 {
        return Some(vec![None; branches]);
    }
    let left_over = breadth.checked_rem(count).unwrap_or_default();
    let share = |at| breadth.checked_div(count).unwrap_or_default() + u32::from(at < left_over);
    Some((0..count).map(|at| Some(share(at))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn shares_of(breadth: &str, branches: usize) -> Option<Vec<Option<u32>>> {
        let text = format!(
            "INVITE sip:b@d.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@d.example>;tag=1\r\n\
             To: <sip:b@d.example>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n{breadth}\r\n"
        );
        shares(&Message::parse(Bytes::from(text)).expect("an INVITE"), branches)
    }

    #[test]
    fn the_sum_of_the_shares_is_what_came_and_never_more_than_sixty() {
        assert_eq!(shares_of("Max-Breadth: 7\r\n", 3), Some(vec![Some(3), Some(2), Some(2)]));
        assert_eq!(shares_of("Max-Breadth: 7\r\n", 1), Some(vec![Some(7)]));
        assert_eq!(shares_of("Max-Breadth: 1000\r\n", 2), Some(vec![Some(30), Some(30)]));
        assert_eq!(shares_of("Max-Breadth: wide\r\n", 1), Some(vec![Some(60)]));
    }

    #[test]
    fn without_the_header_there_are_sixty_and_one_branch_needs_none() {
        assert_eq!(shares_of("", 2), Some(vec![Some(30), Some(30)]));
        assert_eq!(shares_of("", 1), Some(vec![None]));
    }

    #[test]
    fn what_does_not_suffice_is_not_stretched() {
        assert_eq!(shares_of("Max-Breadth: 1\r\n", 2), None);
        assert_eq!(shares_of("Max-Breadth: 0\r\n", 1), None);
    }
}
