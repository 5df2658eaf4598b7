// GraphiQL for the endpoint that served the page, with subscriptions by the transport that this endpoint has.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { createClient } from "graphql-sse";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

const root = document.getElementById("explorer");
const url = new URL(root.dataset.endpoint, document.baseURI).href;
const common = { url, headers: { accept: "application/graphql-response+json, application/json;q=0.9" } };

const bySocket = createGraphiQLFetcher({ ...common, subscriptionUrl: url.replace(/^http/, "ws") });

// A client of graphql-sse has the shape that the toolkit expects of one of graphql-ws.
const byEvents = (operation, options) => {
  const wsClient = createClient({ url, headers: options?.headers });
  return createGraphiQLFetcher({ ...common, wsClient })(operation, options);
};

const defaultQuery = `# Ctrl-Enter runs the operation, Ctrl-Space completes, the book on the left shows what can be asked.

query WhatCanBeAsked {
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
`;

const fetcher = root.dataset.events === "sse" ? byEvents : bySocket;
createRoot(root).render(createElement(GraphiQL, { fetcher, defaultQuery }));
