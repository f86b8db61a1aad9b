import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { EnvironmentError } from '../domain/errors.ts';
import { monotonic } from './monotonic.ts';
import { fetchFollowing, type Response, shown } from './tools-fetch.ts';

const MiB = 1024 * 1024;
/** The largest archive that is read; helm's own are below 30 MiB. */
const ARCHIVE_BYTES = 200 * MiB;
/** Pauses before a second and a third try, where the server was busy or hung up. */
const PAUSES_MILLISECONDS = [500, 2_000];
const NOTE_EVERY_MILLISECONDS = 10_000;

export interface Download {
  /** Such as `helm 4.3.0`, for messages. */
  readonly what: string;
  readonly url: URL;
  /** What the content must be: lower-case hex. */
  readonly sha256: string;
  /** Where it goes: a file that doesn't exist yet. */
  readonly file: string;
  /** For the whole download, with its tries. */
  readonly milliseconds: number;
  /** The longest silence of the server. */
  readonly stallMilliseconds: number;
  readonly cancel: AbortSignal | undefined;
  note(text: string): void;
}

/** How one try went wrong. `got` is what came instead of the archive. */
interface Fault {
  readonly reason: string;
  readonly got: string;
  readonly again: boolean;
}

/**
 * Downloads a file whose checksum is known. Bounded in time and size; tries again only what may be better
 * the next time. Throws an `EnvironmentError` with the URL, the expected checksum and what came instead;
 * the file is of no use then.
 */
export async function download(request: Download): Promise<void> {
  const deadline = AbortSignal.timeout(request.milliseconds);
  const signal = AbortSignal.any([deadline, ...(request.cancel === undefined ? [] : [request.cancel])]);
  request.note(`Downloading ${request.what} from ${shown(request.url)}`);
  for (let attempt = 0; ; attempt++) {
    const fault = await attemptDownload(request, signal);
    if (fault === undefined) return;
    request.cancel?.throwIfAborted();
    const pause = PAUSES_MILLISECONDS[attempt];
    if (!fault.again || pause === undefined || deadline.aborted) throw failure(request, fault);
    request.note(`Trying again to download ${request.what}: ${fault.reason}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function attemptDownload(request: Download, signal: AbortSignal): Promise<Fault | undefined> {
  let received = 0;
  const hash = createHash('sha256');
  const handle = await open(request.file, 'w', 0o600);
  try {
    const response = await fetchFollowing(request.url, {
      signal,
      stallMilliseconds: request.stallMilliseconds,
      onHost: (url) => request.note(`Redirected to ${shown(url)}`),
    });
    try {
      if (response.status !== 200) {
        const got = `HTTP ${response.status}`;
        return { reason: `the server answered ${got}`, got, again: isPassing(response.status) };
      }
      for await (const chunk of noting(response, request)) {
        received += chunk.length;
        if (received > ARCHIVE_BYTES) {
          return { reason: `it is larger than ${ARCHIVE_BYTES / MiB} MiB`, got: 'no end', again: false };
        }
        hash.update(chunk);
        await writeAll(handle, chunk);
      }
    } finally {
      await response.close();
    }
    const sum = hash.digest('hex');
    if (sum === request.sha256) return undefined;
    return {
      reason: `its content is not what was recorded${pageHint(response)}`,
      got: sumOf(received, sum),
      again: false,
    };
  } catch (error) {
    if (isDiskFault(error)) {
      throw new EnvironmentError(`${request.what} can't be written to ${request.file}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    const got = received === 0 ? 'nothing' : sumOf(received, hash.digest('hex'));
    return { reason: reasonOf(error, signal, request, received), got, again: isHangUp(error) };
  } finally {
    await handle.close();
  }
}

/** The chunks of a response; now and then a note, so that a long download can be seen to go on. */
async function* noting(response: Response, request: Download): AsyncGenerator<Uint8Array> {
  const total = response.length === undefined ? '' : ` of ${(response.length / MiB).toFixed(1)}`;
  let received = 0;
  let last = monotonic();
  for await (const chunk of response.body) {
    received += chunk.length;
    yield chunk;
    if (monotonic() - last < NOTE_EVERY_MILLISECONDS) continue;
    last = monotonic();
    request.note(`Downloading ${request.what}: ${(received / MiB).toFixed(1)}${total} MiB`);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

function failure(request: Download, fault: Fault): EnvironmentError {
  return new EnvironmentError(
    `${request.what} could not be downloaded from ${shown(request.url)}: ${fault.reason}. Expected sha256: ${request.sha256}; got: ${fault.got}.`,
    {
      hint: 'Install it, or name a place that serves the official archives under their own file names with tools-mirror.',
    },
  );
}

function reasonOf(error: unknown, signal: AbortSignal, request: Download, received: number): string {
  if (signal.aborted) {
    return `it took longer than ${request.milliseconds / 1000} s (${received} bytes had come)`;
  }
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return `the server was silent for ${request.stallMilliseconds / 1000} s (${received} bytes had come)`;
  }
  if (isHangUp(error)) return `the connection was closed before the end (${received} bytes had come)`;
  return messageOf(error);
}

/** A connection that breaks off, as against one that can't be made. */
function isHangUp(error: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'].includes(codeOf(error));
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** What the disk says, not the network: no space, no permission. */
function isDiskFault(error: unknown): boolean {
  return (
    ['ENOSPC', 'EACCES', 'EROFS', 'EDQUOT', 'EIO'].includes(codeOf(error)) &&
    (error as NodeJS.ErrnoException).syscall === 'write'
  );
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? '');
}

function messageOf(error: unknown): string {
  // A host with several addresses: one error each, and no text of its own.
  const { message, errors } = error as Partial<AggregateError>;
  return message || (errors ?? []).map(messageOf).join(', ') || String(error);
}

function sumOf(bytes: number, sum: string): string {
  return `${sum} (${bytes} bytes)`;
}

function pageHint(response: Response): string {
  if (!/^text\/html\b/i.test(response.type)) return '';
  return `, but a web page from ${shown(response.url)} (a login page?)`;
}
