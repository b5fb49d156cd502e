//! What a reader may refuse, and what it cannot see.

use super::*;
use crate::mime::{self, Mail};

#[test]
fn a_colour_space_needs_its_gamut() {
    Fact {
        section: "§5.2.2",
        written: |file, directory| number(file, directory, Tag::PHOTOMETRIC) == 0,
        read: &[(
            "ITULAB",
            || bent(|tiff| tiff.set(Tag::PHOTOMETRIC, Kind::Short, &[10])),
            Refused("PhotometricInterpretation 10"),
        )],
    }
    .holds();
}

#[test]
fn the_magic_number_is_42() {
    Fact {
        section: "§5.2.3.2 a",
        written: |file, _| file.bytes[2..4] == [42, 0],
        read: &[
            ("41", || patched(2, &[41, 0]), Refused("the number 42")),
            ("43, which is BigTIFF", || patched(2, &[43, 0]), Refused("the number 42")),
            ("42 in the other byte order", || patched(2, &[0, 42]), Refused("the number 42")),
        ],
    }
    .holds();
}

#[test]
fn no_required_field_is_missing() {
    const REQUIRED: [Tag; 7] = [
        Tag::IMAGE_WIDTH,
        Tag::IMAGE_LENGTH,
        Tag::PHOTOMETRIC,
        Tag::STRIP_OFFSETS,
        Tag::STRIP_BYTE_COUNTS,
        Tag::X_RESOLUTION,
        Tag::Y_RESOLUTION,
    ];
    Fact {
        section: "§5.2.3.2 b",
        written: |_, directory| REQUIRED.iter().all(|tag| directory.field(*tag).unwrap().is_some()),
        read: &[("no width", || bent(|tiff| tiff.remove(Tag::IMAGE_WIDTH)), Refused("lacks ImageWidth"))],
    }
    .holds();
    for tag in REQUIRED {
        assert_eq!(read(&bent(|tiff| tiff.remove(tag))), Err(TiffError::Missing { page: 1, tag }));
    }
}

#[test]
fn pages_are_numbered_in_the_order_of_the_chain() {
    Fact {
        section: "§5.2.3.2 c",
        written: |file, directory| number(file, directory, Tag::PAGE_NUMBER) == directory.page as u64 - 1,
        read: &[
            ("the same number twice", || numbered([1, 1]), ReadsAs(|| vec![small_page(), fine_page()])),
            (
                "numbers that no page can have",
                || numbered([7, 9]),
                ReadsAs(|| vec![small_page(), fine_page()]),
            ),
            ("no number", || bent(|tiff| tiff.remove(Tag::PAGE_NUMBER)), Reads),
            (
                "a layer of a page",
                || bent(|tiff| tiff.set(Tag::IMAGE_LAYER, Kind::Long, &[9, 9])),
                Refused("layers of mixed content (profile M)"),
            ),
        ],
    }
    .holds();
}

#[test]
fn no_field_is_given_twice() {
    Fact {
        section: "§5.2.3.2 d",
        written: |_, directory| directory.fields.iter().all(|field| directory.field(field.tag).is_ok()),
        read: &[(
            "two widths",
            || bent(|tiff| tiff.fields.push(tiff.fields[0].clone())),
            Refused("page 1 has ImageWidth (256) twice"),
        )],
    }
    .holds();
}

#[test]
fn strips_overlap_nothing() {
    fn moved(to: u32, len: u32) -> Vec<u8> {
        bent(|tiff| {
            tiff.field_mut(Tag::STRIP_OFFSETS).value = Value::Raw(to);
            tiff.set(Tag::STRIP_BYTE_COUNTS, Kind::Long, &[len]);
        })
    }
    Fact {
        section: "§5.2.3.2 e",
        written: |file, directory| {
            let strip = strip(file, directory);
            strip.start >= directory.end() + 16 && strip.end <= file.bytes.len() as u64
        },
        read: &[
            ("the header", || moved(7, 60), Refused("strip 0 of page 1, at byte 7, overlaps other parts")),
            (
                "the directory",
                || moved(8, 250),
                Refused("strip 0 of page 1, at byte 8, overlaps other parts"),
            ),
            (
                "another strip",
                || {
                    bent(|tiff| {
                        let half = encode(&half_page(), Layout::default());
                        tiff.set(Tag::ROWS_PER_STRIP, Kind::Long, &[6]);
                        tiff.set(Tag::STRIP_OFFSETS, Kind::Long, &[8, 10]);
                        tiff.set(Tag::STRIP_BYTE_COUNTS, Kind::Long, &[half.len() as u32, 40]);
                        tiff.strips = vec![half];
                    })
                },
                Refused("strip 1 of page 1, at byte 10, overlaps other parts"),
            ),
        ],
    }
    .holds();
}

/// The upper half of [`small_page`].
fn half_page() -> Page {
    let whole = small_page();
    Page { bitmap: Bitmap::from_fn(61, 6, |x, y| whole.bitmap.is_black(x, y)), ..whole }
}

#[test]
fn strips_begin_inside_of_the_file() {
    Fact {
        section: "§5.2.3.2 f",
        written: |file, directory| strip(file, directory).start < file.bytes.len() as u64,
        read: &[(
            "far outside",
            || bent(|tiff| tiff.field_mut(Tag::STRIP_OFFSETS).value = Value::Raw(0xFFFF_FF00)),
            Refused("strip 0 of page 1 would take"),
        )],
    }
    .holds();
}

