//! Request methods.

use std::fmt;

use super::scan;

macro_rules! methods {
    ($($variant:ident $token:literal, $doc:literal;)*) => {
        /// A request method (RFC 3261 §7.1). Methods are case-sensitive: `invite` is an unknown one.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method {
            $(#[doc = $doc] $variant,)*
            /// Any other token.
            Other(Box<str>),
        }

        impl Method {
            /// The token as it stands in a Request-Line.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Method::$variant => $token,)*
                    Method::Other(token) => token,
                }
            }
        }

        impl From<&str> for Method {
            fn from(token: &str) -> Method {
                match token {
                    $($token => Method::$variant,)*
                    other => Method::Other(other.into()),
                }
            }
        }
    };
}

methods! {
    Invite "INVITE", "Sets up a session (RFC 3261 §13).";
    Ack "ACK", "Acknowledges the final response to INVITE (RFC 3261 §17.1.1.3).";
    Bye "BYE", "Ends a session (RFC 3261 §15).";
    Cancel "CANCEL", "Gives up a pending request (RFC 3261 §9).";
    Options "OPTIONS", "Asks for capabilities (RFC 3261 §11).";
    Register "REGISTER", "Binds contacts to an address-of-record (RFC 3261 §10).";
    Update "UPDATE", "Changes a session before or after it is up (RFC 3311).";
    Info "INFO", "Carries application data within a dialog (RFC 6086).";
    Message "MESSAGE", "Carries a short message (RFC 3428).";
    Prack "PRACK", "Acknowledges a reliable provisional response (RFC 3262).";
    Subscribe "SUBSCRIBE", "Asks for notifications (RFC 6665).";
    Notify "NOTIFY", "Tells of an event (RFC 6665).";
    Refer "REFER", "Asks to send a request elsewhere (RFC 3515).";
    Publish "PUBLISH", "Publishes event state (RFC 3903).";
}

impl Method {
    /// Reads a method; `None` if the bytes are not a token (RFC 3261 §25.1).
    pub fn parse(token: &[u8]) -> Option<Method> {
        scan::as_token(token).map(Method::from)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_matters() {
        assert_eq!(Method::parse(b"INVITE"), Some(Method::Invite));
        assert_eq!(Method::parse(b"invite"), Some(Method::Other("invite".into())));
    }

    #[test]
    fn a_method_is_a_token() {
        assert_eq!(Method::parse(b""), None);
        assert_eq!(Method::parse(b"IN VITE"), None);
        assert_eq!(Method::parse(b"SIP/2.0"), None);
    }
}
