//! What a subgraph links: the specifications its directives come from, and what it calls them.

use apollo_compiler::{
    Name,
    ast::{Directive, Value},
    parser::SourceSpan,
};

use crate::{
    error::Code,
    spec::{FEDERATION, LINK, Version},
};

/// One `@link`: a specification and the names its elements have in this subgraph.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The URL without its version.
    pub(crate) identity: String,
    /// The last part of the identity, by which its elements are prefixed.
    pub(crate) name: String,
    pub(crate) version: Option<Version>,
    /// What the prefix is instead.
    pub(crate) alias: Option<String>,
    pub(crate) imports: Vec<Import>,
    pub(crate) location: Option<SourceSpan>,
}

/// An element of a specification that has a name of its own here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Its name in the specification; directives begin with `@`.
    pub(crate) element: String,
    /// Its name here.
    pub(crate) alias: String,
}

/// What is wrong with a `@link`.
#[derive(Clone, Debug)]
pub(crate) struct LinkError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) location: Option<SourceSpan>,
}

impl Link {
    /// Reads an application of `@link`.
    pub(crate) fn read(directive: &Directive, location: Option<SourceSpan>) -> Result<Self, LinkError> {
        let fail = |code, message: String| LinkError {
            code,
            message,
            location,
        };
        let Some(url) = directive
            .specified_argument_by_name("url")
            .and_then(|value| value.as_str())
        else {
            return Err(fail(
                Code::InvalidLinkDirectiveUsage,
                "a @link must have a \"url\" that is a string".to_owned(),
            ));
        };
        let (identity, name, version) = read_url(url).ok_or_else(|| {
            fail(
                Code::InvalidLinkIdentifier,
                format!(
                    "\"{url}\" is no URL of a specification; it must look like https://specs.example.com/name/v1.0"
                ),
            )
        })?;
        let alias = directive
            .specified_argument_by_name("as")
            .and_then(|value| value.as_str())
            .map(str::to_owned);
        let imports = match directive.specified_argument_by_name("import") {
            Some(value) if !value.is_null() => {
                read_imports(value, url).map_err(|message| fail(Code::InvalidLinkDirectiveUsage, message))?
            }
            _ => Vec::new(),
        };
        Ok(Self {
            identity,
            name,
            version,
            alias,
            imports,
            location,
        })
    }

    /// What an element of the specification is called here. Directives begin with `@`.
    pub(crate) fn local(&self, element: &str) -> String {
        if let Some(import) = self.imports.iter().find(|import| import.element == element) {
            return import.alias.trim_start_matches('@').to_owned();
        }
        let bare = element.trim_start_matches('@');
        let prefix = self.prefix();
        if element.starts_with('@') && bare == self.name {
            return prefix.to_owned();
        }
        format!("{prefix}__{bare}")
    }

    /// What the element is called in its specification, if a name here belongs to this link.
    pub(crate) fn element(&self, local: &str) -> Option<String> {
        if let Some(import) = self.imports.iter().find(|import| import.alias == local) {
            return Some(import.element.clone());
        }
        let bare = local.strip_prefix('@').unwrap_or(local);
        let sigil = if local.starts_with('@') { "@" } else { "" };
        if bare == self.prefix() && !sigil.is_empty() {
            return Some(format!("@{}", self.name));
        }
        let element = bare.strip_prefix(self.prefix())?.strip_prefix("__")?;
        Some(format!("{sigil}{element}"))
    }

    /// The URL with its version.
    pub(crate) fn url(&self) -> String {
        match self.version {
            Some(version) => format!("{}/{version}", self.identity),
            None => self.identity.clone(),
        }
    }

    pub(crate) fn is_federation(&self) -> bool {
        self.identity == FEDERATION
    }

    pub(crate) fn is_link(&self) -> bool {
        self.identity == LINK
    }

    /// What the names of its elements begin with.
    pub(crate) fn prefix(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

/// The name of the link directive in a list of schema directives: an application may rename `@link` itself.
pub(crate) fn link_name<'a>(directives: impl Iterator<Item = &'a Directive> + Clone) -> String {
    let renamed = directives.filter_map(|directive| Link::read(directive, None).ok().map(|link| (directive, link)));
    for (directive, link) in renamed {
        if link.is_link() && link.local("@link") == directive.name.as_str() {
            return directive.name.to_string();
        }
    }
    "link".to_owned()
}

/// The identity, name and version of a specification's URL.
fn read_url(url: &str) -> Option<(String, String, Option<Version>)> {
    // What is asked of a URL, or is a part of it, does not tell specifications apart.
    let url = url.split(['?', '#']).next()?;
    let (_, path) = url.split_once("://")?;
    let mut segments = path.split('/').collect::<Vec<_>>();
    if segments[0].is_empty() || segments[0].contains(char::is_whitespace) {
        return None;
    }
    let version = segments.last().and_then(|last| Version::parse(last));
    let identity = match (version, url.rsplit_once('/')) {
        (Some(_), Some((identity, _))) => {
            segments.pop();
            identity.to_owned()
        }
        _ => url.to_owned(),
    };
    let name = match segments.as_slice() {
        [_, .., name] => (*name).to_owned(),
        _ => String::new(),
    };
    Some((identity, name, version))
}

fn read_imports(value: &Value, url: &str) -> Result<Vec<Import>, String> {
    let Some(list) = value.as_list() else {
        return Err(format!("the \"import\" of @link for \"{url}\" must be a list"));
    };
    let mut imports: Vec<Import> = Vec::new();
    for item in list {
        let import = read_import(item).ok_or_else(|| {
            format!("{item} cannot be imported from \"{url}\": expected a name, or an object with \"name\" and \"as\"")
        })?;
        if import.element.starts_with('@') != import.alias.starts_with('@') {
            return Err(format!(
                "\"{}\" of \"{url}\" cannot be imported as \"{}\": both names or none must begin with @",
                import.element, import.alias
            ));
        }
        if let Some(earlier) = imports.iter().find(|earlier| earlier.element == import.element)
            && *earlier != import
        {
            return Err(format!(
                "\"{}\" of \"{url}\" is imported both as \"{}\" and as \"{}\": remove one of them",
                import.element, earlier.alias, import.alias
            ));
        }
        imports.push(import);
    }
    Ok(imports)
}

fn read_import(item: &Value) -> Option<Import> {
    if let Some(name) = item.as_str() {
        return Some(Import {
            element: name.to_owned(),
            alias: name.to_owned(),
        });
    }
    let is_name = |text: &&str| Name::is_valid_syntax(text.strip_prefix('@').unwrap_or(text));
    let (mut element, mut alias) = (None, None);
    for (field, value) in item.as_object()? {
        let value = value.as_str().filter(is_name)?.to_owned();
        match field.as_str() {
            "name" => element = Some(value),
            "as" => alias = Some(value),
            _ => return None,
        }
    }
    let element = element?;
    let alias = alias.unwrap_or_else(|| element.clone());
    Some(Import { element, alias })
}
