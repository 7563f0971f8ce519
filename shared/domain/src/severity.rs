//! How grave an alert is, and where it stands.

use crate::wire_name::wire_names;

wire_names! {
    /// How grave the source thinks the alert is; ordered from mild to grave
    /// (Graph `alertSeverity`, by its numbers and not its letters).
    Severity {
        Informational = "informational",
        Low = "low",
        Medium = "medium",
        High = "high",
    }
}

wire_names! {
    /// Where the alert stands at its source (Graph `alertStatus`)
    Status {
        New = "new",
        InProgress = "inProgress",
        Resolved = "resolved",
    }
}
