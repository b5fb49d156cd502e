//! Mail: servers that lead somewhere, mailboxes that exist.

use faxproof_devices::smtp::SMTP_PORT;

use super::super::grammar::{HostSpec, MailExtension, MailServerSpec};
use super::super::value::At;
use super::{Checker, is_domain};

impl<'a> Checker<'a> {
    /// The outgoing server and the mailbox of a mail fax or a mail client.
    pub(super) fn outgoing_and_mailbox(&mut self, host: &HostSpec, mails: bool) {
        let places = [host.outgoing.as_ref().map(|at| at.place), host.mailbox.as_ref().map(|at| at.place)];
        for place in places.into_iter().flatten().filter(|_| !mails) {
            self.refuse_saying(
                place,
                "only a mail fax sends and collects mail",
                "write `fax: 101`, or take it out",
            );
        }
        if let Some(outgoing) = &host.outgoing {
            self.server_of_mail(outgoing, "smtp");
        }
        let habits = host.habits.as_ref().and_then(|habits| habits.value.mail.as_ref());
        for number in habits.into_iter().flat_map(|mail| mail.value.never_calls.iter().flatten()) {
            let written = number.value.strip_suffix('*').unwrap_or(&number.value);
            if !written.starts_with(|c: char| c.is_ascii_digit())
                || !written.chars().all(|c| c.is_ascii_digit() || c == '-')
            {
                let message = format!("`{}` is no telephone number", number.value);
                self.refuse_saying(
                    number.place,
                    message,
                    "write \"119\", or \"0990*\" for all that begin so",
                );
            }
        }
        let Some(mailbox) = &host.mailbox else { return };
        let mailbox = &mailbox.value;
        if let Some(every) = mailbox.every.filter(|every| every.value.us == 0) {
            self.refuse(every.place, "a mailbox cannot be looked into all the time");
        }
        let Some(server) = self.server_of_mail(&mailbox.server, "pop3") else { return };
        if server.mailboxes.value(&mailbox.user.value).is_none() {
            let message = format!("`{}` has no mailbox `{}`", mailbox.server.value, mailbox.user.value);
            let remedy = super::did_you_mean(&mailbox.user.value, server.mailboxes.keys())
                .unwrap_or_else(|| "add it to `mailboxes` there".to_owned());
            self.refuse_saying(mailbox.user.place, message, remedy);
        }
    }

    /// The mail server of this name; a real one must have this service.
    fn server_of_mail(&mut self, name: &At<String>, service: &str) -> Option<&'a MailServerSpec> {
        let host = self.host(name)?;
        let Some(server) = &host.mail_server else {
            let message = format!("`{}` is no mail server", name.value);
            self.refuse_saying(name.place, message, "name a host that is a `mail-server`");
            return None;
        };
        if let Some(external) = &host.external
            && !external.value.services().any(|(key, _)| key == service)
        {
            let message =
                format!("it is not said where the real box at the place of `{}` has {service}", name.value);
            self.refuse_saying(
                name.place,
                message,
                format!("add `{service}: ADDRESS:PORT` to its `external`"),
            );
        }
        Some(&server.value)
    }

    /// A mail server finds another by its name, and no record tells it a port (RFC 5321 §5.1).
    pub(super) fn takes_mail_of_servers(&mut self, name: &At<String>) {
        let host = self.script.hosts.value.value(&name.value);
        let Some(external) = host.and_then(|host| host.external.as_ref()) else { return };
        if external.value.smtp.is_none_or(|smtp| smtp.value.port() != SMTP_PORT) {
            let message =
                format!("`{}` takes no mail at port {SMTP_PORT}, where mail servers bring it", name.value);
            self.refuse_saying(
                name.place,
                message,
                format!("write `smtp: ADDRESS:{SMTP_PORT}` in its `external`"),
            );
        }
    }

    pub(super) fn mail_server(&mut self, server: &MailServerSpec, is_external: bool) {
        for domain in server.domains.iter().chain(&server.name) {
            if !is_domain(&domain.value) {
                let message = format!("`{}` is no domain", domain.value);
                self.refuse_saying(domain.place, message, "write one such as `a.example`");
            }
        }
        for client in &server.relays_for {
            self.host(client);
        }
        let conneg = |at: &&At<Vec<MailExtension>>| at.value.contains(&MailExtension::Conneg);
        if let Some(offers) = server.offers.as_ref().filter(conneg) {
            let message = "a mail server prints nothing, and knows nothing of who does";
            self.refuse_saying(offers.place, message, "take `conneg` out; a fax may offer it");
        }
        if let Some(relay) = &server.relay {
            self.known_name(relay);
            self.takes_mail_of_servers(relay);
        }
        for (user, mailbox) in server.mailboxes.iter() {
            let is_word = !user.value.is_empty() && user.value.bytes().all(|octet| octet.is_ascii_graphic());
            if !is_word {
                let message = "the user of a mailbox is a word of printable ASCII";
                self.refuse_saying(user.place, message, "write one such as `bob`");
            }
            if mailbox.password.is_empty() {
                self.refuse_saying(user.place, "a mailbox has a password", "write `{ password: secret }`");
            }
            for address in mailbox.addresses.iter().flatten() {
                let domain = address.value.rsplit_once('@').map(|(_, domain)| domain);
                let here =
                    |domain: &str| server.domains.iter().any(|own| own.value.eq_ignore_ascii_case(domain));
                if domain.is_some_and(|domain| !here(domain)) {
                    let message = format!("mail for `{}` does not end here", address.value);
                    self.refuse_saying(address.place, message, "add its domain to `domains`");
                }
            }
        }
        // Which mail gets into the mailboxes of a real box is not for the scenario to say.
        if server.domains.is_empty() && !server.mailboxes.0.is_empty() && !is_external {
            let place = server.mailboxes.0[0].0.place;
            self.refuse_saying(place, "no mail ends at a server without domains", "give it `domains`");
        }
        if let Some(retries) = server.retries.as_ref().filter(|retries| retries.value.is_empty()) {
            self.refuse_saying(retries.place, "a mail server tries again", "write `[30m]`, or leave it out");
        }
        if let Some(retries) =
            server.retries.as_ref().filter(|retries| retries.value.iter().any(|wait| wait.us == 0))
        {
            self.refuse(retries.place, "a mail server waits between its tries");
        }
        if let Some(most) = server.most_hops.filter(|most| most.value == 0) {
            self.refuse(most.place, "a mail passes one server at least");
        }
    }
}
