//! What a plan is made of.

use faxproof_devices::core::Time;
use faxproof_devices::order::{Action, Document};
use faxproof_reports::{Class, Ta3Row};

use super::{CALL, parsed};
use crate::plan::{Act, Plan, PlannedBox, PlannedWhat};
use crate::world::World;

fn plan(text: &str) -> Plan {
    parsed(text).compile("call", World::Virtual, None).unwrap_or_else(|error| panic!("{error}"))
}

fn keys(plan: &Plan) -> Vec<(u32, u64)> {
    let key = |what: &PlannedWhat| match what {
        PlannedWhat::Order(order) => order.key,
        _ => 0,
    };
    plan.actions.iter().map(|action| (action.step, key(&action.what))).collect()
}

#[test]
fn the_declaration_names_every_host_and_its_habits() {
    let declaration = plan(CALL).declaration;
    let classes: Vec<Class> = declaration.hosts.iter().map(|host| host.class).collect();
    assert_eq!(classes, [Class::Fax1, Class::Fax1, Class::SipServer]);
    let alice = declaration.host("alice").expect("alice");
    assert_eq!(alice.protocols, ["smtp"]);
    assert_eq!(alice.failure_notice.as_deref(), Some("display"));
    assert_eq!(alice.habits["no_answer"], "60s");
    assert_eq!(alice.habits["answer_after"], "500ms");
    assert_eq!(declaration.host("sip").expect("sip").habits["location"], "internal");
    assert_eq!((declaration.seed, declaration.epoch_s, declaration.disturbed), (1, 1_069_117_200, false));
}

#[test]
fn the_tables_of_a_mail_server_and_the_orders_on_them_are_declared() {
    let text = "version: 1
title: Tables
hosts:
  server:
    mail-server: { forwards: {} }
    number: 050-0000-0201
    ta3: [ { destination: b.example, number: 050-1234-5678 } ]
  other:
    mail-server: { forwards: { by: specific-information } }
    number: 050-0000-0202
    ta3_prime: [ { information: KYOTO, number: 050-1234-5678 } ]
  sip: { sip-server: {} }
steps:
  - { at: 1s, host: server, ta3: { delete: { destination: b.example } } }
  - { at: 1s, host: other, ta3_prime: list }
";
    let declaration = plan(text).declaration;
    let row = |key: &str| Ta3Row { key: key.into(), number: "050-1234-5678".into() };
    let tables = |host: &str| declaration.host(host).expect("the host").ta3.clone();
    assert_eq!(tables("server").destinations, [row("b.example")]);
    assert_eq!(tables("other").specific, [row("KYOTO")]);
    assert!(tables("sip").is_empty());
    let kinds: Vec<&str> = declaration.orders.iter().map(|order| order.kind.as_str()).collect();
    assert_eq!(kinds, ["ta3-delete", "ta3-list"]);
}

#[test]
fn an_added_host_and_an_added_step_change_no_other() {
    let more = CALL
        .replace("  sip:", "  carol: { fax: 1, number: 050-777 }\n  sip:")
        .replace("steps:\n", "steps:\n  - { at: 0s, host: carol, send: page, to: 050-1234-5678 }\n");
    let (plain, more) = (plan(CALL), plan(&more));
    for host in &plain.hosts {
        let same = more.hosts.iter().find(|other| other.name == host.name).expect("the host");
        assert_eq!(host.address, same.address);
    }
    assert_eq!(keys(&plain)[0].1, keys(&more)[1].1);
}

#[test]
fn equal_orders_have_different_keys() {
    let step = "  - { at: 1s, host: alice, send: page, to: 050-1234-5678 }\n";
    let keys = keys(&plan(&CALL.replace(step, &step.repeat(2))));
    assert_ne!(keys[0].1, keys[1].1);
}

#[test]
fn steps_run_in_order_of_time_and_keep_their_numbers() {
    let text = format!("{CALL}  - {{ at: 500ms, host: bob, power: off }}\n");
    let plan = plan(&text);
    let order: Vec<(u64, u32)> = plan.actions.iter().map(|action| (action.at.0, action.step)).collect();
    assert_eq!(order, [(500_000, 2), (1_000_000, 1)]);
    assert_eq!(plan.declaration.orders[0].kind, "power-off");
    assert!(plan.declaration.disturbed);
}

#[test]
fn the_world_ends_40_s_after_the_last_step_or_when_told() {
    assert_eq!(plan(CALL).until, Time(41_000_000));
    assert_eq!(plan(&format!("{CALL}ends_at: 2m\n")).until, Time(120_000_000));
}

