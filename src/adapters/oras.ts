import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CHART_TYPE, CONFIG_TYPE } from '../domain/chart.ts';
import { EnvironmentError } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { isLoopback, type Location } from '../domain/reference.ts';
import type { ArtifactToAttach, ArtifactToPush, Registry, RegistryAnswer, RegistryFault } from '../ports.ts';
import { addToLayout, layoutState } from './oci-layout.ts';
import { digestOf, digestsIn, parsed, readManifest, referrersIn, sizeIn } from './oras-answers.ts';
import { faultOf, saysAbsent, saysNoRepository } from './oras-faults.ts';
import type { Ran, Run } from './process.ts';
import type { Credentials } from './registry-credentials.ts';
import { removeTree } from './remove-tree.ts';

export interface OrasOptions {
  /** The absolute path of the program. */
  readonly oras: () => Promise<string>;
  readonly run: Run;
  readonly credentials: Credentials;
  /** Plain HTTP for every registry; hosts on loopback are spoken to so in any case. */
  readonly plainHttp: boolean;
  /** Further certificate authorities, PEM, absolute. */
  readonly caFile?: string;
  /** A private folder (0700) of this run. */
  readonly temporary: string;
  readonly limits: Limits;
  /** Ends the wait for a layout that another run writes to; its reason is thrown. */
  readonly cancel?: AbortSignal;
  /** Told once of each host that is asked. */
  readonly note: (text: string) => void;
}

