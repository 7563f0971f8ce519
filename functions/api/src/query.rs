//! What stands after the question mark of a request: read strictly, each name once; and lists a page
//! at a time.

use std::collections::BTreeMap;

use crate::{
    problem::Problem,
    route::{Parameter, Route},
    shape::Shape,
};

/// How many there are on a page, if nobody says
const LIMIT: usize = 50;
/// How many there are on a page at the most
const LIMIT_MAX: usize = 200;

/// How many characters anything has that is said here
const VALUE_LENGTH_MAX: usize = 1_024;

/// How many there are to be on a page
pub(crate) const PAGE_LIMIT: Parameter = Parameter {
    name: "limit",
    about: "How many to answer at the most; 50 if it is left out",
    schema: Shape { name: "PageLimit", schema: || crate::shape::integer(1, 200) },
};
/// Where a page begins
pub(crate) const PAGE_AFTER: Parameter = Parameter {
    name: "after",
    about: "The `next` of the page before",
    schema: Shape { name: "PageAfter", schema: || crate::shape::up_to(VALUE_LENGTH_MAX) },
};

/// What was said after the question mark
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads it: what the route does not know, or has twice, is refused
    pub(crate) fn read(route: &'static Route, text: &str) -> Result<Self, Problem> {
        let mut read = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            let known = route.query.iter().find(|it| it.name == name);
            let known = known.ok_or_else(|| {
                let known: Vec<&str> = route.query.iter().map(|it| it.name).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                Problem::BadQuery(format!("`{name:.64}` is not known; this path takes {known}"))
            })?;
            if value.chars().count() > VALUE_LENGTH_MAX {
                let longest = format!("`{name}` has more than {VALUE_LENGTH_MAX} characters");
                return Err(Problem::BadQuery(longest));
            }
            if read.insert(known.name, value.into_owned()).is_some() {
                return Err(Problem::BadQuery(format!("`{}` is there twice", known.name)));
            }
        }
        Ok(Self(read))
    }

    /// What was said under that name
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How many are to be on a page
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.get(PAGE_LIMIT.name) else { return Ok(LIMIT) };
        let limit = text.parse().ok().filter(|it| (1..=LIMIT_MAX).contains(it));
        limit.ok_or_else(|| Problem::BadQuery(format!("`limit` is from 1 to {LIMIT_MAX}")))
    }

    /// A page of what is in the order of its keys, and where the next begins.
    ///
    /// Why keys and not counts: what is added or taken away meanwhile moves nothing else.
    pub(crate) fn page<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let limit = self.limit()?;
        let after = self.get(PAGE_AFTER.name);
        let mut left = items.into_iter().filter(|it| after.is_none_or(|after| key(it) > after));
        let page: Vec<T> = left.by_ref().take(limit).collect();
        let next = page.last().map(|it| key(it).to_owned());
        Ok((page, next.filter(|_| left.next().is_some())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::routes;

    fn read(text: &str) -> Result<Query, Problem> {
        Query::read(routes().find(|it| it.operation == "listTokens").unwrap(), text)
    }

    #[test]
    fn what_a_route_does_not_know_is_refused() {
        for (text, expected) in [
            ("", None),
            ("limit=2&after=b%20c", None),
            ("limt=2", Some("`limt` is not known; this path takes limit, after")),
            ("limit=2&limit=3", Some("`limit` is there twice")),
        ] {
            let said = read(text).err().map(|it| it.body("")["detail"].clone());
            assert_eq!(said.as_ref().and_then(|it| it.as_str()), expected, "for {text}");
        }
        for text in ["limit=0", "limit=201", "limit=-1", "limit=x", "limit="] {
            assert!(read(text).unwrap().limit().is_err(), "for {text}");
        }
    }

    #[test]
    fn pages_follow_each_other_and_end() {
        let all = ["a", "b", "c"];
        let page = |text: &str| {
            let (page, next) = read(text).unwrap().page(all, |it| it).unwrap();
            (page.concat(), next)
        };
        assert_eq!(page(""), ("abc".to_owned(), None));
        assert_eq!(page("limit=2"), ("ab".to_owned(), Some("b".to_owned())));
        assert_eq!(page("limit=2&after=b"), ("c".to_owned(), None));
        assert_eq!(page("limit=2&after=aa"), ("bc".to_owned(), None));
        assert_eq!(page("limit=3"), ("abc".to_owned(), None));
    }
}
