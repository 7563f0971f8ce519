//! Lists as CSV (RFC 4180), for spreadsheets: no cell is taken for a formula.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, header},
};

use crate::{
    route::Parameter,
    shape::{Shape, words},
};

/// In which format a list is answered
pub(crate) const FORMAT: Parameter = Parameter {
    name: "format",
    about: "`csv` for a spreadsheet; `Accept: text/csv` says the same",
    schema: Shape { name: "Format", schema: || words(["json", "csv"]) },
};

/// With what a formula begins, in one spreadsheet or another
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A list as CSV
#[derive(Debug)]
pub(crate) struct Csv {
    /// The list
    pub(crate) text: String,
    /// The query of the next page
    pub(crate) next: Option<String>,
}

impl Csv {
    /// Puts it in the place of what was to be answered
    pub(crate) fn put_into(self, response: &mut Response<Body>) {
        *response.body_mut() = Body::Text(self.text);
        let headers = response.headers_mut();
        let content = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
        headers.insert(header::CONTENT_TYPE, content);
        let next = self.next.map(|it| format!("<?{it}>; rel=\"next\""));
        if let Some(Ok(next)) = next.map(|it| HeaderValue::from_str(&it)) {
            headers.insert(header::LINK, next);
        }
    }
}

/// Lines, under that header if there is one
pub(crate) fn csv<const N: usize>(
    header: Option<[&str; N]>,
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let header = header.map(|it| it.map(str::to_owned));
    header.into_iter().chain(rows).map(line).collect()
}

fn line<const N: usize>(cells: [String; N]) -> String {
    format!("{}\r\n", cells.map(|it| cell(&it)).join(","))
}

/// One cell. What a spreadsheet would take for a formula gets an apostrophe before it, behind which
/// it is text.
fn cell(text: &str) -> String {
    let harmless = if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() };
    if harmless.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"so\"", "\"say \"\"so\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(cell(text), expected, "for {text:?}");
        }
        let rows = [["1".to_owned(), "2".to_owned()]];
        assert_eq!(csv(Some(["a", "b"]), rows), "a,b\r\n1,2\r\n");
    }
}