#[test]
fn a_chart_is_encoded_once() {
    let document = |plan: Plan| match plan.actions.first().map(|action| action.what.clone()) {
        Some(PlannedWhat::Order(order)) => match order.action {
            Action::Send { document: Document::Image { tiff, .. }, .. } => tiff,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let (one, other) = (document(plan(CALL)), document(plan(CALL)));
    assert!(!one.is_empty());
    assert_eq!(one.as_ptr(), other.as_ptr());
}

#[test]
fn a_link_leaves_the_rest_as_the_network_has_it() {
    let text = CALL.replace(
        "steps:",
        "network: { latency: 10ms, loss: 20%, links: [ { from: alice, to: sip, both: true, loss: 100% } ] }\nsteps:",
    );
    let network = plan(&text).network;
    assert_eq!(network.default.loss_ppm, 200_000);
    assert_eq!(network.links.len(), 2);
    assert!(network.links.iter().all(|(_, _, link)| (link.latency_us, link.loss_ppm) == (10_000, 1_000_000)));
}

#[test]
fn several_headers_become_several_rules() {
    let text = CALL.replace(
        "steps:",
        "rules:\n  - { on: { message: BYE, nth: [1, 3] }, do: { set_header: { X-One: a, X-Two: \"2\" } } }\nsteps:",
    );
    let rules = plan(&text).rules;
    assert_eq!(rules.len(), 2);
    assert!(rules.iter().all(|rule| rule.on.nth == [1, 3]));
    assert!(
        matches!(&rules[1].act, Act::SetHeader { name, value } if name == "X-Two" && *value == crate::template::Template::plain("2"))
    );
}

#[test]
fn sockets_are_on_the_loopback_network() {
    let plan =
        parsed(&format!("{CALL}ends_at: 4s\n")).compile("call", World::Sockets, Some(9)).expect("a plan");
    assert!(plan.hosts.iter().all(|host| host.address.is_loopback()));
    assert_eq!((plan.declaration.seed, plan.declaration.world.as_str()), (9, "sockets"));
}

#[test]
fn the_address_of_a_host_is_where_the_host_is() {
    let text = CALL
        .replace("alice: { fax: 1,", "alice: { fax: 1, address: 10.1.2.3,")
        .replace("sip-server: {}", "sip-server: { fixed: { 050-777: 10.1.2.3:5060 } }");
    let plan = parsed(&format!("{text}ends_at: 4s\n")).compile("call", World::Sockets, None).expect("a plan");
    let at = |name: &str| plan.hosts.iter().find(|host| &*host.name == name).expect("the host");
    let (PlannedBox::Virtual(server), alice) = (&at("sip").box_, at("alice").address) else { panic!() };
    assert!(format!("{server:?}").contains(&format!("{alice}:5060")));
}

#[test]
fn a_world_that_is_not_listed_is_refused() {
    let text = format!("{CALL}worlds: [virtual]\nworlds_because: ticks\n");
    let error = parsed(&text).compile("call", World::Turmoil, None).expect_err("only virtual").to_string();
    assert!(error.contains("`turmoil`: ticks") && error.contains("it runs in: virtual"), "{error}");
}

/// Two servers of one name, and a host outside.
const ZONE: &str = "\
zone:
  sip.example.net: { naptr: [ { order: 1, service: SIP+D2U, replacement: _sip._udp.other.example } ] }
  _sip._udp.other.example: { srv: [ { priority: 1, weight: 2, target: sip1.other.example } ] }
  sip1.other.example: { a: [sip, 192.0.2.7] }
  six.example: { aaaa: \"2001:db8::1\" }
  gone.example: {}
documents:
";

#[test]
fn a_zone_is_what_the_name_server_knows() {
    let plan = plan(&CALL.replace("documents:\n", ZONE));
    let of = |name: &str| plan.zone.0[name].clone();
    let sip = plan.hosts.iter().find(|host| &*host.name == "sip").expect("sip").address;
    let outside = "192.0.2.7".parse().expect("an address");
    assert_eq!(of("sip1.other.example").addresses, [sip, outside]);
    let service = &of("_sip._udp.other.example").services[0];
    assert_eq!((service.priority, service.weight, service.port), (1, 2, 5060));
    assert_eq!(of("sip.example.net").pointers[0].flags, "s");
    assert!(of("six.example").addresses[0].is_ipv6());
    assert!(of("gone.example").addresses.is_empty());
}
