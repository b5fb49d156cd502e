//! A run as JUnit XML, which the pages of CI systems read.
//!
//! One `testsuite`, one `testcase` for each scenario: its folder is the `classname`, by which GitLab, Jenkins
//! and the readers for GitHub group. No time and no date is in it, so that the same run gives the same bytes.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::verdict::Verdict;

/// One scenario of a run.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Its name: `fig04/learned`.
    pub scenario: String,
    /// Its verdict; `None` if it did not run.
    pub verdict: Option<Verdict>,
    /// What speaks against it, one line each.
    pub findings: Vec<String>,
    /// What else helps: how its ladder differs.
    pub text: String,
}

/// The whole run as XML.
///
/// # Errors
/// What the writer of XML says.
pub fn junit(cases: &[Case]) -> Result<String, String> {
    let mut suite = TestSuite::new("faxproof");
    suite.add_test_cases(cases.iter().map(test_case));
    let mut report = Report::new("faxproof");
    report.add_test_suite(suite);
    report.to_string().map_err(|error| error.to_string())
}

fn test_case(case: &Case) -> TestCase {
    // A cell's values may hold a slash in time to come; the folder ends before them.
    let path = case.scenario.split('[').next().unwrap_or_default();
    let folder = path.rfind('/').map_or(0, |slash| slash + 1);
    let mut status = match case.verdict {
        Some(Verdict::Pass) => TestCaseStatus::success(),
        Some(Verdict::Fail) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        // Readers know no "inconclusive". Skipped would be green, and a run without an answer is not.
        Some(Verdict::Inconclusive | Verdict::Error) => TestCaseStatus::non_success(NonSuccessKind::Error),
        None => TestCaseStatus::skipped(),
    };
    if case.verdict != Some(Verdict::Pass) {
        status.set_message(
            case.findings.first().map_or("the ladder differs from the snapshot", String::as_str),
        );
        if let Some(verdict) = case.verdict {
            status.set_type(verdict.as_str());
        }
        let lines = case.findings.iter().map(String::as_str).chain(case.text.lines());
        status.set_description(lines.collect::<Vec<_>>().join("\n"));
    }
    let mut test = TestCase::new(&case.scenario[folder..], status);
    let folders = case.scenario[..folder].trim_end_matches('/').replace('/', ".");
    test.set_classname(if folders.is_empty() {
        "faxproof".to_owned()
    } else {
        format!("faxproof.{folders}")
    });
    test
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(scenario: &str, verdict: Option<Verdict>, finding: &str) -> Case {
        let findings = if finding.is_empty() { Vec::new() } else { vec![finding.to_owned()] };
        Case { scenario: scenario.to_owned(), verdict, findings, text: "  was a <b>\u{1}\n".to_owned() }
    }

    #[test]
    fn a_run_is_one_suite_with_a_case_for_each_scenario() {
        let cases = [
            case("fig04/learned", Some(Verdict::Pass), ""),
            case("fig04/busy", Some(Verdict::Fail), "expect.printed: bob printed 1 page, not 3"),
            case("fig04/x[a=1]", Some(Verdict::Inconclusive), "sip.answer: nobody was there"),
            case("lone", None, "not run: another scenario failed first"),
        ];
        let xml = junit(&cases).unwrap();
        insta::assert_snapshot!(xml);
        assert_eq!(xml, junit(&cases).unwrap());
    }
}
