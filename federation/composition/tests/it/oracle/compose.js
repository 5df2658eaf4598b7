// Composes the cases on standard input with the peers from npm; the folder of the peers is the only argument.
// In:  [{ subgraphs: [{ name, url, sdl }] }]
// Out: [{ apollo: outcome, guild: outcome }],
//      outcome = { supergraph?, api?, hints?: [{ code, message, coordinate? }], errors?: [{ code, message }] }
"use strict";

const peers = require("node:module").createRequire(`${process.argv[2]}/`);
const { parse } = peers("graphql");
const apollo = peers("@apollo/composition");
const internals = peers("@apollo/federation-internals");
const guild = peers("@theguild/federation-composition");

function outcome(compose) {
  try {
    const { supergraphSdl, schema, hints, errors } = compose();
    if (errors?.length) {
      return { errors: errors.map(({ extensions, message }) => ({ code: extensions?.code ?? "NONE", message })) };
    }
    return {
      supergraph: supergraphSdl,
      ...(schema && { api: internals.printSchema(schema.toAPISchema()) }),
      hints: hints?.map(({ definition, message, coordinate }) => ({ code: definition.code, message, coordinate })),
    };
  } catch (error) {
    return { errors: [{ code: "THROWN", message: String(error) }] };
  }
}

function both({ subgraphs }) {
  let parsed;
  try {
    parsed = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  } catch (error) {
    const errors = [{ code: "INVALID_GRAPHQL", message: String(error) }];
    return { apollo: { errors }, guild: { errors } };
  }
  return {
    apollo: outcome(() => apollo.composeServices(parsed)),
    guild: outcome(() => guild.composeServices(parsed)),
  };
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(text).map(both))));
