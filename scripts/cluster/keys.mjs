// The cluster's certificate authority and who it vouches for. Keys never leave the cluster's folder.
import fs from 'node:fs';
import path from 'node:path';
import { controlPlane, firstService, nodeName } from './addresses.mjs';
import { run } from './run.mjs';

const days = '30';

export async function makeKeys(folder, nodes, env) {
  fs.mkdirSync(folder, { mode: 0o700 });
  // The system's own configuration may not be there, or say more than these keys should.
  const configuration = path.join(folder, 'openssl.cnf');
  fs.writeFileSync(configuration, '[req]\ndistinguished_name = none\n[none]\n');
  const openssl = (...args) => run('openssl', args, { cwd: folder, env: { ...env, OPENSSL_CONF: configuration } });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    days,
    '-subj',
    '/CN=chartship-cluster',
    '-addext',
    'basicConstraints=critical,CA:TRUE',
  );

  const issue = async (name, subject, extensions) => {
    fs.writeFileSync(path.join(folder, `${name}.ext`), extensions);
    await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAserial', `${name}.srl`, '-CAcreateserial'];
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...by,
      '-days',
      days,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
  };
  const client = 'extendedKeyUsage=clientAuth';
  const names = ['DNS:kubernetes', 'DNS:kubernetes.default', 'DNS:kubernetes.default.svc', 'DNS:localhost'];
  const addresses = ['127.0.0.1', firstService, controlPlane].map((address) => `IP:${address}`);
  const servers = `extendedKeyUsage=serverAuth\nsubjectAltName=${[...names, ...addresses].join()}`;
  await Promise.all([
    issue('apiserver', '/CN=kube-apiserver', servers),
    issue('admin', '/O=system:masters/CN=admin', client),
    ...nodes.map((number) => issue(nodeName(number), `/O=system:nodes/CN=system:node:${nodeName(number)}`, client)),
    openssl('genrsa', '-out', 'service-accounts.key', '2048'),
  ]);
}

/** A kubeconfig with its keys in it. */
export function kubeconfig(keys, user, server) {
  const data = (file) => fs.readFileSync(path.join(keys, file)).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'chartship',
    contexts: [{ name: 'chartship', context: { cluster: 'chartship', user } }],
    clusters: [{ name: 'chartship', cluster: { server, 'certificate-authority-data': data('ca.crt') } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': data(`${user}.crt`), 'client-key-data': data(`${user}.key`) },
      },
    ],
  });
}
