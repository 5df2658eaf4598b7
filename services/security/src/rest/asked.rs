//! What may stand behind the `?` of a list: its filter and which page.

use chrono::{DateTime, Utc};
use platform_database::PageArgs;
use serde::Deserialize;
use uuid::Uuid;

use crate::input::{AuditFilter, GrantFilter};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GrantsAsked {
    first: Option<i32>,
    after: Option<String>,
    subject: Option<String>,
    role: Option<String>,
    workspace: Option<Uuid>,
    resource_type: Option<String>,
    resource_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AuditAsked {
    first: Option<i32>,
    after: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    target_type: Option<String>,
    target_id: Option<String>,
    workspace: Option<Uuid>,
    outcome: Option<String>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    text: Option<String>,
}

fn page(first: Option<i32>, after: Option<String>) -> PageArgs {
    PageArgs {
        first,
        after,
        ..PageArgs::default()
    }
}

impl GrantsAsked {
    pub(super) fn parts(self) -> (GrantFilter, PageArgs) {
        let filter = GrantFilter {
            subject: self.subject,
            role: self.role,
            workspace: self.workspace,
            resource_type: self.resource_type,
            resource_id: self.resource_id,
        };
        (filter, page(self.first, self.after))
    }
}

impl AuditAsked {
    pub(super) fn parts(self) -> (AuditFilter, PageArgs) {
        let filter = AuditFilter {
            actor: self.actor,
            action: self.action,
            target_type: self.target_type,
            target_id: self.target_id,
            workspace: self.workspace,
            outcome: self.outcome,
            from: self.from,
            until: self.until,
            text: self.text,
        };
        (filter, page(self.first, self.after))
    }
}
