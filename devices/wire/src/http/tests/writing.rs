use crate::http::{RequestHead, ResponseHead, from_text, request, response, to_text};

#[test]
fn a_head_reads_back() {
    let head =
        RequestHead::parse(&request("POST", "/a", &[("Host", "b:1"), ("Content-Length", "3")])).unwrap();
    assert_eq!((&*head.method, &*head.target, head.host()), ("POST", "/a", Ok(Some("b:1"))));
    assert_eq!(ResponseHead::parse(&response(299, &[("Allow", "POST")])).unwrap().code, 299);
}

#[test]
fn no_value_brings_a_line_of_its_own() {
    let evil = "x\r\nEvil: 1\r\n\r\n";
    let head = RequestHead::parse(&request("PO ST\r\n", &format!("/{evil} y"), &[("Ho: st", evil)])).unwrap();
    assert_eq!((&*head.method, &*head.target), ("POST", "/xEvil:1y"));
    assert_eq!(head.fields.first("Host"), Some("xEvil: 1"));
    assert_eq!(head.fields.first("Evil"), None);
}

#[test]
fn a_text_reads_back_from_html() {
    for text in ["Meeting moved to ten.", "a < b && c > d", "<br>&amp;&#33;", "\u{e4}\n  two lines"] {
        assert_eq!(to_text(&from_text("Fax & more", text)), text);
    }
}

#[test]
fn the_words_of_a_page_are_kept_and_nothing_else() {
    let page = "<html><head><title>t</title><style>p {}</style></head><!-- <p> --><body><p>one&#33;</p>\
                <script>if (a < b) {}</script>two&nbsp;<b>three</b> &bogus; &#x21;</body>";
    assert_eq!(to_text(page), "one!\ntwo three &bogus; !");
}

#[test]
fn damaged_pages_are_read_as_far_as_they_go() {
    for page in
        ["a<", "a<!-- b", "a<script>b", "<", "<>a", "a&", "a&#xffffffff;", "&#99999999999;", "<p\u{e4}>a"]
    {
        assert!(to_text(page).len() <= page.len(), "{page}");
    }
}
