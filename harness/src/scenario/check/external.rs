//! Real boxes at the places of hosts: where they are, by the keys that fit what they are.

use super::super::grammar::{External, HostSpec, WorldSpec};
use super::super::value::{At, Place};
use super::Checker;

impl Checker<'_> {
    pub(super) fn external(&mut self, name: &At<String>, host: &HostSpec) {
        let Some(external) = &host.external else { return };
        if let Some(tester) = &host.tester {
            let message = "a tester says what the scenario writes: no real box can take its place";
            self.refuse_saying(tester.place, message, "take `external` out");
            return;
        }
        let listed = self.script.worlds.iter().flatten();
        for simulated in listed.filter(|world| world.value != WorldSpec::Sockets) {
            self.refuse_saying(
                simulated.place,
                format!("the real box at the place of `{}` can only be reached by sockets", name.value),
                "write `worlds: [sockets]`, or leave it out",
            );
        }
        if let Some(address) = &host.address {
            self.refuse_saying(
                address.place,
                "an external host has the address that `external` says",
                "take `address` out",
            );
        }
        self.services(name, &external.value, external.place, host.mail_server.is_some());
    }

    /// A mail server is reached by SMTP, by POP3 or by both, any other box by SIP; at one address.
    fn services(&mut self, name: &At<String>, external: &External, place: Place, is_mail_server: bool) {
        let (fitting, remedy): (&[&str], _) = if is_mail_server {
            (&["smtp", "pop3"], "write `smtp: ADDRESS:PORT`, `pop3: ADDRESS:PORT` or both")
        } else {
            (&["sip"], "write `sip: ADDRESS:PORT`")
        };
        if external.services().next().is_none() {
            let message = format!("it is not said where the real box at the place of `{}` is", name.value);
            self.refuse_saying(place, message, remedy);
        }
        for (key, at) in external.services() {
            if !fitting.contains(&key) {
                let kind = if is_mail_server { "a mail server" } else { "no mail server" };
                let message = format!("`{key}` does not fit: `{}` is {kind}", name.value);
                self.refuse_saying(at.place, message, remedy);
            } else if at.value.port() == 0 {
                self.refuse(at.place, format!("`{key}` of an external host has no port"));
            }
        }
        if let (Some(smtp), Some(pop3)) = (external.smtp, external.pop3)
            && smtp.value.ip() != pop3.value.ip()
        {
            let message = format!("`{}` has two addresses", name.value);
            self.refuse_saying(pop3.place, message, "make two hosts of it: one with `smtp`, one with `pop3`");
        }
    }
}
