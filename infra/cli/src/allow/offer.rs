//! Which indicators of an alert could be allowed in the place of a tuning rule, or beside one: as the
//! commands that do it.

use std::io::{self, Write};

use defuse_domain::{Alert, Identified, Indicator, TITLE_LENGTH_MAX, Truth};

use super::groups_of;
use crate::report::quoted;

/// Something in an alert that can stand on the allow list
pub(crate) struct Offer {
    indicator: Indicator,
    /// Whether it triggered the alert
    is_default: bool,
}

/// The strongest indicator of each thing in the alert, each once, what triggered it first
pub(crate) fn offers(alert: &Alert) -> Vec<Offer> {
    let mut things = alert.indicators();
    things.sort_by_key(|it| it.trigger != Truth::True);
    let mut offers: Vec<Offer> = Vec::new();
    for Identified { trigger, by, .. } in things {
        let strongest = by.ok().and_then(|it| it.into_iter().next());
        if let Some(indicator) = strongest
            && !offers.iter().any(|it| it.indicator == indicator)
        {
            offers.push(Offer { indicator, is_default: trigger == Truth::True });
        }
    }
    offers
}

/// One command for each, for a shell; `option` names the table
pub(crate) fn write_offers(
    out: &mut impl Write,
    alert: &Alert,
    offers: &[Offer],
    option: &str,
) -> io::Result<()> {
    if offers.is_empty() {
        return writeln!(out, "Nothing in the alert can stand on the allow list.");
    }
    let title: String = alert
        .title
        .as_deref()
        .unwrap_or("no title")
        .trim()
        .chars()
        .take(TITLE_LENGTH_MAX)
        .collect();
    let texts = format!(
        "--title {} --description {}",
        quoted(&title),
        quoted(&format!("From alert {}", alert.id))
    );
    let groups = groups_of(alert).unwrap_or_default();
    let on =
        groups.iter().fold(String::new(), |on, it| format!("{on} --device-group {}", quoted(it)));
    writeln!(out, "To allow what is in the alert, besides or instead of a rule:")?;
    for Offer { indicator, is_default } in offers {
        let (kind, value) = (indicator.kind(), quoted(indicator.value()));
        let default = if *is_default { "  # default: it triggered the alert" } else { "" };
        writeln!(out, "  defuse allow add {value} --type {kind} {texts}{on}{option}{default}")?;
    }
    Ok(())
}
