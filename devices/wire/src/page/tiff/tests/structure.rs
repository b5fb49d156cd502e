//! What is written, and whether it is read back and passes the profile.

use super::super::*;
use super::*;
use crate::page::{Chart, FAX_WIDTH, Form, chart};
use sha2::{Digest, Sha256};

fn charts(of: u16) -> Vec<Page> {
    let page = |page_no| chart(Chart { height: 40, page_no, of, ..Chart::default() });
    (1..=of).map(page).collect()
}

fn u32_at(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*file[at..].first_chunk().unwrap())
}

#[test]
fn pages_are_read_back() {
    let mut pages = charts(3);
    pages[1] = chart(Chart { resolution: Resolution::Fine, height: 33, ..Chart::default() });
    assert_eq!(read(&write(&pages)), Ok(pages));
}

#[test]
fn the_parts_lie_where_the_profile_puts_them() {
    let file = write(&charts(2));
    assert_eq!(file[..10], *b"II\x2A\0\x08\0\0\0\x10\0");
    let tags: Vec<u16> = (0..16).map(|i| u32_at(&file, 10 + i * 12) as u16).collect();
    assert_eq!(tags, [254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 282, 283, 292, 296, 297]);
    assert_eq!(u32_at(&file, 10 + 7 * 12 + 8), 222, "the strip");
    assert_eq!([206, 210, 214, 218].map(|at| u32_at(&file, at)), [204, 1, 98, 1]);
    let second = u32_at(&file, 202);
    assert_eq!(second % 2, 0);
    assert_eq!(u32_at(&file, second as usize + 2 + 15 * 12 + 8), 2 << 16 | 1, "page 1 of 2, from 0");
}

#[test]
fn the_same_pages_have_been_the_same_bytes_ever_since() {
    let mut pages = charts(3);
    pages[1] = chart(Chart { resolution: Resolution::Fine, height: 333, seed: 7, ..Chart::default() });
    let digest: String = Sha256::digest(write(&pages)).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "7f1f3966f6a1d5c7ef959a9dc79906a52ee10538b52ada20f5bb26946049a1e4");
}

#[test]
fn pages_of_every_form_are_read_back_from_one_file() {
    let forms: Vec<Form> = Form::all().filter(|form| form.coding == Coding::Mh).collect();
    let drawn = |(index, form): (usize, &Form)| {
        let &Form { paper, resolution, .. } = form;
        chart(Chart { height: 32 + index as u32, paper, resolution, ..Chart::default() })
    };
    let pages: Vec<Page> = forms.iter().enumerate().map(drawn).collect();
    for coding in Coding::ALL {
        assert_eq!(read(&write_as(&pages, coding)).as_ref(), Ok(&pages), "{coding:?}");
    }
}

#[test]
fn each_coding_is_declared() {
    let declared = [
        (Coding::Mh, 3, Tag::T4_OPTIONS, 0),
        (Coding::Mr, 3, Tag::T4_OPTIONS, 1),
        (Coding::Mmr, 4, Tag::T6_OPTIONS, 0),
    ];
    for (coding, compression, options_tag, options) in declared {
        let file = write_as(&charts(1), coding);
        let field = |index: usize| (u32_at(&file, 10 + index * 12) as u16, u32_at(&file, 18 + index * 12));
        assert_eq!((field(4), field(13)), ((259, compression), (options_tag.0, options)), "{coding:?}");
    }
}

#[test]
fn what_is_written_passes_the_profile() {
    assert_eq!(is_profile_s(&write(&charts(4))), Ok(()));
}

#[test]
fn a_file_without_pages_is_neither_read_nor_profile_s() {
    assert_eq!(read(&write(&[])), Err(TiffError::NoPages));
    assert!(is_profile_s(&write(&[])).is_err());
}

#[test]
fn hundreds_of_pages_are_read_and_ten_thousand_refused() {
    let page = Page { bitmap: Bitmap::white(FAX_WIDTH, 1), resolution: Resolution::Fine };
    let most = vec![page.clone(); MAX_PAGES];
    assert_eq!(read(&write(&most)).map(|pages| pages.len()), Ok(MAX_PAGES));
    let error = read(&write(&vec![page; 10_000])).unwrap_err();
    assert!(matches!(error, TiffError::TooLarge { what: Quantity::Pages, found: 501, .. }), "{error}");
}

