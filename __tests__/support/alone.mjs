// Runs a program in a network namespace that has loopback and nothing else, and counts what it tries to send: packets
// on loopback, and what has no route (a look-up of a name, too). Started by alone.ts, in that namespace.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, results, program, ...args] = process.argv.slice(2);
spawnSync('ip', ['link', 'set', 'lo', 'up'], { stdio: 'inherit' });
let requests = 0;
const server = createServer((_, response) => {
  requests += 1;
  response.end('{}');
});
await new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
const before = sent();
const child = spawn(program, args, { stdio: 'inherit' });
child.on('close', (code) => {
  const after = sent();
  const counted = {
    requests,
    packets: after.packets - before.packets,
    unroutable: after.unroutable - before.unroutable,
  };
  writeFileSync(results, JSON.stringify(counted));
  server.close();
  process.exitCode = code ?? 1;
});

function sent() {
  const loopback = /^\s*lo:\s*(.*)$/m.exec(readFileSync('/proc/self/net/dev', 'utf8'))?.[1] ?? '';
  const [names = '', values = ''] = readFileSync('/proc/self/net/snmp', 'utf8').split('\n');
  const numberOf = (file) =>
    Number(
      file === 'dev' ? loopback.trim().split(/\s+/)[9] : values.split(' ')[names.split(' ').indexOf('OutNoRoutes')],
    );
  return { packets: numberOf('dev'), unroutable: numberOf('snmp') };
}
