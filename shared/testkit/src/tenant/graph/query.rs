//! Query options of a list, and the page they ask for.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{GraphError, METADATA};

/// The options of one request, each allowed where it is asked
#[derive(Debug)]
pub(super) struct Query {
    options: Vec<(String, String)>,
}

impl Query {
    /// Reads a query string; an option that is not `allowed` here is refused
    pub(super) fn parse(query: Option<&str>, allowed: &[&str]) -> Result<Self, GraphError> {
        let options: Vec<(String, String)> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        match options.iter().find(|(name, _)| !allowed.contains(&name.as_str())) {
            None => Ok(Self { options }),
            Some((name, _)) => {
                Err(GraphError::bad_request(format!("Query option '{name}' is not allowed.")))
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, GraphError> {
        let parse = |text: &str| {
            text.parse().map_err(|error| {
                GraphError::bad_request(format!("Invalid value '{text}' for '{name}': {error}."))
            })
        };
        self.get(name).map(parse).transpose()
    }

    /// The page from `skip` on, with a link to the next one when there is more.
    ///
    /// The link is this same request, to `path` at `base_url`, with the option `skip_name` set to
    /// where the page ends.
    pub(super) fn page(
        &self,
        mut items: Vec<Value>,
        page_size: usize,
        skip_name: &str,
        (base_url, path): (&str, &str),
    ) -> Result<Value, GraphError> {
        let n_items = items.len();
        let skip = self.number(skip_name)?.unwrap_or(0).min(n_items);
        let top = self.number("$top")?.unwrap_or(page_size).min(page_size);
        let end = skip.saturating_add(top).min(n_items);
        items.truncate(end);

        let place = path.trim_start_matches("/v1.0/");
        let mut answer = json!({ "@odata.context": format!("{METADATA}#{place}") });
        if let Some(answer) = answer.as_object_mut() {
            if self.get("$count") == Some("true") {
                answer.insert("@odata.count".to_owned(), n_items.into());
            }
            if end < n_items && top > 0 {
                let next = self.next_link(skip_name, end, &format!("{base_url}{path}"));
                answer.insert("@odata.nextLink".to_owned(), next.into());
            }
            answer.insert("value".to_owned(), items.split_off(skip).into());
        }
        Ok(answer)
    }

    fn next_link(&self, skip_name: &str, skip: usize, url: &str) -> String {
        let options = self.options.iter().filter(|(name, _)| name != skip_name);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(options)
            .append_pair(skip_name, &skip.to_string())
            .finish();
        format!("{url}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_with_a_link_unless_it_is_the_last() {
        check("", 5, vec![0, 1, 2, 3, 4], None);
        check("", 3, vec![0, 1, 2], Some("http://x/v1.0/things?%24skip=3"));
        check("$skip=3", 3, vec![3, 4], None);
        check("$skip=2&$top=2", 9, vec![2, 3], Some("http://x/v1.0/things?%24top=2&%24skip=4"));
        check("$skip=9", 3, vec![], None);
        check("$top=0", 3, vec![], None);
    }

    #[track_caller]
    fn check(query: &str, page_size: usize, expected: Vec<u32>, next: Option<&str>) {
        let items = (0..5).map(Value::from).collect();
        let page = Query::parse(Some(query), &["$skip", "$top"])
            .unwrap()
            .page(items, page_size, "$skip", ("http://x", "/v1.0/things"))
            .unwrap();

        assert_eq!(page["value"], json!(expected), "for {query:?}");
        assert_eq!(page.get("@odata.nextLink").and_then(Value::as_str), next, "for {query:?}");
    }

    #[test]
    fn an_option_that_is_not_documented_is_refused() {
        let error = Query::parse(Some("$orderby=title"), &["$top"]).unwrap_err();
        assert_eq!(error.message, "Query option '$orderby' is not allowed.");
    }
}
