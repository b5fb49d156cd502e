//! Ghostscript, which makes fax pages of documents, with coders of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use faxproof_wire::page::{Bitmap, Form, Page, Paper, Resolution, tiff};

use super::program::{folder, run};

/// Two pages: letters, lines of every slope, grey.
const DOCUMENT: &str = "\
%!PS
/Helvetica findfont 40 scalefont setfont
72 700 moveto (Fax page, 1 of 2) show
0.5 setgray 100 400 200 100 rectfill
0 setgray 0.1 setlinewidth
0 6 180 { gsave 300 250 translate rotate 0 0 moveto 150 0 lineto stroke grestore } for
showpage
72 600 moveto (2 of 2) show
showpage
";

/// Lets a device draw the document.
fn drawn(place: &Path, device: &str, form: Form, more: &[&str], file: &str) {
    fs::write(place.join("document.ps"), DOCUMENT).unwrap();
    let Form { paper, resolution, .. } = form;
    let mut command = Command::new("gs");
    command.current_dir(place).args(["-q", "-dNOPAUSE", "-dBATCH", "-dSAFER"]);
    command.arg(format!("-sDEVICE={device}")).arg(format!("-r{resolution}"));
    command.arg(format!("-g{}x{}", paper.width(resolution), paper.rows(resolution)));
    command.args(more).arg(format!("-sOutputFile={file}")).arg("document.ps");
    let ended = run("gs", "ghostscript", place, &mut command);
    assert_eq!((ended.exit_code, ended.said.as_str()), (Some(0), ""), "{device} {form}");
}

/// The dots of a portable bitmap.
fn portable(place: &Path, file: &str, form: Form) -> Page {
    let Form { paper, resolution, .. } = form;
    let (width, height) = (paper.width(resolution), paper.rows(resolution));
    let bytes = fs::read(place.join(file)).unwrap();
    let dots = bytes[bytes.len() - (width.div_ceil(8) * height) as usize..].to_vec();
    Page { bitmap: Bitmap::new(width, height, dots).unwrap(), resolution }
}

fn read_back(resolution: Resolution, more: &[&str]) {
    let place = folder(&format!("gs-{resolution}-{}", more.concat()));
    let form = Form { paper: Paper::A4, resolution, ..Form::default() };
    drawn(&place, "pbmraw", form, &[], "page%d.pbm");
    let pages = ["page1.pbm", "page2.pbm"].map(|file| portable(&place, file, form));
    for device in ["tiffcrle", "tiffg3", "tiffg32d", "tiffg4"] {
        drawn(&place, device, form, more, "theirs.tif");
        let read = tiff::read(&fs::read(place.join("theirs.tif")).unwrap()).unwrap();
        assert!(read == pages, "{device} {form} {more:?}: {read:?} for {pages:?}");
    }
}

#[test]
fn tiff_of_every_coding_has_the_dots_that_were_drawn() {
    for resolution in [Resolution::Standard, Resolution::Fine, Resolution::Superfine] {
        read_back(resolution, &[]);
    }
}

#[test]
fn tiff_in_several_strips_has_the_dots_that_were_drawn() {
    read_back(Resolution::Fine, &["-dMaxStripSize=8192"]);
}

#[test]
fn tiff_with_the_lowest_bit_first_has_the_dots_that_were_drawn() {
    read_back(Resolution::Fine, &["-dFillOrder=2"]);
}
