// The few calls to the Kubernetes API that these scripts make, by a kubeconfig of keys.mjs.
import fs from 'node:fs';
import https from 'node:https';
import { ToolError } from '../tools.mjs';

export function apiOf(kubeconfigFile) {
  const { clusters, users } = JSON.parse(fs.readFileSync(kubeconfigFile, 'utf8'));
  const decode = (text) => Buffer.from(text, 'base64');
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: 8,
    ca: decode(clusters[0].cluster['certificate-authority-data']),
    cert: decode(users[0].user['client-certificate-data']),
    key: decode(users[0].user['client-key-data']),
  });
  const call = (method, path, body, type = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': type };
      const request = https.request(`${clusters[0].cluster.server}${path}`, { method, agent, headers, timeout: 5_000 });
      request.on('timeout', () => request.destroy(new Error('no answer for 5 s')));
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode < 300) resolve(text.startsWith('{') ? JSON.parse(text) : text);
          else reject(new ToolError(`${method} ${path}: ${response.statusCode} ${text.slice(0, 500)}`));
        });
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return { call, close: () => agent.destroy() };
}
