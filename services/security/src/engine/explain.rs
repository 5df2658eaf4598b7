//! Why a decision is what it is, in words.

use chrono::{DateTime, Utc};

use super::{Decision, Engine, Question, Reason, Verdict, Via};
use crate::{
    catalog::{Permission, Permissions},
    place::{Place, Target},
    standing::Held,
};

/// The most roles and policies that an explanation lists.
const MOST: usize = 20;

impl Engine {
    /// Decides and says why: which policy, through which role, or what is missing.
    pub fn explain(&self, question: Question<'_>, now: DateTime<Utc>) -> Decision {
        let verdict = self.check(question, now);
        let Some(id) = self.catalog.find(question.permission) else {
            let name = crate::text::clip(question.permission, 100);
            return denied(Reason::UnknownPermission, format!("there is no permission {name}"));
        };
        let permission = self.catalog.permission(id);
        if verdict.is_fault() {
            return denied(Reason::Fault, "the policies could not be asked".to_owned());
        }
        if !verdict.is_allowed() {
            return self.denial(permission, &verdict, (question, now));
        }
        let roles = self.through(permission, &verdict, (question, now));
        let because: Vec<_> = roles.iter().take(3).map(ToString::to_string).collect();
        Decision {
            allowed: true,
            reason: Reason::Allowed,
            explanation: format!("allowed: {}", because.join(", and ")),
            policies: verdict.policies().iter().map(|id| id.to_string()).collect(),
            roles,
        }
    }

    fn denial(
        &self,
        permission: &Permission,
        verdict: &Verdict,
        (question, now): (Question<'_>, DateTime<Utc>),
    ) -> Decision {
        let name = &permission.name;
        if !verdict.policies().is_empty() {
            let policies: Vec<_> = verdict.policies().iter().map(|id| id.to_string()).collect();
            let says = policies.iter().filter_map(|id| self.policies.says(id));
            let says: Vec<_> = says.collect();
            let explanation = format!("forbidden: {}", says.join("; "));
            return Decision {
                policies,
                ..denied(Reason::Forbidden, explanation)
            };
        }
        let held: Vec<_> = question.standing.places().collect();
        let allows = |held: &Held| held.is_alive(now) && permission.is_in(&held.role.holds);
        let holding = || {
            held.iter()
                .filter(|(_, held)| held.iter().any(allows))
                .map(|(place, _)| *place)
        };
        if holding().next().is_none() {
            return denied(Reason::NotHeld, format!("no role that is held allows {name}"));
        }
        match holding().any(|place| covers(place, question.target)) {
            true => {
                let sentence = format!("a role allows {name} here only on what one owns");
                denied(Reason::NotOwner, sentence)
            }
            false => denied(
                Reason::Elsewhere,
                format!("a role allows {name}, but was not granted here"),
            ),
        }
    }

    /// The roles that made the policies permit it.
    fn through(
        &self,
        permission: &Permission,
        verdict: &Verdict,
        (question, now): (Question<'_>, DateTime<Utc>),
    ) -> Vec<Via> {
        let is_said = |id: &str| verdict.policies().iter().any(|policy| **policy == *id);
        let mut found = Vec::new();
        for (place, held) in question.standing.places() {
            if !covers(place, question.target) {
                continue;
            }
            let (any, own) = match place {
                Place::Everywhere => ("everywhere", "own-everywhere"),
                // A workspace that is asked about is found as a place too.
                Place::Workspace(_) => ("workspace", "own-workspace"),
                Place::Resource { .. } => ("resource", "own-resource"),
            };
            let mut counting = Permissions::new();
            counting.extend(permission.any.iter().filter(|_| is_said(any)));
            counting.extend(permission.own.iter().filter(|_| is_said(own)));
            for held in held.iter().filter(|held| held.is_alive(now)) {
                let counts = counting.iter().find(|id| held.role.holds.contains(id));
                found.extend(counts.map(|id| Via {
                    role: held.role.key.to_string(),
                    place: place.to_string(),
                    permission: self.catalog.permission(*id).name.to_string(),
                    grant: held.grant,
                }));
            }
        }
        found.sort();
        found.truncate(MOST);
        found
    }
}

/// Whether what is granted at a place can count for a target.
fn covers(place: &Place, target: &Target) -> bool {
    match place {
        Place::Everywhere => true,
        Place::Workspace(id) => target.workspace_id() == Some(*id),
        Place::Resource { .. } => target.place() == place.to_string(),
    }
}

fn denied(reason: Reason, explanation: String) -> Decision {
    Decision {
        allowed: false,
        reason,
        explanation,
        policies: Vec::new(),
        roles: Vec::new(),
    }
}
