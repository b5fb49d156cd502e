//! Dialogs (RFC 3261 §12).

use faxproof_wire::sip::{Builder, Message, Method, Name, NameAddr, Uri};

/// A confirmed or early dialog, seen from one of its ends.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: String,
    /// Our address with our tag, as it stands in From of our requests.
    pub local: String,
    /// The peer's address with its tag.
    pub remote: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543.
    pub remote_tag: String,
    /// Contact of the peer: Request-URI of our requests.
    pub remote_target: String,
    /// Route values of our requests, first hop first.
    pub route_set: Vec<String>,
    /// CSeq number of our last request.
    pub local_cseq: u32,
    /// CSeq number of the peer's last request, once it has sent one.
    pub remote_cseq: Option<u32>,
}

impl Dialog {
    /// The caller's dialog: made by a 2xx (or a 101 to 199 with a To tag) to its INVITE (§12.1.2).
    /// `None` if the response lacks what a dialog needs.
    pub fn of_caller(invite: &Message, response: &Message) -> Option<Dialog> {
        let mut route_set: Vec<String> = response.values(Name::RecordRoute).map(|v| v.into_owned()).collect();
        route_set.reverse();
        Some(Dialog {
            call_id: invite.call_id()?.to_owned(),
            local: invite.header(Name::From)?.into_owned(),
            remote: response.header(Name::To)?.into_owned(),
            local_tag: invite.from_tag()?.to_owned(),
            remote_tag: response.to_tag().unwrap_or_default().to_owned(),
            remote_target: response.contact().ok()?.uri.as_target().to_string(),
            route_set,
            local_cseq: invite.cseq()?.0,
            remote_cseq: None,
        })
    }

    /// The callee's dialog: made by the INVITE and the tag that we put on To (§12.1.1).
    pub fn of_callee(invite: &Message, tag: &str) -> Option<Dialog> {
        Some(Dialog {
            call_id: invite.call_id()?.to_owned(),
            local: format!("{};tag={tag}", invite.header(Name::To)?),
            remote: invite.header(Name::From)?.into_owned(),
            local_tag: tag.to_owned(),
            remote_tag: invite.from_tag().unwrap_or_default().to_owned(),
            remote_target: invite.contact().ok()?.uri.as_target().to_string(),
            route_set: invite.values(Name::RecordRoute).map(|v| v.into_owned()).collect(),
            local_cseq: 0,
            remote_cseq: Some(invite.cseq()?.0),
        })
    }

    /// Whether a request of the peer belongs to this dialog: Call-ID and both tags are equal (§12).
    pub fn owns(&self, request: &Message) -> bool {
        request.call_id() == Some(&self.call_id)
            && request.to_tag() == Some(&self.local_tag)
            && request.from_tag().unwrap_or_default() == self.remote_tag
    }

    /// Checks and notes the CSeq of a request of the peer.
    ///
    /// # Errors
    /// 500 if it is not higher than the last (§12.2.2); a gap is no fault.
    pub fn admit(&mut self, request: &Message) -> Result<(), u16> {
        let number = request.cseq().ok_or(400_u16)?.0;
        if self.remote_cseq.is_some_and(|last| number <= last) {
            return Err(500);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }

    /// A target refresh: the peer's re-INVITE (or its 2xx to ours) may move its Contact (§12.2).
    pub fn refresh(&mut self, message: &Message) {
        if let Ok(contact) = message.contact() {
            self.remote_target = contact.uri.as_target().to_string();
        }
    }

    /// A new request within the dialog, CSeq one higher (§12.2.1.1).
    pub fn request(&mut self, method: Method, via: &str) -> Builder {
        self.local_cseq += 1;
        self.build(method, self.local_cseq, via)
    }

    /// The ACK for the 2xx to the INVITE with this CSeq (§13.2.2.4).
    pub fn ack(&self, cseq: u32, via: &str) -> Builder {
        self.build(Method::Ack, cseq, via)
    }

    /// Where our requests go: the first Route, else the remote target (§12.2.1.1). `None` if that cannot be
    /// read.
    pub fn next_hop(&self) -> Option<Uri> {
        match self.route_set.first() {
            Some(route) => NameAddr::parse(route).ok().map(|route| route.uri),
            None => Uri::parse(&self.remote_target).ok(),
        }
    }

    fn build(&self, method: Method, cseq: u32, via: &str) -> Builder {
        let name = method.as_str().to_owned();
        let start = Builder::request(method, &self.remote_target)
            .header(Name::Via, via)
            .header(Name::MaxForwards, "70");
        self.route_set
            .iter()
            .fold(start, |request, route| request.header(Name::Route, route))
            .header(Name::From, &self.local)
            .header(Name::To, &self.remote)
            .header(Name::CallId, &self.call_id)
            .header(Name::CSeq, format!("{cseq} {name}"))
    }
}
