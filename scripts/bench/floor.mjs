// What no program that starts these others can go below: it starts them and waits, some side by side, then some one
// after the other, and does nothing itself.
//
//   node floor.mjs JSON     {atOnce, env, together: [[FILE, ARGUMENT …] …], inTurn: [[FILE, ARGUMENT …] …]}
import { spawn } from 'node:child_process';

const { atOnce, env, together, inTurn } = JSON.parse(process.argv[2]);

async function lane() {
  for (let next = together.shift(); next !== undefined; next = together.shift()) await ended(next);
}

function ended([file, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${file} ${args.join(' ')}: ${code}`))));
  });
}

await Promise.all(Array.from({ length: atOnce }, lane));
for (const call of inTurn) await ended(call);
