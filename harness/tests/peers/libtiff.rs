//! The tools of libtiff: an independent reader and writer of documents, in every form of the coding
//! that profile S (RFC 3949 §3) has or that others write in its place.

mod forms;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use faxproof::world::{self, World};
use faxproof_reports::Trace;
use faxproof_wire::page::code::{Eol, FillOrder, Layout, encode};
use faxproof_wire::page::tiff::{self, Weight};
use faxproof_wire::page::{Coding, Page, Resolution};

use super::program::{folder, run};
use super::stage::{pages, plan, printed};

/// How tiffcp can write a page of MH: with EOL anywhere and byte-aligned, without EOL; either order
/// of the bits in a byte and of the bytes in a number; one strip or many.
const WRITTEN: [&[&str]; 8] = [
    &["-c", "g3:1d", "-f", "lsb2msb", "-L", "-r", "4400"],
    &["-c", "g3:1d", "-f", "msb2lsb", "-L", "-r", "4400"],
    &["-c", "g3:1d:fill", "-f", "lsb2msb", "-L", "-r", "4400"],
    &["-c", "g3:1d:fill", "-f", "msb2lsb", "-L", "-r", "16"],
    &["-c", "g3:1d", "-f", "lsb2msb", "-L", "-r", "16"],
    &["-c", "g3:1d", "-f", "lsb2msb", "-B", "-r", "4400"],
    &["-c", "g3:1d", "-f", "msb2lsb", "-B", "-r", "16"],
    &["-c", "g3:1d:fill", "-f", "lsb2msb", "-B", "-r", "7"],
];

/// Writes our pages as `ours.tif`.
fn written(place: &Path) {
    fs::write(place.join("ours.tif"), tiff::write(&pages())).unwrap();
}

/// Runs a tool of libtiff, which must do what it is asked to without a word of complaint.
fn tool(name: &'static str, place: &Path, arguments: &[&str]) -> String {
    let ended = run(name, "libtiff-tools", place, Command::new(name).current_dir(place).args(arguments));
    assert_eq!(ended.exit_code, Some(0), "{name} {arguments:?}: {}", ended.said);
    assert!(!ended.said.to_ascii_lowercase().contains("warning"), "{name} {arguments:?}: {}", ended.said);
    ended.said
}

/// Lets tiffcp write our pages anew.
fn rewritten(place: &Path, form: &[&str]) -> Vec<u8> {
    written(place);
    tool("tiffcp", place, &[form, &["ours.tif", "theirs.tif"]].concat());
    fs::read(place.join("theirs.tif")).unwrap()
}

/// The pages that bob prints when alice sends him the file that tiffcp wrote.
fn printed_of_theirs(place: &Path) -> Vec<Page> {
    let scenario = "\
version: 1
title: A file of another program
hosts:
  alice: { fax: 1, number: 050-0000-9999 }
  bob: { fax: 1, number: 050-1234-5678 }
  sip: { sip-server: {} }
documents:
  file: { tiff: theirs.tif }
steps:
  - { at: 1s, host: alice, send: file, to: 050-1234-5678 }
";
    let mut trace = Trace::default();
    world::run(&plan(scenario, place, World::Virtual), World::Virtual, &mut trace).unwrap();
    printed(&trace, "bob")
}

#[test]
fn libtiff_reads_our_file_without_a_warning() {
    let place = folder("tiffinfo");
    written(&place);
    let told = tool("tiffinfo", &place, &["-D", "ours.tif"]);
    for (line, count) in [
        ("Compression Scheme: CCITT Group 3", 2),
        ("Image Width: 1728 Image Length: 120", 1),
        ("Image Width: 1728 Image Length: 240", 1),
        ("Resolution: 204, 98 pixels/inch", 1),
        ("Resolution: 204, 196 pixels/inch", 1),
        ("FillOrder: lsb-to-msb", 2),
        ("Page Number: ", 2),
    ] {
        assert_eq!(told.matches(line).count(), count, "{line}: {told}");
    }
}

#[test]
fn libtiff_sees_the_dots_that_we_coded() {
    let theirs = rewritten(&folder("tiffcp-none"), &["-c", "none"]);
    assert_eq!(tiff::read(&theirs).unwrap(), pages());
}

#[test]
fn we_see_the_dots_that_libtiff_coded_in_every_form_of_mh() {
    let place = folder("tiffcp-forms");
    for form in WRITTEN {
        assert_eq!(tiff::read(&rewritten(&place, form)).unwrap(), pages(), "{form:?}");
        // And the other way round: to libtiff too, both files are the same picture.
        tool("tiffcmp", &place, &["-t", "ours.tif", "theirs.tif"]);
    }
}

#[test]
fn of_profile_s_libtiff_breaks_only_the_order_of_the_parts() {
    // It puts the directory behind the strips; its fields and its coding are those of the profile.
    let problems = tiff::is_profile_s(&rewritten(&folder("tiffcp-s"), &["-c", "g3:1d"])).unwrap_err();
    let broken = problems.iter().filter(|problem| problem.weight == Weight::Must);
    let sources: BTreeSet<&str> = broken.map(|problem| problem.source).collect();
    assert_eq!(sources, BTreeSet::from(["RFC 3949 §3.5"]), "{problems:?}");
}

#[test]
fn a_file_of_many_strips_and_big_numbers_is_printed_dot_by_dot() {
    let place = folder("tiffcp-printed");
    rewritten(&place, WRITTEN[7]);
    assert_eq!(printed_of_theirs(&place), pages());
}

#[test]
fn a_file_of_group_4_coding_is_printed_dot_by_dot() {
    let place = folder("tiffcp-g4");
    rewritten(&place, &["-c", "g4"]);
    assert_eq!(printed_of_theirs(&place), pages());
}

#[test]
fn fax2tiff_reads_our_coding_as_modems_send_it() {
    let place = folder("fax2tiff");
    let orders = [(FillOrder::LsbFirst, "-L", "-l"), (FillOrder::MsbFirst, "-M", "-m")];
    for page in pages() {
        let dpi = if page.resolution == Resolution::Fine { "196" } else { "98" };
        for (fill_order, input, output) in orders {
            for (eol, alignment) in [(Eol::Plain, "-P"), (Eol::ByteAligned, "-A")] {
                let line = encode(&page, Layout { coding: Coding::Mh, fill_order, eol });
                fs::write(place.join("line.g3"), line).unwrap();
                let form = ["-3", "-1", alignment, input, "-R", dpi, "-5", "-p", output];
                tool("fax2tiff", &place, &[&form[..], &["-o", "theirs.tif", "line.g3"]].concat());
                let theirs = tiff::read(&fs::read(place.join("theirs.tif")).unwrap()).unwrap();
                assert_eq!(theirs, std::slice::from_ref(&page), "{form:?}");
            }
        }
    }
}