#[test]
fn strips_end_inside_of_the_file() {
    Fact {
        section: "§5.2.3.2 g",
        written: |file, directory| strip(file, directory).end <= file.bytes.len() as u64,
        read: &[
            (
                "longer than any file",
                || bent(|tiff| tiff.field_mut(Tag::STRIP_BYTE_COUNTS).value = Value::Raw(u32::MAX)),
                Refused("strip 0 of page 1 would take 4294967295 bytes"),
            ),
            (
                "one octet too long",
                || {
                    let file = write(&[small_page()]);
                    let end = strip_end(&file);
                    file[..end - 1].to_vec()
                },
                Refused("it was cut off or damaged on its way, send it again"),
            ),
        ],
    }
    .holds();
}

fn strip_end(bytes: &[u8]) -> usize {
    let (file, first) = File::open(bytes).unwrap();
    strip(&file, &file.directories(first).unwrap()[0]).end as usize
}

#[test]
fn a_file_has_one_byte_order() {
    Fact {
        section: "§5.2.3.2 h",
        written: |file, directory| directory.fields.len() == 16 && !file.is_big_endian(),
        read: &[
            (
                "a header of the other one",
                || patched(0, b"MM\0\x2A"),
                Refused("the directory of page 1 would take"),
            ),
            (
                "a directory of the other one",
                || {
                    let little = bent(|_| ());
                    let mut big = bent(|tiff| tiff.big_endian = true);
                    big[..8].copy_from_slice(&little[..8]);
                    big
                },
                Refused("number of fields of page 1: 2304 is more than the 512"),
            ),
        ],
    }
    .holds();
}

#[test]
fn the_meaning_of_black_is_that_of_the_dots() {
    fn reverse_video() -> Page {
        let right = small_page();
        Page { bitmap: Bitmap::from_fn(61, 12, |x, y| !right.bitmap.is_black(x, y)), ..right }
    }
    Fact {
        section: "§5.2.3.2 i",
        written: |file, directory| number(file, directory, Tag::PHOTOMETRIC) == 0,
        read: &[(
            "black on white, said to be the other way",
            || bent(|tiff| tiff.set(Tag::PHOTOMETRIC, Kind::Short, &[1])),
            ReadsAs(|| vec![reverse_video()]),
        )],
    }
    .holds();
}

#[test]
fn parameters_fit_one_another() {
    const X_POSITION: Tag = Tag(286);
    Fact {
        section: "§5.2.3.2 j, k, l",
        written: |_, directory| directory.field(X_POSITION).unwrap().is_none(),
        read: &[
            (
                "YCbCr",
                || bent(|tiff| tiff.set(Tag::PHOTOMETRIC, Kind::Short, &[6])),
                Refused("PhotometricInterpretation 6"),
            ),
            (
                "a place on the page, which is for layers",
                || bent(|tiff| tiff.set(X_POSITION, Kind::Rational, &[5, 1])),
                Reads,
            ),
            (
                "black and white of eight bits",
                || bent(|tiff| tiff.set(Tag::BITS_PER_SAMPLE, Kind::Short, &[8])),
                Refused("8 bits for a dot"),
            ),
            (
                "black and white of three samples",
                || bent(|tiff| tiff.set(Tag::SAMPLES_PER_PIXEL, Kind::Short, &[3])),
                Refused("3 samples for a dot"),
            ),
            (
                "a width that no line of this resolution has: the page is small, not torn",
                || {
                    bent(|tiff| {
                        tiff.set(Tag::X_RESOLUTION, Kind::Rational, &[408, 1]);
                        tiff.set(Tag::Y_RESOLUTION, Kind::Rational, &[391, 1]);
                    })
                },
                ReadsAs(|| vec![Page { resolution: Resolution::Dpi400, ..small_page() }]),
            ),
            (
                "no resolution at all",
                || bent(|tiff| tiff.set(Tag::X_RESOLUTION, Kind::Rational, &[204, 0])),
                Refused("XResolution (282) of page 1 is 0 or divided by 0"),
            ),
        ],
    }
    .holds();
}

#[test]
fn layers_have_the_coders_of_their_kind() {
    Fact {
        section: "§5.2.3.2 m",
        written: |file, directory| (3..=4).contains(&number(file, directory, Tag::COMPRESSION)),
        read: &[
            (
                "the mask of a page of profile M",
                || bent(|tiff| tiff.set(Tag::IMAGE_LAYER, Kind::Long, &[2, 1])),
                Refused("layers of mixed content (profile M)"),
            ),
            (
                "a mask in JPEG",
                || bent(|tiff| tiff.set(Tag::COMPRESSION, Kind::Short, &[7])),
                Refused("Compression 7"),
            ),
        ],
    }
    .holds();
}

#[test]
fn image_tiff_is_for_profiles_s_and_f() {
    Fact {
        section: "§5.3",
        written: |file, _| {
            let tiff = bytes::Bytes::copy_from_slice(file.bytes);
            let mail = Mail {
                from: "a@example.com",
                to: "b@example.com",
                subject: "",
                date_unix_s: 0,
                message_id: "1@example.com",
                boundary: "x",
                text: None,
                tiff: Some(&tiff),
                file_name: "fax.tif",
            };
            let message = mail.to_bytes();
            let text = String::from_utf8_lossy(&message);
            text.contains("Content-Type: image/tiff\r\n") || text.contains("Content-Type: image/tiff;")
        },
        read: &[(
            "JBIG, which should be image/tiff-fx",
            || bent(|tiff| tiff.set(Tag::COMPRESSION, Kind::Short, &[9])),
            Refused("Compression 9"),
        )],
    }
    .holds();
    let labelled = b"From: a@example.com\r\nContent-Type: image/tiff-fx\r\nContent-Transfer-Encoding: base64\r\n\r\nSUkqAA==\r\n";
    let received = mime::read(&bytes::Bytes::from_static(labelled)).unwrap();
    assert_eq!(received.tiffs, [&b"II\x2A\0"[..]], "a file of profile S under the other label");
}
