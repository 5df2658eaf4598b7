// Asks a gateway what GraphQL over HTTP demands. Takes the folder of its packages and the gateway's address; prints
// what came of every audit.
const { createRequire } = require('node:module');
const [folder, url] = process.argv.slice(2);
const { serverAudits } = createRequire(folder + '/package.json')('graphql-http');

async function main() {
  const results = [];
  for (const { id, name, fn } of serverAudits({ url })) {
    const { status, reason } = await fn();
    results.push({ id, name, status, reason });
  }
  console.log(JSON.stringify(results));
}

main();
