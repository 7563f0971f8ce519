//! Tuning rules: shown, checked, tried, written, turned on and off, deleted.
//!
//! A rule is in somebody's scope when every alert that it may take is; one that is not is not there.
//! Whoever writes one must be allowed to tune all of those alerts.

mod ask;
mod shape;
mod show;
mod write;

use std::time::{Duration, Instant};

use defuse_domain::{Permission, Principal, TuningDemands, TuningRuleName};
use defuse_flow::{KnownRule, TuningError};
use defuse_lambda::ApiApp;

use crate::{
    Asked,
    problem::Problem,
    query::{PAGE_AFTER, PAGE_LIMIT},
    route::{Parameter, Route},
    shape::Shape,
};

/// How long alerts are read for one answer; Lambda and the gateway wait for 30 s
const READS_FOR: Duration = Duration::from_secs(20);

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[
    Route {
        operation: "listTuningRules",
        method: "GET",
        path: "/v1/tuning-rules",
        permission: Permission::ReadTuning,
        summary: "Every tuning rule, deployed or saved, with what it did",
        query: &[PAGE_LIMIT, PAGE_AFTER, STATE, FROM, SOURCE],
        is_conditional: false,
        request: None,
        answer: (200, shape::RULES),
        handler: |app, asked| Box::pin(show::list(app, asked)),
    },
    Route {
        operation: "createTuningRule",
        method: "POST",
        path: "/v1/tuning-rules",
        permission: Permission::ManageTuning,
        summary: "Save a new tuning rule; it acts on alerts that come from now on",
        query: &[],
        is_conditional: false,
        request: Some(shape::DOCUMENT),
        answer: (201, shape::RULE),
        handler: |app, asked| Box::pin(write::create(app, asked)),
    },
    Route {
        operation: "showTuningRule",
        method: "GET",
        path: "/v1/tuning-rules/{id}",
        permission: Permission::ReadTuning,
        summary: "One tuning rule by its name, with what it did on each day and who changed it",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::RULE),
        handler: |app, asked| Box::pin(show::one(app, asked)),
    },
    Route {
        operation: "changeTuningRule",
        method: "PUT",
        path: "/v1/tuning-rules/{id}",
        permission: Permission::ManageTuning,
        summary: "Save another text of a tuning rule",
        query: &[],
        is_conditional: true,
        request: Some(shape::DOCUMENT),
        answer: (200, shape::RULE),
        handler: |app, asked| Box::pin(write::change(app, asked)),
    },
    Route {
        operation: "deleteTuningRule",
        method: "DELETE",
        path: "/v1/tuning-rules/{id}",
        permission: Permission::ManageTuning,
        summary: "Delete a saved tuning rule; its history stays",
        query: &[RELEASE],
        is_conditional: false,
        request: None,
        answer: (200, shape::DELETED),
        handler: |app, asked| Box::pin(write::delete(app, asked)),
    },
    Route {
        operation: "turnOnTuningRule",
        method: "POST",
        path: "/v1/tuning-rules/{id}/on",
        permission: Permission::ManageTuning,
        summary: "Turn a saved tuning rule on; it acts on alerts that come from now on",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::RULE),
        handler: |app, asked| Box::pin(write::turn(app, asked, true)),
    },
    Route {
        operation: "turnOffTuningRule",
        method: "POST",
        path: "/v1/tuning-rules/{id}/off",
        permission: Permission::ManageTuning,
        summary: "Turn a saved tuning rule off: it holds of nothing",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::RULE),
        handler: |app, asked| Box::pin(write::turn(app, asked, false)),
    },
    Route {
        operation: "releaseAlertsOfTuningRule",
        method: "POST",
        path: "/v1/tuning-rules/{id}/release",
        permission: Permission::ManageTuning,
        summary: "Take out again what a tuning rule keeps hidden, as many as 100 alerts at once",
        query: &[AFTER_ALERT],
        is_conditional: false,
        request: None,
        answer: (200, shape::RELEASED),
        handler: |app, asked| Box::pin(write::release(app, asked)),
    },
    Route {
        operation: "explainTuningRule",
        method: "GET",
        path: "/v1/tuning-rules/{id}/why",
        permission: Permission::ReadTuning,
        summary: "Why a tuning rule holds of an alert, or what is missing",
        query: &[ALERT],
        is_conditional: false,
        request: None,
        answer: (200, shape::WHY),
        handler: |app, asked| Box::pin(ask::why(app, asked)),
    },
    Route {
        operation: "checkTuningRule",
        method: "POST",
        path: "/v1/tuning/check",
        permission: Permission::ReadTuning,
        summary: "Whether a tuning rule could be saved, and by whoever asks; nothing is kept",
        query: &[],
        is_conditional: false,
        request: Some(shape::DOCUMENT),
        answer: (200, shape::CHECKED),
        handler: |app, asked| Box::pin(async { ask::check(app, asked) }),
    },
    Route {
        operation: "previewTuningRule",
        method: "POST",
        path: "/v1/tuning/preview",
        permission: Permission::ManageTuning,
        summary: "What a tuning rule would have done with the alerts of the last days",
        query: &[DAYS, NEWEST, SHARE],
        is_conditional: false,
        request: Some(shape::DOCUMENT),
        answer: (200, shape::PREVIEW),
        handler: |app, asked| Box::pin(ask::preview(app, asked)),
    },
    Route {
        operation: "fillTuningRule",
        method: "GET",
        path: "/v1/alerts/{id}/tuning-rule",
        permission: Permission::ReadAlerts,
        summary: "A tuning rule for alerts like this one, to be completed by its author",
        query: &[TRIGGER_ONLY, ANY_ALERT_TYPE],
        is_conditional: false,
        request: None,
        answer: (200, shape::FILLED),
        handler: |app, asked| Box::pin(ask::fill(app, asked)),
    },
];

