"use strict";
const element = (id) => document.getElementById(id);

async function run() {
  const started = performance.now();
  try {
    const variables = element("variables").value.trim();
    const body = { query: element("query").value, variables: variables ? JSON.parse(variables) : undefined };
    const response = await fetch("graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
      body: JSON.stringify(body),
    });
    element("answer").textContent = JSON.stringify(await response.json(), null, 2);
    element("took").textContent = `${response.status} in ${Math.round(performance.now() - started)} ms`;
  } catch (error) {
    element("answer").textContent = String(error);
  }
}

element("run").addEventListener("click", run);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
