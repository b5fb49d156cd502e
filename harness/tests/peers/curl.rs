//! An HTTP client of other people posts a document on a connection that SIP negotiated: curl.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;

use faxproof_reports::{Trace, What};
use sha2::{Digest, Sha256};

use super::delivery::{BROKEN, Delivered, OURS, delivered};
use super::program::{folder, run};
use super::stage::{breaches, pages, printed};

#[test]
fn curl_posts_a_tiff_and_is_told_what_is_refused() {
    let place = folder("curl");
    let curl = |server: SocketAddr, own: IpAddr, path: &str, file: &str| {
        let mut curl = Command::new("curl");
        curl.current_dir(&place).args([
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "5",
            "--noproxy",
            "*",
        ]);
        curl.args([
            "--fail-with-body",
            "--interface",
            &own.to_string(),
            "--header",
            "Content-Type: image/tiff",
        ]);
        curl.args(["--data-binary", &format!("@{file}"), &format!("http://{server}{path}")]);
        run("curl", "curl", &place, &mut curl)
    };
    let tries = [("/", OURS), ("/elsewhere", OURS), ("/", BROKEN)];
    let Delivered { plan, trace, ended } = delivered("127.94.3", &place, "http", tries, curl);

    // 22: the server answered with a code of 400 or more.
    assert_eq!(ended.each_ref().map(|ended| ended.exit_code), [Some(0), Some(22), Some(22)], "{ended:?}");
    let [posted, elsewhere, broken] = &ended;
    assert!(
        posted.said.contains("HTTP/1.1 201 ") && posted.said.contains("Location: /documents/"),
        "{posted:?}"
    );
    assert!(elsewhere.said.contains("HTTP/1.1 404 "), "{elsewhere:?}");
    assert!(broken.said.contains("HTTP/1.1 422 "), "{broken:?}");
    let sent = Sha256::digest(fs::read(place.join(OURS)).unwrap());
    assert_eq!(Sha256::digest(&bodies(&trace)[0]), sent);
    assert_eq!(printed(&trace, "bob"), pages());
    assert_eq!(breaches(&plan.declaration, &trace, &["bob"]), []);
}

/// The documents that came by HTTP.
fn bodies(trace: &Trace) -> Vec<Vec<u8>> {
    let body = |what: &What| match what {
        What::Message { to, label, bytes, .. } if &**to == "bob" && &**label == "body" => {
            Some(bytes.to_vec())
        }
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| body(&entry.what)).collect()
}
