// Serves a supergraph with Apollo's gateway, from the packages of a folder, and says where.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [, folder, supergraph] = process.argv;
const packages = createRequire(join(folder, "package.json"));
const { ApolloGateway } = packages("@apollo/gateway");
const { ApolloServer } = packages("@apollo/server");
const { startStandaloneServer } = packages("@apollo/server/standalone");

const gateway = new ApolloGateway({ supergraphSdl: readFileSync(supergraph, "utf8") });
startStandaloneServer(new ApolloServer({ gateway }), { listen: { host: "127.0.0.1", port: 0 } }).then(({ url }) =>
  console.log(`Apollo's gateway listens on ${url}`),
);
