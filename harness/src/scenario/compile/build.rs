//! From the set-up of a box to the box.

use faxproof_devices::config::{
    FaxConfig, LocationServerConfig, MailClientConfig, MailServerConfig, SipServerConfig, TesterConfig,
};
use faxproof_devices::core::Device;
use faxproof_devices::fax1::Fax1;
use faxproof_devices::location_server::LocationServer;
use faxproof_devices::mail_client::MailClient;
use faxproof_devices::mail_fax::MailFax;
use faxproof_devices::mail_server::MailServer;
use faxproof_devices::sip_server::SipServer;
use faxproof_devices::tester::Tester;

/// The set-up of a virtual box.
#[derive(Clone, Debug)]
pub(super) enum Config {
    Fax1(FaxConfig),
    MailFax(FaxConfig),
    SipServer(SipServerConfig),
    LocationServer(LocationServerConfig),
    MailServer(MailServerConfig),
    MailClient(MailClientConfig),
    Tester(TesterConfig),
}

/// The virtual box with this set-up, before its first power-on.
pub(super) fn build(config: Config) -> Box<dyn Device> {
    match config {
        Config::Fax1(config) => Box::new(Fax1::new(config)),
        Config::MailFax(config) => Box::new(MailFax::new(config)),
        Config::SipServer(config) => Box::new(SipServer::new(config)),
        Config::LocationServer(config) => Box::new(LocationServer::new(config)),
        Config::MailServer(config) => Box::new(MailServer::new(config)),
        Config::MailClient(config) => Box::new(MailClient::new(config)),
        Config::Tester(config) => Box::new(Tester::new(config)),
    }
}