const STATE: Parameter = Parameter {
    name: "state",
    about: "Only those that are so",
    schema: Shape { name: "TuningRuleState", schema: || crate::shape::words(shape::STATES) },
};
const FROM: Parameter = Parameter {
    name: "from",
    about: "Only those of the deployment, or only those that were saved",
    schema: Shape { name: "TuningRuleFrom", schema: || crate::shape::words(shape::PLACES) },
};
const SOURCE: Parameter = Parameter {
    name: "serviceSource",
    about: "Only those about alerts of this service",
    schema: Shape { name: "TuningRuleSource", schema: shape::service_source },
};
const RELEASE: Parameter = Parameter {
    name: "release",
    about: "Whether to take out again what it keeps hidden",
    schema: shape::FLAG,
};
const AFTER_ALERT: Parameter = Parameter {
    name: "after",
    about: "The `next` of the answer before",
    schema: Shape { name: "ReleaseAfter", schema: || crate::shape::short(1_024) },
};
const ALERT: Parameter = Parameter {
    name: "alert",
    about: "The id of the alert; it must be there",
    schema: Shape { name: "WhyAlert", schema: || crate::shape::short(1_024) },
};
const DAYS: Parameter = Parameter {
    name: "days",
    about: "How many days to look back; 30 if it is left out",
    schema: Shape { name: "PreviewDays", schema: || crate::shape::integer(1, ask::DAYS_MAX) },
};
const NEWEST: Parameter = Parameter {
    name: "newest",
    about: "How many of the alerts that it would have taken to name; 20 if it is left out",
    schema: Shape { name: "PreviewNewest", schema: || crate::shape::integer(1, ask::NEWEST_MAX) },
};
const SHARE: Parameter = Parameter {
    name: "share",
    about: "From how many per cent of all alerts on to warn; 5 if it is left out",
    schema: Shape { name: "PreviewShare", schema: || crate::shape::integer(1, 100) },
};
const TRIGGER_ONLY: Parameter = Parameter {
    name: "triggerOnly",
    about: "Whether to fill in nothing but what triggered the alert",
    schema: shape::FLAG,
};
const ANY_ALERT_TYPE: Parameter = Parameter {
    name: "anyAlertType",
    about: "Whether it is to be about alerts of every type",
    schema: shape::FLAG,
};

