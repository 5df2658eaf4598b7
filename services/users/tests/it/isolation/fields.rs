//! Every field of the schema, by what a stranger may reach through it.

/// Fields that take an id of a thing, each with an operation that asks for it.
pub(super) const REACHED: &[(&str, &str)] = &[
    (
        "annotation",
        "query ($annotation: ID!) { annotation(id: $annotation) { __typename id author { __typename }
        series { __typename } comments { nodes { __typename id } } } }",
    ),
    (
        "annotationsForSeries",
        "{ annotationsForSeries(series: \"FRED:GDP\") { nodes { __typename id } } }",
    ),
    (
        "commentsForAnnotation",
        "query ($annotation: ID!) {
        commentsForAnnotation(annotationId: $annotation) { nodes { __typename id } } }",
    ),
    (
        "chart",
        "query ($chart: ID!) { chart(id: $chart) { __typename id owner { __typename }
        comments { nodes { __typename id } } } }",
    ),
    (
        "chartCollaborators",
        "query ($chart: ID!) { chartCollaborators(chartId: $chart) { __typename user { id } } }",
    ),
    (
        "workspace",
        "query ($workspace: ID!) { workspace(id: $workspace) { __typename id
        members { __typename user { id } } invitations { __typename id } } }",
    ),
    (
        "createAnnotation",
        "mutation ($workspace: UUID!) { createAnnotation(input: { series: \"FRED:GDP\", title: \"t\",
        firstDate: \"2020-01-01\", body: \"b\", visibility: WORKSPACE, workspaceId: $workspace }) { __typename } }",
    ),
    (
        "updateAnnotation",
        "mutation ($annotation: ID!) {
        updateAnnotation(id: $annotation, input: { title: \"mine\" }) { __typename } }",
    ),
    (
        "addComment",
        "mutation ($annotation: ID!, $comment: ID!) {
        addComment(annotationId: $annotation, parentId: $comment, body: \"mine\") { __typename } }",
    ),
    (
        "addChartComment",
        "mutation ($chart: ID!) { addChartComment(chartId: $chart, body: \"mine\") { __typename } }",
    ),
    (
        "updateComment",
        "mutation ($comment: ID!) { updateComment(id: $comment, body: \"mine\") { __typename } }",
    ),
    (
        "updateChart",
        "mutation ($chart: ID!) { updateChart(id: $chart, input: { title: \"mine\" }) { __typename } }",
    ),
    (
        "shareChart",
        "mutation ($chart: ID!, $bob: ID!) {
        shareChart(chartId: $chart, userId: $bob, level: ADMIN) { __typename } }",
    ),
    (
        "renameWatchlist",
        "mutation ($watchlist: ID!) { renameWatchlist(id: $watchlist, name: \"mine\") { __typename } }",
    ),
    (
        "addToWatchlist",
        "mutation ($watchlist: ID!) {
        addToWatchlist(watchlistId: $watchlist, series: \"FRED:DGS2\") { __typename items { __typename } } }",
    ),
    (
        "removeFromWatchlist",
        "mutation ($watchlist: ID!) {
        removeFromWatchlist(watchlistId: $watchlist, series: \"FRED:DGS2\") { __typename } }",
    ),
    (
        "renameWorkspace",
        "mutation ($workspace: ID!) { renameWorkspace(id: $workspace, name: \"mine\") { __typename } }",
    ),
    (
        "inviteToWorkspace",
        "mutation ($workspace: ID!) {
        inviteToWorkspace(workspaceId: $workspace, email: \"eve@example.com\", role: OWNER) {
            __typename invitation { __typename } } }",
    ),
    (
        "changeMemberRole",
        "mutation ($workspace: ID!, $bob: ID!) {
        changeMemberRole(workspaceId: $workspace, userId: $bob, role: VIEWER) { __typename } }",
    ),
    (
        "acceptInvitation",
        "mutation ($secret: String!) { acceptInvitation(secret: $secret) { __typename } }",
    ),
    (
        "withdrawInvitation",
        "mutation ($invitation: ID!) { withdrawInvitation(id: $invitation) }",
    ),
    (
        "removeMember",
        "mutation ($workspace: ID!, $bob: ID!) { removeMember(workspaceId: $workspace, userId: $bob) }",
    ),
    (
        "deleteComment",
        "mutation ($comment: ID!) { deleteComment(id: $comment) { __typename } }",
    ),
    (
        "deleteAnnotation",
        "mutation ($annotation: ID!) { deleteAnnotation(id: $annotation) }",
    ),
    ("deleteChart", "mutation ($chart: ID!) { deleteChart(id: $chart) }"),
    (
        "deleteWatchlist",
        "mutation ($watchlist: ID!) { deleteWatchlist(id: $watchlist) }",
    ),
    (
        "deleteWorkspace",
        "mutation ($workspace: ID!) { deleteWorkspace(id: $workspace) }",
    ),
];

/// Fields that are about the caller whoever they are.
pub(super) const OWN: &[(&str, &str)] = &[
    (
        "me",
        "{ me { __typename id email preferences { __typename } financialSeries { __typename }
        savedSeries { __typename note } watchlists { __typename id items { __typename } } workspaces { __typename id }
        annotations { nodes { __typename id } } charts { nodes { __typename id } } dataExports { __typename id } } }",
    ),
    (
        "updateProfile",
        "mutation { updateProfile(input: { organization: \"here\" }) { __typename } }",
    ),
    (
        "updatePreferences",
        "mutation { updatePreferences(input: { theme: DARK }) { __typename } }",
    ),
    (
        "saveSeries",
        "mutation { saveSeries(series: \"FRED:NEW\") { __typename } }",
    ),
    ("unsaveSeries", "mutation { unsaveSeries(series: \"FRED:GDP\") }"),
    (
        "createWatchlist",
        "mutation { createWatchlist(name: \"new\") { __typename } }",
    ),
    (
        "createChart",
        "mutation { createChart(input: { title: \"new\", spec: {} }) { __typename } }",
    ),
    (
        "createWorkspace",
        "mutation { createWorkspace(name: \"new\") { __typename } }",
    ),
    ("requestDataExport", "mutation { requestDataExport { __typename } }"),
];
