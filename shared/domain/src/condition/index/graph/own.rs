//! The alert's own properties, as the reader of Graph's shape would come to see them.

use jiff::Timestamp;

use super::GraphReader;
use crate::{
    alert_type::AlertType,
    classification::{classification_name, determination_name},
    condition::{
        AlertProperty,
        index::{key::Scalar, scan::Next, slots::SlotId},
    },
    severity::{Severity, Status},
    source::{DetectionSource, ServiceSource},
};

impl GraphReader<'_, '_, '_> {
    /// Takes the value of a property, and pushes what it comes to
    pub(super) fn own(&mut self, slot: SlotId, property: AlertProperty) -> Option<()> {
        let next = self.scanner.next()?;
        if next == Next::Null {
            return self.scanner.word(b"null");
        }
        match property {
            AlertProperty::Id
            | AlertProperty::Title
            | AlertProperty::Description
            | AlertProperty::Category
            | AlertProperty::ProductName
            | AlertProperty::DetectorId
            | AlertProperty::AlertPolicyId
            | AlertProperty::TenantId
            | AlertProperty::ActorDisplayName
            | AlertProperty::ThreatDisplayName
            | AlertProperty::ThreatFamilyName
            | AlertProperty::AssignedTo
            | AlertProperty::InvestigationState => self.own_text(slot),
            AlertProperty::IncidentId => {
                if next != Next::Number {
                    return self.own_text(slot);
                }
                let number = self.scanner.number()??;
                self.own_words(slot, &number.to_string())
            }
            AlertProperty::Categories
            | AlertProperty::MitreTechniques
            | AlertProperty::SystemTags => {
                self.view.begin(slot);
                self.texts()?;
                self.view.end();
                Some(())
            }
            AlertProperty::Severity => {
                let Some(text) = self.member()? else { return Some(()) };
                let severity = Severity::from_name(&text)?;
                self.view.begin(slot);
                self.view.push_scalar(Scalar::severity(severity));
                self.view.end();
                Some(())
            }
            AlertProperty::FirstActivity
            | AlertProperty::LastActivity
            | AlertProperty::Created
            | AlertProperty::LastUpdate => {
                let time: Timestamp = self.text()?.parse().ok()?;
                self.view.begin(slot);
                self.view.push_scalar(Scalar::time(time));
                self.view.end();
                Some(())
            }
            AlertProperty::Type => {
                let text = self.text()?;
                if text.is_empty() {
                    return Some(());
                }
                let alert_type = AlertType::new(text);
                self.own_words(slot, alert_type.as_str())
            }
            AlertProperty::Status => {
                self.own_member(slot, |it| Some(Status::from_name(it)?.name()))
            }
            AlertProperty::Classification => self.own_member(slot, classification_name),
            AlertProperty::Determination => self.own_member(slot, determination_name),
            AlertProperty::ServiceSource => {
                self.own_member(slot, |it| Some(ServiceSource::from_name(it)?.name()))
            }
            AlertProperty::DetectionSource => {
                self.own_member(slot, |it| Some(DetectionSource::from_name(it)?.name()))
            }
        }
    }

    /// A text, of which an empty one says nothing
    fn own_text(&mut self, slot: SlotId) -> Option<()> {
        self.view.begin(slot);
        self.push_text()?;
        self.view.end();
        self.view.drop_empty_text();
        Some(())
    }

    fn own_words(&mut self, slot: SlotId, words: &str) -> Option<()> {
        self.view.begin(slot);
        self.view.push_text(words.as_bytes())?;
        self.view.end();
        Some(())
    }

    /// A member of an enumeration by the name that it has with us; one that is not known is refused
    fn own_member(
        &mut self,
        slot: SlotId,
        name_of: impl Fn(&str) -> Option<&'static str>,
    ) -> Option<()> {
        let Some(text) = self.member()? else { return Some(()) };
        self.own_words(slot, name_of(&text)?)
    }

    /// A text that may say that it is not set
    fn member(&mut self) -> Option<Option<String>> {
        let text = self.text()?;
        let is_set = !text.is_empty() && !text.eq_ignore_ascii_case("unknown");
        Some(is_set.then(|| text.to_owned()))
    }
}
