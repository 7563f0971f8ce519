//! The API, as the commands of people ask it: over HTTP with a token.

use std::{env, time::Duration};

use defuse_adapters::{Answer, BaseUrl, Http, Reach};
use lambda_http::http::Request;
use serde_json::Value;
use url::Url;

use crate::{args::ApiArguments, failure::Failure};

/// How long an answer may take
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// The variable with the token
const TOKEN: &str = "DEFUSE_TOKEN";

/// The API of a host or of a stack
pub(crate) struct Api {
    http: Http,
    url: Url,
    token: String,
}

impl Api {
    pub(crate) fn at(arguments: &ApiArguments) -> Result<Self, Failure> {
        let token = env::var(TOKEN).ok().filter(|it| !it.trim().is_empty());
        let token = token.ok_or_else(|| {
            refused(&format!(
                "error: {TOKEN} is not set\n  help: `defuse dev` prints a token, and \
             `defuse tokens create` makes one"
            ))
        })?;
        // Why: an address with more in it than a host would send the token who knows where.
        BaseUrl::parse(&arguments.url).map_err(|error| refused(&format!("error: {error}")))?;
        let url =
            Url::parse(&arguments.url).map_err(|error| refused(&format!("error: {error}")))?;
        let http = Http::new(Reach::Anywhere, ANSWERS_WITHIN)
            .map_err(|error| Failure::host("cannot ask the API", error))?;
        Ok(Self { http, url, token: token.trim().to_owned() })
    }

    /// The answer to a request, or why it is refused
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &[&str],
        version: Option<u64>,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.send(method, self.at_path(path), version, body).await
    }

    /// A page of a list
    pub(crate) async fn list(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let mut url = self.at_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send("GET", url, None, None).await
    }

    fn at_path(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().push("v1").extend(path);
        }
        url
    }

    async fn send(
        &self,
        method: &str,
        url: Url,
        version: Option<u64>,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        if let Some(version) = version {
            request = request.header("if-match", format!("\"{version}\""));
        }
        let body = body.map(|it| it.to_string().into_bytes()).unwrap_or_default();
        let request =
            request.body(body).map_err(|error| Failure::host("cannot ask the API", error))?;
        let answer = self.http.send(request).await;
        read(
            answer
                .map_err(|error| Failure::host(format!("{} does not answer", self.url), error))?,
        )
    }
}

fn read(answer: Answer) -> Result<Value, Failure> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.is_success() {
        return Ok(body);
    }
    let text = |it: &Value, name: &str| it.get(name).and_then(Value::as_str).map(str::to_owned);
    let detail = text(&body, "detail").unwrap_or_else(|| format!("status {}", answer.status));
    let code = text(&body, "code").unwrap_or_else(|| "refused".to_owned());
    let problems = body.get("problems").and_then(Value::as_array);
    let helps = problems.into_iter().flatten().filter_map(|it| text(it, "help"));
    let helps = helps.chain(text(&body, "help").filter(|_| problems.is_none()));
    let lines: Vec<String> = std::iter::once(format!("error[{code}]: {detail}"))
        .chain(helps.map(|it| format!("  help: {it}")))
        .collect();
    let said = lines.join("\n");
    Err(Failure::Refused { status: answer.status, said })
}

fn refused(said: &str) -> Failure {
    Failure::Refused { status: 400, said: said.to_owned() }
}