/** Registries and layouts by the ORAS command. It retries 429 and 5xx by itself for some seconds; every call has a deadline. */
export function createRegistry(options: OrasOptions): Registry {
  const noted = new Set<string>();

  /** Runs oras; where things are, and how to get there, is added to the arguments. */
  const call = async (location: Location, args: readonly string[], cwd?: string): Promise<Ran> =>
    await start([...args, ...(await transport(location))], cwd);

  const start = async (args: readonly string[], cwd?: string): Promise<Ran> => {
    const ran = await options.run({
      file: await options.oras(),
      args,
      cwd: cwd ?? options.temporary,
      milliseconds: options.limits.registryMilliseconds,
      aside: true,
    });
    if (ran.ended === 'not-started') throw new EnvironmentError(`oras could not be started: ${ran.command}`);
    return ran;
  };

  /** `side` stands before the names of the options of a command that has two places. */
  const transport = async (location: Location, side: '' | 'from-' | 'to-' = ''): Promise<string[]> => {
    if (location.kind === 'layout') return [`--${side}oci-layout-path`, location.directory];
    if (!noted.has(location.host)) {
      noted.add(location.host);
      options.note(`requests go to the registry ${location.host}`);
    }
    return [
      `--${side}registry-config`,
      await options.credentials.registryConfig(location.host),
      ...(options.plainHttp || isLoopback(location.host) ? [`--${side}plain-http`] : []),
      ...(options.caFile !== undefined ? [`--${side}ca-file`, options.caFile] : []),
    ];
  };

  const failure = (location: Location, ran: Ran): { ok: false; fault: RegistryFault } => {
    const place = placeOf(location);
    const fault = (kind: RegistryFault['kind'], said: string) => ({
      ok: false as const,
      fault: { kind, message: `${place} ${said}` },
    });
    switch (ran.ended) {
      case 'timeout':
        return fault('timeout', `did not answer within ${options.limits.registryMilliseconds / 1000} s`);
      case 'output':
        return fault('corrupt', 'gave more than is read');
      case 'memory':
        return fault('other', 'was given up: oras took too much memory');
      default:
        return { ok: false, fault: faultOf(place, ran.stderr) };
    }
  };

  const inPrivateFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
    const folder = mkdtempSync(path.join(options.temporary, 'oras-'));
    try {
      return await work(folder);
    } finally {
      await removeTree(folder);
    }
  };

  const manifest: Registry['manifest'] = async (location, reference) => {
    if (location.kind === 'layout') {
      const state = await layoutState(location.directory);
      if (!state.ok) return state;
      if (state.value === 'empty') return { ok: true, value: undefined };
    }
    const ran = await call(location, ['manifest', 'fetch', nameOf(location, reference)]);
    if (succeeded(ran)) return readManifest(placeOf(location), reference, ran.stdout);
    if (ran.ended === 'exit' && saysAbsent(ran.stderr, location.kind)) return { ok: true, value: undefined };
    return failure(location, ran);
  };

  const tags: Registry['tags'] = async (location) => {
    if (location.kind === 'layout') {
      const state = await layoutState(location.directory);
      if (!state.ok) return state;
      if (state.value === 'empty') return { ok: true, value: [] };
    }
    const name = location.kind === 'layout' ? '' : `${location.host}/${location.repository}`;
    const ran = await call(location, ['repo', 'tags', name]);
    if (succeeded(ran)) {
      const lines = new TextDecoder().decode(ran.stdout).split('\n');
      return { ok: true, value: lines.map((line) => line.trim()).filter((line) => line !== '') };
    }
    if (ran.ended === 'exit' && saysNoRepository(ran.stderr)) return { ok: true, value: [] };
    return failure(location, ran);
  };

  const blob: Registry['blob'] = async (location, digest, limitBytes) => {
    const corrupt = (what: string): RegistryAnswer<Uint8Array> => ({
      ok: false,
      fault: { kind: 'corrupt', message: `${placeOf(location)} ${what} (${digest})` },
    });
    const described = await call(location, ['blob', 'fetch', '--descriptor', nameOf(location, digest)]);
    if (described.ended === 'exit' && saysAbsent(described.stderr, location.kind))
      return corrupt('has no such content, though its manifest names it');
    if (!succeeded(described)) return failure(location, described);
    const size = sizeIn(described.stdout);
    if (size === undefined || size > limitBytes) return corrupt(`has content larger than ${limitBytes} bytes`);
    return await inPrivateFolder(async (folder) => {
      const file = path.join(folder, 'blob');
      const ran = await call(location, ['blob', 'fetch', '--no-tty', '--output', file, nameOf(location, digest)]);
      if (!succeeded(ran)) return failure(location, ran);
      const content = readFileSync(file);
      return digestOf(content) === digest
        ? { ok: true, value: content }
        : corrupt('gave content that is not what its digest says');
    });
  };

  /** Uploads under its digest, with `tag` too where one is given; the manifest's digest. */
  const upload = async (
    location: Location,
    tag: string | undefined,
    artifact: ArtifactToPush,
  ): Promise<RegistryAnswer<string>> =>
    await inPrivateFolder(async (folder) => {
      put(folder, {
        [artifact.fileName]: artifact.archive,
        'config.json': artifact.config,
        'annotations.json': JSON.stringify({ $manifest: artifact.annotations }),
      });
      const target =
        location.kind === 'layout'
          ? (tag ?? '')
          : `${location.host}/${location.repository}${tag === undefined ? '' : `:${tag}`}`;
      const ran = await call(
        location,
        [
          'push',
          target,
          `./${artifact.fileName}:${CHART_TYPE}`,
          ...['--config', `config.json:${CONFIG_TYPE}`, '--annotation-file', 'annotations.json'],
          ...['--format', 'json', '--no-tty'],
        ],
        folder,
      );
      if (!succeeded(ran)) return failure(location, ran);
      const digest = (parsed(ran.stdout) as { digest?: unknown } | undefined)?.digest;
      if (typeof digest !== 'string') throw new Error(`oras push printed no digest: ${ran.command}`);
      return { ok: true, value: digest };
    });

  const pushFile: Registry['pushFile'] = async (location, tag, { name, content, type, configType }) =>
    await inPrivateFolder(async (folder) => {
      // Without a time of its own the same file has another digest each time.
      const annotations = { 'org.opencontainers.image.created': '1970-01-01T00:00:00Z' };
      put(folder, {
        [name]: content,
        config: '',
        'annotations.json': JSON.stringify({ $manifest: annotations }),
      });
      const what = [`./${name}:${type}`, '--config', `config:${configType}`, '--annotation-file', 'annotations.json'];
      const ran = await call(location, ['push', nameOf(location, tag), ...what, '--no-tty'], folder);
      return succeeded(ran) ? { ok: true, value: undefined } : failure(location, ran);
    });

  const push: Registry['push'] = async (location, tag, artifact) => {
    if (location.kind === 'layout') {
      const beside = (side: string) => upload({ kind: 'layout', directory: side }, tag, artifact);
      return await addToLayout(location.directory, tag, options.limits.registryMilliseconds, beside, options.cancel);
    }
    // Uploading takes long and tagging doesn't: the tag is looked up once more in between, so that the
    // time in which another writer's tag could be overwritten unseen is as short as a registry allows.
    const uploaded = await upload(location, undefined, artifact);
    if (!uploaded.ok) return uploaded;
    const there = await manifest(location, tag);
    if (!there.ok) return there;
    if (there.value !== undefined) return uploaded;
    const ran = await call(location, ['tag', nameOf(location, uploaded.value), tag]);
    return succeeded(ran) ? uploaded : failure(location, ran);
  };

  const tag: Registry['tag'] = async (location, digest, name) => {
    const ran = await call(location, ['tag', nameOf(location, digest), name]);
    return succeeded(ran) ? { ok: true, value: undefined } : failure(location, ran);
  };

  const attachTo = async (
    location: Location,
    digest: string,
    { type, annotations, content }: ArtifactToAttach,
  ): Promise<RegistryAnswer<string>> =>
    await inPrivateFolder(async (folder) => {
      put(folder, {
        'annotations.json': JSON.stringify({ $manifest: annotations }),
        ...(content !== undefined && { [content.fileName]: content.bytes }),
      });
      const files = content === undefined ? [] : [`./${content.fileName}:${content.mediaType}`];
      const what = ['--artifact-type', type, '--annotation-file', 'annotations.json', '--format', 'json', '--no-tty'];
      const ran = await call(location, ['attach', nameOf(location, digest), ...files, ...what], folder);
      return succeeded(ran) ? { ok: true, value: digest } : failure(location, ran);
    });

  const attach: Registry['attach'] = async (location, digest, artifact) => {
    const beside = (side: string) => attachTo({ kind: 'layout', directory: side }, digest, artifact);
    const done =
      location.kind === 'layout'
        ? await addToLayout(location.directory, undefined, options.limits.registryMilliseconds, beside, options.cancel)
        : await attachTo(location, digest, artifact);
    return done.ok ? { ok: true, value: undefined } : done;
  };

  const attached: Registry['attached'] = async (location, digest, type) => {
    const only = ['--artifact-type', type, '--format', 'json'];
    const ran = await call(location, ['discover', nameOf(location, digest), ...only]);
    return succeeded(ran) ? { ok: true, value: referrersIn(ran.stdout, type) } : failure(location, ran);
  };

  /** The digests of everything that is attached to a manifest, and to what is attached to it. */
  const attachedBelow = async (location: Location, digest: string): Promise<RegistryAnswer<readonly string[]>> => {
    const ran = await call(location, ['discover', nameOf(location, digest), '--format', 'json']);
    return succeeded(ran) ? { ok: true, value: digestsIn(parsed(ran.stdout)) } : failure(location, ran);
  };

  const copyTo = async (
    from: Location,
    digest: string,
    to: Location,
    target: string,
  ): Promise<RegistryAnswer<string>> => {
    const between = [...(await transport(from, 'from-')), ...(await transport(to, 'to-'))];
    const ran = await start(['cp', '--recursive', '--no-tty', nameOf(from, digest), target, ...between]);
    if (succeeded(ran)) return { ok: true, value: digest };
    // oras says of the place that is copied to that it's the destination; the other one is named by its address.
    const isSource =
      from.kind === 'registry' && ran.stderr.includes(`/${from.host}/`) && !/destination/.test(ran.stderr);
    return failure(isSource ? from : to, ran);
  };

  const copy: Registry['copy'] = async (from, digest, to, tag) => {
    const copied = await (to.kind === 'layout'
      ? addToLayout(
          to.directory,
          tag,
          options.limits.registryMilliseconds,
          (side) => copyTo(from, digest, { kind: 'layout', directory: side }, tag),
          options.cancel,
        )
      : copyTo(from, digest, to, `${to.host}/${to.repository}`));
    if (!copied.ok) return copied;
    // As for a push: the tag is looked up once more after what takes long.
    if (to.kind === 'registry') {
      const there = await manifest(to, tag);
      if (!there.ok) return there;
      if (there.value === undefined) {
        const ran = await call(to, ['tag', nameOf(to, digest), tag]);
        if (!succeeded(ran)) return failure(to, ran);
      }
    }
    const [meant, seen] = await Promise.all([attachedBelow(from, digest), attachedBelow(to, digest)]);
    if (!meant.ok) return meant;
    if (!seen.ok) return seen;
    const missing = meant.value.filter((one) => !seen.value.includes(one));
    if (missing.length === 0) return { ok: true, value: undefined };
    const what = `${missing.length} of the ${meant.value.length} artifacts attached to ${digest} (${missing[0]})`;
    return {
      ok: false,
      fault: {
        kind: 'other',
        message: `${placeOf(to)} does not list ${what}`,
        hint: 'Another writer may have replaced its list of what is attached. Take out what is not listed, and run again.',
      },
    };
  };

  return {
    hasLogin: (host) => options.credentials.hasLogin(host),
    manifest,
    blob,
    tags,
    push,
    tag,
    pushFile,
    attach,
    attached,
    copy,
  };
}

function succeeded(ran: Ran): boolean {
  return ran.ended === 'exit' && ran.code === 0;
}

function placeOf(location: Location): string {
  return location.kind === 'layout' ? `the OCI layout ${location.directory}` : location.host;
}

/** A tag or a digest as oras wants it named; a layout's folder is given apart, so it may hold blanks and colons. */
function nameOf(location: Location, reference: string): string {
  const isDigest = reference.startsWith('sha256:');
  if (location.kind === 'layout') return reference;
  return `${location.host}/${location.repository}${isDigest ? '@' : ':'}${reference}`;
}

/** Writes what a call is about into its private folder, by name. */
function put(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
}
