//! Every form of a page, and every way in which libtiff stores one.

use std::fs;
use std::path::Path;

use faxproof_wire::page::tiff::{self, TiffError, Unsupported};
use faxproof_wire::page::{Bitmap, Chart, Coding, Form, Page, chart};

use super::tool;
use crate::program::folder;

/// A page of each paper and resolution.
fn pages() -> Vec<Page> {
    let sizes = Form::all().filter(|form| form.coding == Coding::Mh).zip(1..);
    sizes
        .map(|(Form { paper, resolution, .. }, page_no)| {
            chart(Chart { height: 40 + 3 * u32::from(page_no), resolution, paper, page_no, of: 15, seed: 11 })
        })
        .collect()
}

/// The pages in a coding, as `ours.tif`.
fn written(place: &Path, pages: &[Page], coding: Coding) {
    fs::write(place.join("ours.tif"), tiff::write_as(pages, coding)).unwrap();
}

fn theirs(place: &Path) -> Result<Vec<Page>, TiffError> {
    tiff::read(&fs::read(place.join("theirs.tif")).unwrap())
}

#[test]
fn libtiff_reads_every_form_that_we_write() {
    let place = folder("tiff-ours");
    for coding in Coding::ALL {
        written(&place, &pages(), coding);
        let told = tool("tiffinfo", &place, &["-D", "ours.tif"]);
        let (scheme, options) = match coding {
            Coding::Mh => ("CCITT Group 3", "Group 3 Options: (0 = 0x0)"),
            Coding::Mr => ("CCITT Group 3", "Group 3 Options: 2-d encoding (1 = 0x1)"),
            Coding::Mmr => ("CCITT Group 4", "Group 4 Options: (0 = 0x0)"),
        };
        for line in [scheme, options] {
            assert_eq!(told.matches(line).count(), 15, "{line}: {told}");
        }
        tool("tiffcp", &place, &["-c", "none", "ours.tif", "theirs.tif"]);
        assert_eq!(theirs(&place).unwrap(), pages(), "{coding:?}");
    }
}

#[test]
fn libtiff_codes_our_rows_in_the_same_bits() {
    // Of MR it codes other rows by themselves, as it takes every resolution in its own way.
    let place = folder("tiff-same");
    for (coding, name) in [(Coding::Mh, "g3:1d"), (Coding::Mmr, "g4")] {
        for page in pages() {
            written(&place, std::slice::from_ref(&page), coding);
            tool(
                "tiffcp",
                &place,
                &["-c", name, "-f", "lsb2msb", "-L", "-r", "9999", "ours.tif", "theirs.tif"],
            );
            assert_eq!(strip(&place, "theirs.tif"), strip(&place, "ours.tif"), "{page:?} in {name}");
        }
    }
}

/// The code of the page: what tiffinfo says is the only strip.
fn strip(place: &Path, file: &str) -> Vec<u8> {
    let told = tool("tiffinfo", place, &["-s", file]);
    let numbers = told.split_once("1 Strips:").unwrap().1;
    let numbers = numbers.split(['[', ',', ']']).filter_map(|word| word.trim().parse().ok());
    let [from, len] = numbers.filter(|number: &usize| *number > 0).collect::<Vec<_>>()[..] else {
        panic!("{told}");
    };
    fs::read(place.join(file)).unwrap()[from..from + len].to_vec()
}

#[test]
fn we_read_everything_that_libtiff_writes_of_the_fax_codings() {
    let place = folder("tiff-theirs");
    let pages = pages();
    written(&place, &pages, Coding::Mmr);
    for coding in ["g3:1d", "g3:1d:fill", "g3:2d", "g3:2d:fill", "g4", "none"] {
        for order in ["lsb2msb", "msb2lsb"] {
            for numbers in ["-L", "-B"] {
                for rows in ["1", "7", "16", "9999"] {
                    let form = ["-c", coding, "-f", order, numbers, "-r", rows];
                    tool("tiffcp", &place, &[&form[..], &["ours.tif", "theirs.tif"]].concat());
                    assert_eq!(theirs(&place).as_ref(), Ok(&pages), "{form:?}");
                }
            }
        }
    }
}

#[test]
fn we_heed_what_libtiff_says_of_black() {
    let place = folder("tiff-black");
    let pages = &pages()[..5];
    let negative = |page: &Page| {
        let Page { bitmap, resolution } = page;
        let black = |x, y| !bitmap.is_black(x, y);
        Page { bitmap: Bitmap::from_fn(bitmap.width, bitmap.height, black), resolution: *resolution }
    };
    for coding in ["g3:1d", "g3:2d", "g4"] {
        written(&place, pages, Coding::Mh);
        for page in 0..pages.len() {
            tool("tiffset", &place, &["-d", &page.to_string(), "-s", "262", "1", "ours.tif"]);
        }
        tool("tiffcp", &place, &["-c", coding, "ours.tif", "theirs.tif"]);
        let expected: Vec<Page> = pages.iter().map(negative).collect();
        assert_eq!(theirs(&place), Ok(expected), "{coding}");
    }
}

#[test]
fn we_read_centimetres() {
    let place = folder("tiff-cm");
    for page in pages() {
        written(&place, std::slice::from_ref(&page), Coding::Mr);
        let per_cm = |per_inch: u32| format!("{:.3}", f64::from(per_inch) / 2.54);
        let (along, down) = (per_cm(page.resolution.x_dpi()), per_cm(page.resolution.y_dpi()));
        for (field, value) in [("296", "3"), ("282", along.as_str()), ("283", down.as_str())] {
            tool("tiffset", &place, &["-s", field, value, "ours.tif"]);
        }
        tool("tiffcp", &place, &["-c", "g3:2d", "ours.tif", "theirs.tif"]);
        assert_eq!(theirs(&place), Ok(vec![page]), "{along} x {down}");
    }
}

#[test]
fn we_say_why_we_do_not_read_tiles() {
    let place = folder("tiff-tiles");
    written(&place, &pages()[..1], Coding::Mmr);
    tool("tiffcp", &place, &["-t", "-w", "64", "-l", "64", "-c", "g4", "ours.tif", "theirs.tif"]);
    assert_eq!(theirs(&place), Err(TiffError::Unsupported { page: 1, what: Unsupported::Tiles }));
}
