//! Plans as text, for people.

use std::fmt::{self, Display, Formatter};

use super::{Batch, Node, Path, Plan, Requirement, Step};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write_node(node, 0, f),
            None => f.write_str("nothing to ask for\n"),
        }
    }
}

fn write_node(node: &Node, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let indent = "  ".repeat(depth);
    match node {
        Node::Fetch(fetch) => {
            let at = if fetch.path.is_empty() {
                String::new()
            } else {
                format!(" into {}", fetch.path)
            };
            writeln!(f, "{indent}ask {}{at}\n{indent}  {}", fetch.subgraph, fetch.document)
        }
        Node::Subscription { primary } => {
            writeln!(
                f,
                "{indent}listen to {}\n{indent}  {}",
                primary.subgraph, primary.document
            )
        }
        Node::Entities(entities) => {
            writeln!(f, "{indent}ask {} for entities", entities.subgraph)?;
            for batch in &entities.batches {
                writeln!(f, "{indent}  {batch}")?;
            }
            writeln!(f, "{indent}  {}", entities.document)
        }
        Node::Sequence { nodes } => write_nodes("one after the other", nodes, depth, f),
        Node::Parallel { nodes } => write_nodes("at the same time", nodes, depth, f),
        Node::Condition {
            variable,
            then,
            otherwise,
        } => {
            for (label, branch) in [("if", then), ("unless", otherwise)] {
                if let Some(node) = branch {
                    writeln!(f, "{indent}{label} ${variable}")?;
                    write_node(node, depth + 1, f)?;
                }
            }
            Ok(())
        }
    }
}

fn write_nodes(label: &str, nodes: &[Node], depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}{label}", "  ".repeat(depth))?;
    nodes.iter().try_for_each(|node| write_node(node, depth + 1, f))
}

impl Display for Batch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let paths: Vec<String> = self.paths.iter().map(Path::to_string).collect();
        write!(f, "at {} by {}", paths.join(" and "), fields(&self.requires))?;
        self.renamed_types
            .iter()
            .try_for_each(|renamed| write!(f, ", {} as {}", renamed.of.join("|"), renamed.to))
    }
}

fn fields(requirements: &[Requirement]) -> String {
    let one = |requirement: &Requirement| match requirement {
        Requirement::Field { key, fields: below, .. } if below.is_empty() => key.clone(),
        Requirement::Field { key, fields: below, .. } => format!("{key} {}", fields(below)),
        Requirement::On {
            condition,
            fields: below,
        } => format!("... on {condition} {}", fields(below)),
    };
    format!("{{ {} }}", requirements.iter().map(one).collect::<Vec<_>>().join(" "))
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if index > 0 => write!(f, ".{name}")?,
                Step::Field(name) => f.write_str(name)?,
                Step::Each => f.write_str("[]")?,
                Step::On(types) => write!(f, "({})", types.join("|"))?,
            }
        }
        Ok(())
    }
}
