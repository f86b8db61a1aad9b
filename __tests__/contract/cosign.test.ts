import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKeySigning, type KeySigningOptions } from '../../src/adapters/cosign.ts';
import type { Call } from '../../src/adapters/process.ts';
import { createVerifying } from '../../src/adapters/sigstore-verify.ts';
import { PROVENANCE, statementOf } from '../../src/domain/attestation.ts';
import { EnvironmentError } from '../../src/domain/errors.ts';
import { testRun } from '../support/registry.ts';

/** Signing by a key with the real cosign, which is built when it isn't there yet. */
let cosign: string;
let folder: string;
const PASSWORD = 'password-of-the-key';
beforeAll(async () => {
  // @ts-expect-error a script of the repository, plain JavaScript
  const { getTool } = await import('../../scripts/tools.mjs');
  cosign = (await getTool('cosign')) as string;
  folder = await mkdtemp(path.join(tmpdir(), 'chartship-cosign-'));
  for (const name of ['ours', 'theirs']) {
    const env = { HOME: folder, COSIGN_PASSWORD: PASSWORD };
    execFileSync(cosign, ['generate-key-pair', '--output-key-prefix', name], { cwd: folder, env, stdio: 'ignore' });
  }
}, 1_800_000);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const DIGEST = `sha256:${'e'.repeat(64)}`;
const STATEMENT = statementOf('demo', DIGEST, PROVENANCE, { from: 'here' });
const at = (name: string): string => path.join(folder, name);

async function sign(options: Partial<KeySigningOptions> = {}) {
  const calls: Call[] = [];
  const temporary = await mkdtemp(path.join(folder, 'run-'));
  const run = testRun();
  const signing = createKeySigning({
    key: { path: at('ours.key') },
    password: PASSWORD,
    workflow: undefined,
    run: (call) => {
      calls.push(call);
      return run(call);
    },
    environment: { PATH: path.dirname(cosign) },
    temporary,
    ...options,
  });
  return { signed: await signing.sign(STATEMENT), calls, left: await readdir(temporary) };
}

const verifying = (key: string) =>
  createVerifying({ key: at(key), trustedRoot: undefined, temporary: folder, cache: folder, note: () => {} });

test('a statement is signed by a key in a file or by its content, and verified by its public half alone', async () => {
  const content = await readFile(at('ours.key'), 'utf8');
  for (const key of [{ path: at('ours.key') }, { content }]) {
    const { signed, calls, left } = await sign({ key });
    if (!signed.ok) throw new Error(signed.message);
    expect(await verifying('ours.pub').verify(signed.bundle)).toEqual({
      ok: true,
      signer: { kind: 'key' },
      statement: JSON.parse(STATEMENT),
    });
    expect(await verifying('theirs.pub').verify(signed.bundle)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^was signed by another key/),
    });
    // The key and its password are in no argument, and nothing is left behind.
    const said = JSON.stringify(calls.map(({ args, env }) => [args, env]));
    expect(said).not.toContain(PASSWORD);
    expect(said).not.toContain(content.split('\n')[1]);
    expect(left).toEqual([]);
  }
});

test('what was changed is found out', async () => {
  const { signed } = await sign();
  const bundle = JSON.parse(Buffer.from(signed.ok ? signed.bundle : []).toString('utf8'));
  bundle.dsseEnvelope.payload = Buffer.from(STATEMENT.replace('here', 'afar')).toString('base64');
  expect(await verifying('ours.pub').verify(Buffer.from(JSON.stringify(bundle)))).toMatchObject({
    ok: false,
    message: expect.stringMatching(/^has a signature that is not of what it holds/),
  });
});

test('another password and what is no key are named, without either', async () => {
  const { signed } = await sign({ password: 'another-password' });
  expect(signed).toEqual({
    ok: false,
    message: 'cosign could not open signing-key: its password is another one',
    hint: 'Give signing-password.',
  });
  const none = await sign({
    key: { content: '-----BEGIN NOTHING-----\nbm90aGluZyBhdCBhbGw=\n-----END NOTHING-----\n' },
  });
  expect(none.signed).toMatchObject({ ok: false, message: expect.stringMatching(/^cosign could not sign: /) });
  expect(JSON.stringify(none.signed)).not.toContain('bm90aGluZyBhdCBhbGw=');
});

test('without cosign in PATH it cannot be done, and that is told by name', async () => {
  await mkdir(at('empty'), { recursive: true });
  await expect(sign({ environment: { PATH: at('empty') } })).rejects.toThrow(EnvironmentError);
  await expect(sign({ environment: { PATH: at('empty') } })).rejects.toThrow(
    /^cosign, which signing-key needs, is not installed/,
  );
});

test('the key that is asked for is known by the sum of its public half', async () => {
  const { signed } = await sign();
  const { verificationMaterial } = JSON.parse(Buffer.from(signed.ok ? signed.bundle : []).toString('utf8'));
  const pem = await readFile(at('ours.pub'), 'utf8');
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  expect(verificationMaterial.publicKey.hint).toBe(createHash('sha256').update(der).digest('base64'));
  await writeFile(at('none.pub'), 'no key');
  await expect(verifying('none.pub').verify(Buffer.from('{}'))).rejects.toThrow(/none\.pub is no public key in PEM/);
});
