//! The alert's own properties, as the reader of Graph's shape would come to see them.

use jiff::Timestamp;

use super::GraphReader;
use crate::{
    alert_type::AlertType,
    classification::{classification_name, determination_name},
    condition::{
        AlertProperty,
        index::{
            key::Scalar,
            scan::{Next, Number},
            slots::SlotId,
        },
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
                let Number::Whole(number) = self.scanner.number()? else { return None };
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
                let severity = self.member(|it| Severity::from_name(it).map(Scalar::severity));
                self.own_scalar(slot, severity?);
                Some(())
            }
            AlertProperty::FirstActivity
            | AlertProperty::LastActivity
            | AlertProperty::Created
            | AlertProperty::LastUpdate => {
                let time: Timestamp = self.text()?.parse().ok()?;
                self.own_scalar(slot, Member::Known(Scalar::time(time)));
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

    fn own_scalar(&mut self, slot: SlotId, scalar: Member<Scalar>) {
        if let Member::Known(scalar) = scalar {
            self.view.begin(slot);
            self.view.push_scalar(scalar);
            self.view.end();
        }
    }

    /// A member of an enumeration by the name that it has with us
    fn own_member(
        &mut self,
        slot: SlotId,
        name_of: impl Fn(&str) -> Option<&'static str>,
    ) -> Option<()> {
        match self.member(name_of)? {
            Member::Known(name) => self.own_words(slot, name),
            Member::NotSet => Some(()),
        }
    }

    /// Takes the name of a member; one that is not known is refused
    fn member<T>(&mut self, known: impl Fn(&str) -> Option<T>) -> Option<Member<T>> {
        let text = self.text()?;
        if text.is_empty() || text.eq_ignore_ascii_case("unknown") {
            return Some(Member::NotSet);
        }
        known(text).map(Member::Known)
    }
}

/// A member of an enumeration
#[derive(Clone, Copy, Debug)]
enum Member<T> {
    Known(T),
    NotSet,
}
