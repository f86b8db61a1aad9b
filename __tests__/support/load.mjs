// Constant load on the agent's Service, from inside a cluster's network: node load.mjs URL REQUESTS-A-SECOND
// Each request has a connection of its own, as new clients have, and the rate keeps them within the machine's ports.
// For every line on standard input it prints what came of the requests since the line before, as JSON; at the end of
// the input it ends.
import http from 'node:http';
import readline from 'node:readline';

const [url, rate] = [process.argv[2], Number(process.argv[3])];
let [answered, faults] = [0, []];
let task = 0;
let sent = 0;
const underway = new Set();

function request(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const sending = http.request(url + path, { method, headers, agent: false, timeout: 10_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode < 400) resolve(JSON.parse(text));
        else reject(new Error(`${answer.statusCode} ${text.slice(0, 200)}`));
      });
    });
    sending.on('timeout', () => sending.destroy(new Error('no answer within 10 s')));
    sending.on('error', reject);
    sending.end(body && JSON.stringify(body));
  });
}

/** One in twenty writes, the others read: what is in the cache, and what only the database has. */
async function one(number) {
  if (number % 20 === 1) task = (await request('POST', '/tasks', { title: `task ${number}` })).id;
  else await request('GET', number % 2 === 0 && task > 0 ? `/tasks/${task}` : '/tasks?limit=3');
}

const timer = setInterval(() => {
  const number = ++sent;
  const attempt = one(number)
    .then(() => answered++)
    .catch((error) => faults.push(`${new Date().toISOString()} ${error.code ?? ''} ${error.message}`))
    .finally(() => underway.delete(attempt));
  underway.add(attempt);
}, 1_000 / rate);

for await (const _line of readline.createInterface({ input: process.stdin })) {
  // What was sent before the line belongs to it.
  await Promise.all(underway);
  console.log(JSON.stringify({ answered, faults }));
  [answered, faults] = [0, []];
}
clearInterval(timer);
