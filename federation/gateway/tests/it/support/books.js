// A subgraph written with @apollo/subgraph. Takes the folder of its packages; prints its port.
const { createRequire } = require('node:module');
const http = require('node:http');
const packages = createRequire(process.argv[2] + '/package.json');
const { parse, graphql, subscribe } = packages('graphql');
const { buildSubgraphSchema } = packages('@apollo/subgraph');

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])
  scalar Meta
  type Query { books(first: Int = 10): [Book!]! fail: String broken: String! }
  type Mutation { lend(isbn: ID!, to: ID!): Loan! }
  type Subscription { published(count: Int!): Book! }
  type Loan { book: Book! reader: User! }
  type Book @key(fields: "isbn") { isbn: ID! title: String! author: User! meta: Meta }
  type User @key(fields: "id") { id: ID! name: String! @external books: [Book!]! signature: String @requires(fields: "name") }
`);

const books = [
  { isbn: '1', title: 'Notes', author: { id: 'u1' }, meta: { pages: [1, 2.50, null], deep: { ok: true } } },
  { isbn: '2', title: 'More notes', author: { id: 'u1' } },
  { isbn: '3', title: 'Others', author: { id: 'u2' } },
];

const resolvers = {
  Query: {
    books: (_, { first }) => books.slice(0, first),
    fail: () => { throw new Error('the shelf is empty'); },
    broken: () => null,
  },
  Mutation: { lend: (_, { isbn, to }) => ({ book: books.find((book) => book.isbn === isbn), reader: { id: to } }) },
  Subscription: {
    published: {
      subscribe: async function* (_, { count }) {
        for (const book of books.slice(0, count)) yield { published: book };
      },
    },
  },
  Book: { __resolveReference: ({ isbn }) => books.find((book) => book.isbn === isbn) },
  User: {
    __resolveReference: (user) => user,
    books: ({ id }) => books.filter((book) => book.author.id === id),
    signature: ({ name }) => `${name}, with best wishes`,
  },
};

const schema = buildSubgraphSchema([{ typeDefs, resolvers }]);

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { query, variables } = JSON.parse(Buffer.concat(chunks).toString());
  if (request.headers.accept?.includes('text/event-stream')) {
    response.setHeader('content-type', 'text/event-stream');
    for await (const event of await subscribe({ schema, document: parse(query), variableValues: variables })) {
      response.write(`event: next\ndata: ${JSON.stringify(event)}\n\n`);
    }
    return response.end('event: complete\ndata:\n\n');
  }
  const answer = await graphql({ schema, source: query, variableValues: variables });
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
