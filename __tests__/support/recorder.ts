import { Writable } from 'node:stream';

/** A stream that keeps what is written to it. */
export function recorder(properties: { isTTY?: boolean; columns?: number; rows?: number } = {}) {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, properties), text: () => chunks.join('') };
}
