//! Which leads a query's filters leave: the part of a WHERE clause that spares reading files.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use platform_lake::LeadRange;

/// Whether a filter says something of the lead that [`narrow`] uses.
pub(crate) fn bounds_lead(filter: &Expr, lead: &str) -> bool {
    let mut range = LeadRange::default();
    narrow(&mut range, filter, lead);
    range != LeadRange::default()
}

/// Narrows `range` by a filter. What is not a comparison of the lead with a text leaves it as it is.
pub(crate) fn narrow(range: &mut LeadRange, filter: &Expr, lead: &str) {
    match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::And,
            right,
        }) => {
            narrow(range, left, lead);
            narrow(range, right, lead);
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (op, text) = match (column(left), text(right), column(right), text(left)) {
                (Some(name), Some(text), ..) if name == lead => (Some(*op), text),
                (_, _, Some(name), Some(text)) if name == lead => (op.swap(), text),
                _ => return,
            };
            match op {
                Some(Operator::Eq) => {
                    raise(range, text);
                    lower(range, text);
                }
                Some(Operator::Gt | Operator::GtEq) => raise(range, text),
                Some(Operator::Lt | Operator::LtEq) => lower(range, text),
                _ => {}
            }
        }
        Expr::Between(between) if !between.negated && column(&between.expr) == Some(lead) => {
            if let (Some(low), Some(high)) = (text(&between.low), text(&between.high)) {
                raise(range, low);
                lower(range, high);
            }
        }
        _ => {}
    }
}

fn raise(range: &mut LeadRange, from: &str) {
    if range.from.as_deref().is_none_or(|known| known < from) {
        range.from = Some(from.to_string());
    }
}

fn lower(range: &mut LeadRange, to: &str) {
    if range.to.as_deref().is_none_or(|known| known > to) {
        range.to = Some(to.to_string());
    }
}

fn column(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) => Some(column.name()),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => Some(text),
        _ => None,
    }
}
