//! The codecs that every message and every page passes.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use faxproof_wire::page::code::{Layout, decode, encode};
use faxproof_wire::page::{Bitmap, Chart, Coding, FAX_WIDTH, Form, Page, Paper, Resolution, chart, reform};
use faxproof_wire::sip::{Builder, Message, Method, Name};

const SDP: &str = "v=0\r\no=alice 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n\
                   m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

fn invite() -> Message {
    Builder::request(Method::Invite, "sip:050-1234-5678@example.com")
        .header(Name::Via, "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK8f3a91c2d4e5b607")
        .header(Name::MaxForwards, "70")
        .header(Name::From, "<sip:050-0000-9999@example.com>;tag=1c2d3e4f5a6b7c8d")
        .header(Name::To, "<sip:050-1234-5678@example.com>")
        .header(Name::CallId, "5f0e1d2c3b4a5968@10.0.0.1")
        .header(Name::CSeq, "1 INVITE")
        .header(Name::Contact, "<sip:050-0000-9999@10.0.0.1:5060>")
        .header(Name::Allow, "INVITE, ACK, CANCEL, BYE, OPTIONS")
        .body("application/sdp", SDP)
        .finish()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    sip(&mut criterion);
    pages(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn sip(criterion: &mut Criterion) {
    let bytes = invite().raw().clone();
    let mut group = criterion.benchmark_group("INVITE");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("parse", |bencher| bencher.iter(|| Message::parse(black_box(bytes.clone()))));
    group.bench_function("print", |bencher| bencher.iter(invite));
    let message = invite();
    group.bench_function("validate", |bencher| bencher.iter(|| black_box(&message).validate_request()));
    group.finish();
}

fn pages(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let page = chart(Chart { height: 1_143, ..Chart::default() });
    for layout in Coding::ALL.map(Layout::fax) {
        let coded = encode(&page, layout);
        decode(&coded, FAX_WIDTH, None, layout)?;
        let mut group = criterion.benchmark_group(format!("{}, an A4 chart", layout.coding.name()));
        group.throughput(Throughput::Elements(u64::from(page.bitmap.height)));
        group.bench_function("encode", |bencher| bencher.iter(|| encode(black_box(&page), layout)));
        group.bench_function("decode", |bencher| {
            bencher.iter(|| decode(black_box(&coded), FAX_WIDTH, None, layout));
        });
        group.finish();
    }
    let (paper, resolution) = (Paper::A3, Resolution::Dpi400);
    let large = chart(Chart { height: paper.rows(resolution), paper, resolution, ..Chart::default() });
    // A photograph in a raster of 25 %, pure noise, and the most runs that a page can have when it is coded.
    let (width, height) = (large.bitmap.width, large.bitmap.height);
    let raster = Bitmap::from_fn(width, height, |x, y| x % 8 < 4 && y % 8 < 4);
    let noise = Bitmap::from_fn(width, height, |x, y| {
        (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77)).wrapping_mul(0xC2B2_AE35) >> 31 == 1
    });
    let lines = Bitmap::from_fn(width, height, |x, _| x * FAX_WIDTH / width % 2 == 1);
    let mut group =
        criterion.benchmark_group("an A3 page at 408 x 391 formed anew for A4 at 204 x 196, in MH");
    let raster = Page { bitmap: raster, resolution };
    let noise = Page { bitmap: noise, resolution };
    let lines = Page { bitmap: lines, resolution };
    for (name, page) in [("chart", &large), ("raster", &raster), ("noise", &noise), ("lines", &lines)] {
        let simple = || encode(&reform(black_box(page), Form::PROFILE_S), Layout::fax(Coding::Mh));
        group.bench_function(name, |bencher| bencher.iter(simple));
    }
    group.finish();
    Ok(())
}
