// Carries connections from one address to another: HOST:PORT or the path of a socket file. A socket file is reached
// from every network namespace, so a pair of these joins two namespaces that have no route to each other.
//
//   node forward.mjs FROM TO [FILE]     FILE gets the port when it listens; port 0 takes a free one
import fs from 'node:fs';
import net from 'node:net';
import { pathToFileURL } from 'node:url';

export function forward(from, to) {
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ ...addressOf(to), allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.setNoDelay(true).pipe(other);
    }
  });
  const address = addressOf(from);
  if (address.path) fs.rmSync(address.path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, backlog: 511 }, () => resolve(server));
  });
}

function addressOf(text) {
  if (text.startsWith('/')) return { path: text };
  const [host, port] = text.split(':');
  return { host, port: Number(port) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [from, to, file] = process.argv.slice(2);
  const server = await forward(from, to);
  if (file) {
    fs.writeFileSync(`${file}.new`, String(server.address().port));
    fs.renameSync(`${file}.new`, file);
  }
}
