// As much of a beacon node as op-node asks for at its start: it names a version. There are no blobs
// on this chain. Prints its port.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'application/json');
  if (request.url !== '/eth/v1/node/version') response.statusCode = 404;
  response.end(JSON.stringify({ data: { version: 'none' } }));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