/// Whether somebody may do that to every alert that a rule of those demands may take
fn may(app: &ApiApp, who: &Principal, permission: Permission, demands: &TuningDemands) -> bool {
    let (sources, groups) = (&demands.service_sources, demands.device_groups.as_ref());
    app.roles.may_to_all(who, permission, sources, groups)
}

/// Whether somebody sees whatever rule there may be
fn sees_all(app: &ApiApp, who: &Principal) -> bool {
    may(app, who, Permission::ReadTuning, &TuningDemands::of_anything())
}

/// Why somebody may not write a rule of those demands, if they may not
fn denied(app: &ApiApp, who: &Principal, demands: &TuningDemands) -> Option<String> {
    if !may(app, who, Permission::ManageTuning, demands) {
        let of_source = |it: &&defuse_domain::ServiceSource| {
            let one = TuningDemands { service_sources: [**it].into(), ..demands.clone() };
            !may(app, who, Permission::ManageTuning, &one)
        };
        let denied = demands.service_sources.iter().filter(of_source);
        let names: Vec<String> = denied.map(|it| format!("`{}`", it.name())).collect();
        let where_to = match &demands.device_groups {
            Some(_) => " on all of the device groups that it names",
            None => " on whatever device",
        };
        let names = names.join(", ");
        return Some(format!("none of your roles lets you tune alerts of {names}{where_to}"));
    }
    let is_denied =
        demands.administrator && !may(app, who, Permission::ManageTuningForAll, demands);
    is_denied.then(|| {
        "a rule for the organisation, or for users on whatever device, needs the permission \
         `manageTuningForAll`: name devices or device groups, or ask an administrator"
            .to_owned()
    })
}

/// Refuses what somebody may not write
fn must_be_allowed(app: &ApiApp, who: &Principal, demands: &TuningDemands) -> Result<(), Problem> {
    denied(app, who, demands).map_or(Ok(()), |why| Err(Problem::Denied(why)))
}

/// Refuses whoever may do that to no alert at all
fn must_be_somewhere(app: &ApiApp, asked: &Asked<'_>) -> Result<(), Problem> {
    let is_allowed = app.roles.may_to_some(&asked.principal, asked.route.permission);
    if is_allowed { Ok(()) } else { Err(Problem::Forbidden) }
}

/// The rule of the request, if whoever asks may see it
async fn find(app: &ApiApp, asked: &Asked<'_>) -> Result<KnownRule, Problem> {
    must_be_somewhere(app, asked)?;
    let name = TuningRuleName::parse(&asked.id).ok_or(Problem::NotFound)?;
    let found = app.rules.one(&name).await?.ok_or(Problem::NotFound)?;
    let is_seen = may(app, &asked.principal, Permission::ReadTuning, &found.demands());
    if is_seen { Ok(found) } else { Err(Problem::NotFound) }
}

/// The same, if they may write it too
async fn find_to_write(app: &ApiApp, asked: &Asked<'_>) -> Result<KnownRule, Problem> {
    let found = find(app, asked).await?;
    must_be_allowed(app, &asked.principal, &found.demands())?;
    Ok(found)
}

/// A word that is `true` or `false`
fn flag(asked: &Asked<'_>, name: &'static str) -> Result<bool, Problem> {
    match asked.query.get(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::BadQuery(format!("`{name}` is `true` or `false`"))),
    }
}

/// Whether there is time to go on, from now on
fn time_left() -> impl Fn() -> bool {
    let begun = Instant::now();
    move || begun.elapsed() < READS_FOR
}

impl From<TuningError> for Problem {
    fn from(error: TuningError) -> Self {
        match error {
            TuningError::Mistakes(mistakes) => Self::Invalid(mistakes),
            TuningError::Missing(_) => Self::NotFound,
            TuningError::Overtaken { version, .. } => Self::VersionMoved(version),
            TuningError::Store(error) => error.into(),
            error @ (TuningError::IsDeployed(_) | TuningError::OffInText(_)) => {
                Self::Unfit(error.to_string())
            }
        }
    }
}
