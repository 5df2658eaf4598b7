// A client of somebody else's. Takes the folder of its packages, its name, the gateway's address and an operation; prints
// what it heard, and how it ended.
const { createRequire } = require('node:module');
const [folder, name, url, query] = process.argv.slice(2);
const packages = createRequire(folder + '/package.json');

const makers = {
  'graphql-ws': ({ createClient }) =>
    createClient({ url: url.replace('http', 'ws'), webSocketImpl: packages('ws'), retryAttempts: 0 }),
  'graphql-sse': ({ createClient }) => createClient({ url, retryAttempts: 0 }),
};

async function main() {
  const client = makers[name](packages(name));
  const heard = [];
  let end = 'completed';
  try {
    for await (const event of client.iterate({ query })) heard.push(event);
  } catch (refusal) {
    end = Array.isArray(refusal) ? refusal.map(({ message }) => message) : String(refusal);
  }
  await client.dispose();
  console.log(JSON.stringify({ heard, end }));
}

main();
