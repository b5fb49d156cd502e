//! A caller who is not in the plan: it gets a fax to open a media port, for programs that speak only
//! what comes then. Whoever tests the SIP of the fax is SIPp.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

/// Both parties and the number that was dialled; a call that stands.
pub(crate) struct Call {
    socket: UdpSocket,
    own: IpAddr,
    fax: SocketAddr,
    user: &'static str,
    /// To, with the tag of the fax as soon as that is known.
    to: String,
    cseq: u32,
}

impl Call {
    /// T1 and T2: calls a fax from another address, offering nothing.
    pub(crate) fn to(user: &'static str, fax: SocketAddr, own: IpAddr) -> Call {
        let socket = UdpSocket::bind((own, 5060)).unwrap();
        let to = format!("<sip:{user}@sip.example.net>");
        let mut call = Call { socket, own, fax, user, to, cseq: 0 };
        call.invite("");
        call
    }

    /// T4: announces a protocol. Where the fax awaits the connection.
    pub(crate) fn announce(&mut self, protocol: &str) -> SocketAddr {
        let media = format!("m=application 9 TCP {protocol}\r\na=setup:active\r\na=connection:new\r\n");
        let answer = self.invite(&media);
        let media = answer.lines().find_map(|line| line.strip_prefix("m=application ")).unwrap_or_default();
        let port = media.split(' ').next().and_then(|port| port.parse().ok());
        SocketAddr::new(self.fax.ip(), port.unwrap_or_else(|| panic!("no port in {answer}")))
    }

    /// T7.
    pub(crate) fn hang_up(mut self) {
        self.cseq += 1;
        self.send("BYE", "");
        self.answer("BYE");
    }

    fn invite(&mut self, media: &str) -> String {
        self.cseq += 1;
        let own = self.own;
        let body =
            format!("v=0\r\no=- 1 {} IN IP4 {own}\r\ns=-\r\nc=IN IP4 {own}\r\nt=0 0\r\n{media}", self.cseq);
        self.send("INVITE", &body);
        let answer = self.answer("INVITE");
        if let Some(to) = answer.lines().find_map(|line| line.strip_prefix("To: ")) {
            self.to = to.to_owned();
        }
        self.send("ACK", "");
        answer
    }

    fn send(&self, method: &str, body: &str) {
        let Call { own, fax, user, to, cseq, .. } = self;
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let request = format!(
            "{method} sip:{user}@{fax} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {own}:5060;branch=z9hG4bK-{method}-{cseq}\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:05000009999@sip.example.net>;tag=stranger\r\n\
             To: {to}\r\n\
             Call-ID: stranger@{own}\r\n\
             CSeq: {cseq} {method}\r\n\
             Contact: <sip:05000009999@{own}:5060>\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n\
             Supported:\r\n\
             {kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.send_to(request.as_bytes(), fax).unwrap();
    }

    /// The final response to the last request, which must be a 200.
    fn answer(&self, method: &str) -> String {
        let (begun, mut room) = (Instant::now(), [0; 2_000]);
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        while begun.elapsed() < PATIENCE {
            let Ok(length) = self.socket.recv(&mut room) else { break };
            let response = String::from_utf8_lossy(&room[..length]).into_owned();
            let is_it = response.contains(&format!("\r\nCSeq: {} {method}\r\n", self.cseq));
            if is_it && !response.starts_with("SIP/2.0 1") {
                assert!(response.starts_with("SIP/2.0 200 "), "{response}");
                return response;
            }
        }
        panic!("no answer to {method} within {PATIENCE:?}");
    }
}