/// Each way to break the profile, and the words that must appear in what is said of it.
#[test]
fn each_broken_rule_is_named() {
    type Bend = fn(&mut RawTiff);
    let page = chart(Chart { height: 32, ..Chart::default() });
    let mut sound = RawTiff::coded(&page, 3, vec![encode(&page, Layout::fax(Coding::Mh))]);
    sound.set(Tag::NEW_SUBFILE_TYPE, Kind::Long, &[2]);
    sound.set(Tag::FILL_ORDER, Kind::Short, &[2]);
    sound.set(Tag::T4_OPTIONS, Kind::Long, &[0]);
    sound.set(Tag::PAGE_NUMBER, Kind::Short, &[0, 1]);
    let bends: [(&str, Bend); 14] = [
        ("NewSubfileType (254) is 0", |t| t.set(Tag::NEW_SUBFILE_TYPE, Kind::Long, &[0])),
        ("NewSubfileType (254) has type 3", |t| t.set(Tag::NEW_SUBFILE_TYPE, Kind::Short, &[2])),
        ("ImageWidth (256) is 2048", |t| t.set(Tag::IMAGE_WIDTH, Kind::Long, &[2048])),
        ("Compression (259) is 4", |t| t.set(Tag::COMPRESSION, Kind::Short, &[4])),
        ("Interpretation (262) is 1", |t| t.set(Tag::PHOTOMETRIC, Kind::Short, &[1])),
        ("FillOrder (266) is missing", |t| t.remove(Tag::FILL_ORDER)),
        ("RowsPerStrip is not", |t| t.set(Tag::ROWS_PER_STRIP, Kind::Long, &[33])),
        ("XResolution (282) is 300", |t| t.set(Tag::X_RESOLUTION, Kind::Rational, &[300, 1])),
        ("YResolution (283) is 300/2", |t| t.set(Tag::Y_RESOLUTION, Kind::Rational, &[300, 2])),
        ("does not end on a byte boundary", |t| t.set(Tag::T4_OPTIONS, Kind::Long, &[4])),
        ("ResolutionUnit (296) is 3", |t| t.set(Tag::RESOLUTION_UNIT, Kind::Short, &[3])),
        ("PageNumber is 1, not 0", |t| t.set(Tag::PAGE_NUMBER, Kind::Short, &[1, 1])),
        ("field 305 does not belong", |t| t.set(Tag(305), Kind::Byte, &[65])),
        ("ascending order", |t| t.fields.reverse()),
    ];
    // This builder puts the directory last, which the profile does not allow either.
    let before = is_profile_s(&sound.build()).unwrap_err();
    assert!(before.iter().all(|problem| problem.source == "RFC 3949 \u{a7}3.5"), "{before:?}");
    for (words, bend) in bends {
        let mut bent = sound.clone();
        bend(&mut bent);
        let after = is_profile_s(&bent.build()).unwrap_err();
        assert!(after.iter().any(|problem| problem.to_string().contains(words)), "{words}: {after:?}");
    }
}

#[test]
fn an_rtc_is_only_advised_against() {
    let mut file = write(&charts(1)).to_vec();
    let from = u32_at(&file, 10 + 7 * 12 + 8) as usize;
    let len = u32_at(&file, 10 + 10 * 12 + 8) as usize;
    file.truncate(from + len);
    // The last byte may hold zeros already: fill, were it not at the end. Start the RTC anew.
    let bits = [0x00, 0x08, 0x80, 0x00, 0x08, 0x80, 0x00, 0x08, 0x80];
    file.extend(bits);
    file[10 + 10 * 12 + 8..][..4].copy_from_slice(&((len + bits.len()) as u32).to_le_bytes());
    let problems = is_profile_s(&file).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.weight).collect::<Vec<_>>(), [Weight::Should]);
}
