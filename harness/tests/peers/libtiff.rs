//! The tools of libtiff: an independent reader and writer of documents.

use std::fs;
use std::path::Path;
use std::process::Command;

use faxproof::world::{self, World};
use faxproof_reports::{Trace, What};
use faxproof_wire::page::{Chart, Page, Resolution, chart, tiff};

use super::program::{folder, output};
use super::stage::plan;

/// A page of each resolution.
fn pages() -> Vec<Page> {
    let page = |page_no, height, resolution| chart(Chart { height, resolution, page_no, of: 2, seed: 7 });
    vec![page(1, 120, Resolution::Standard), page(2, 240, Resolution::Fine)]
}

/// Lets tiffcp write the pages anew with another compression.
fn rewritten(place: &Path, compression: &str) {
    fs::write(place.join("ours.tif"), tiff::write(&pages())).unwrap();
    let mut tiffcp = Command::new("tiffcp");
    tiffcp.current_dir(place).args(["-c", compression, "ours.tif", "theirs.tif"]);
    let said = output("tiffcp", "libtiff-tools", &mut tiffcp);
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
}

/// The pages that bob prints when alice sends him the file that tiffcp wrote.
fn printed(place: &Path) -> Vec<Page> {
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
    let page = |what| match what {
        What::Printed { host, page, .. } if &*host == "bob" => page,
        _ => None,
    };
    trace.entries.into_iter().filter_map(|entry| page(entry.what)).collect()
}

#[test]
fn libtiff_reads_our_file_without_a_warning() {
    let place = folder("tiffinfo");
    fs::write(place.join("ours.tif"), tiff::write(&pages())).unwrap();
    let mut tiffinfo = Command::new("tiffinfo");
    let said = output("tiffinfo", "libtiff-tools", tiffinfo.current_dir(&place).args(["-D", "ours.tif"]));
    let (told, warnings) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert_eq!((said.status.success(), &*warnings), (true, ""), "{told}");
    assert_eq!(told.matches("CCITT modified Huffman").count(), 2, "{told}");
}

#[test]
fn libtiff_sees_the_dots_that_we_coded() {
    let place = folder("tiffcp-none");
    rewritten(&place, "none");
    assert_eq!(tiff::read(&fs::read(place.join("theirs.tif")).unwrap()).unwrap(), pages());
}

#[test]
fn a_file_of_group_3_coding_is_printed_dot_by_dot() {
    let place = folder("tiffcp-g3");
    rewritten(&place, "g3");
    assert_eq!(printed(&place), pages());
}

#[test]
fn a_file_of_group_4_coding_is_printed_dot_by_dot() {
    let place = folder("tiffcp-g4");
    rewritten(&place, "g4");
    assert_eq!(printed(&place), pages());
}
