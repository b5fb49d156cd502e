//! The rules, by theme. Each file holds the rows of its theme and the checks behind them.

mod credentials;
mod failover;
mod forward;
mod hostile;
mod http;
mod learning;
mod mail;
mod marks;
mod notice;
mod order;
mod pages;
mod paper;
mod path;
mod presentation;
mod proxy;
mod readable;
mod session;
mod sip;
mod transport;
mod vendor;

use crate::Rule;
#[cfg(test)]
pub(crate) use mail::tests::{ID, Post, mail as mail_of_alice, report};

/// Every rule, in the order of the report.
pub(crate) const ALL: &[Rule] = &[
    order::SIGNALLING,
    order::STREAM,
    order::HANG_UP,
    presentation::NONE_WHEN_REGISTERED,
    presentation::ASKED_WHEN_UNKNOWN,
    presentation::ANNOUNCES_WHAT_IS_KNOWN,
    sip::ACK_FOR_2XX,
    sip::BYE_FOR_DIALOG,
    sip::NO_BYE_WITHOUT_DIALOG,
    sip::CANCEL_AFTER_PROVISIONAL,
    credentials::ASKED_FOR,
    credentials::RETRY_IS_NEW,
    credentials::REFUSED_ONCE,
    proxy::ONE_FINAL_RESPONSE,
    path::EACH_SIDE,
    failover::FAIL_OVER,
    failover::NEW_TRY_NEW_BRANCH,
    transport::LARGE_REQUEST,
    transport::VIA_TRANSPORT,
    transport::CONTENT_LENGTH,
    transport::NO_REPEAT_ON_STREAM,
    notice::NOTICE_ON_FAILURE,
    notice::NO_NOTICE_ON_SUCCESS,
    paper::PRINTED_WHAT_WAS_ACKNOWLEDGED,
    pages::AS_SENT,
    pages::BEST,
    paper::PRINTED_ONLY_WHAT_ARRIVED,
    mail::KEPT,
    mail::UNTOUCHED,
    mail::REPORTS_WITHOUT_SENDER,
    forward::ENVELOPE,
    forward::EACH_ONCE,
    forward::NO_OPEN_RELAY,
    forward::NO_SELF_CALL,
    forward::DECLARED_NUMBER,
    mail::CONFIRMED_WHEN_ASKED,
    mail::CONFIRMED_AS_PRINTED,
    mail::PRINTED_ONCE,
    http::HOST,
    http::LENGTH,
    http::ONCE,
    learning::LEARNED_ROW,
    learning::TABLE_UNTOUCHED,
    marks::AGREE,
    hostile::ONLY_TO_THE_PEER,
    hostile::FORGED_REQUEST,
    session::VERSION,
    session::LINES_STAY,
    session::ANSWER,
    session::ANSWERED,
    session::ACTIVE_PORT,
    session::NOT_TO_ACTIVE,
    session::CAPABILITIES,
    session::UPDATE_ALLOWED,
    session::ALLOW_AS_DECLARED,
    vendor::PROFILE,
    vendor::RECV_INFO,
    readable::SIP_VALID,
    readable::SIP_ECHOED,
    readable::SIP_READ_ALIKE,
    readable::SMTP_READ_ALIKE,
];
