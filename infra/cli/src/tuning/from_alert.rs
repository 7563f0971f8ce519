//! `defuse tuning from-alert`: a rule for alerts like one that came.

use std::io::{self, Write as _};

use defuse_domain::Fill;
use jiff::Timestamp;

use super::stored::Stored;
use crate::{
    allow::{offers, write_offers},
    args::FromAlertArguments,
    failure::Failure,
};

/// The rule on standard output, so that it can go to a file; on standard error how what is in the
/// alert is allowed
pub(crate) async fn run(arguments: FromAlertArguments) -> Result<(), Failure> {
    let FromAlertArguments { alert_id, trigger_only, any_alert_type, stored } = arguments;
    let stored = Stored::open(&stored).await?;
    let alert = stored.alert(&alert_id).await?;
    let fill = Fill { trigger_only, any_alert_type };
    let rule = fill
        .rule(&alert, Timestamp::now())
        .map_err(|error| Failure::NotFound(format!("no rule can be filled in: {error}")))?;
    io::stdout().lock().write_all(rule.as_bytes()).map_err(Failure::Output)?;
    let option = stored.place().map_or("", |it| it.option.as_str());
    let mut said = io::stderr().lock();
    write_offers(&mut said, &alert, &offers(&alert), option).map_err(Failure::Output)
}
