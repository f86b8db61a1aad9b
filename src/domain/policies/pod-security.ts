import { at, type Fields, fields, list, text } from '../diagnosis/reading.ts';
import type { Container, PodTemplate } from './release-object.ts';

/**
 * The Pod Security Standards as the API server's admission judges them (k8s.io/pod-security-admission), by version.
 * It judges a pod as it is created; what a webhook would change before isn't known here.
 */

export type Level = 'baseline' | 'restricted';

/** What a level forbids, and where it stands. */
export interface Forbidden {
  readonly what: string;
  readonly path: string;
}

/** What a level forbids of such pods. The restricted level holds everything of the baseline. */
export function forbidden(pods: PodTemplate, level: Level, version: string): readonly Forbidden[] {
  let known = judgements.get(pods);
  if (known === undefined) {
    known = new Map();
    judgements.set(pods, known);
  }
  const ofAll = known.get(level);
  if (ofAll !== undefined) return ofAll;
  const key = `${level} ${version}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const pod = judged(pods, Number(version.split('.')[1]));
  (level === 'baseline' ? judgeBaseline : judgeRestricted)(pod);
  // What no version was asked for is so in all of them.
  known.set(pod.askedVersion ? key : level, pod.found);
  return pod.found;
}

/** Renders and versions share pods. */
const judgements = new WeakMap<PodTemplate, Map<string, readonly Forbidden[]>>();

/** Pods that are judged, with what was found. */
interface Judged {
  readonly pods: PodTemplate;
  readonly spec: Fields;
  /** `/…/spec` */
  readonly path: string;
  /** The security contexts of the pod and of its containers. */
  readonly pod: Context;
  readonly containers: readonly Context[];
  readonly found: Forbidden[];
  askedVersion: boolean;
  /** Whether the version is this minor of Kubernetes 1, or a later one. */
  since(minor: number): boolean;
}

interface Context {
  readonly of: string;
  readonly fields: Fields;
  readonly path: string;
  /** The container; of a pod none. */
  readonly container: Container | undefined;
}

function judged(pods: PodTemplate, version: number): Judged {
  const path = `${pods.path}/spec`;
  const context = (of: string, holder: Fields, within: string, container?: Container): Context => ({
    of,
    fields: fields(holder.securityContext),
    path: holder.securityContext === undefined ? within : `${within}/securityContext`,
    container,
  });
  const judgement: Judged = {
    pods,
    spec: pods.spec,
    path,
    pod: context('the pod', pods.spec, path),
    containers: pods.containers.map((each) => context(`the container ${each.name}`, each.data, each.path, each)),
    found: [],
    askedVersion: false,
    since: (minor) => {
      judgement.askedVersion = true;
      return version >= minor;
    },
  };
  return judgement;
}

function judgeBaseline(pod: Judged): void {
  judgeBoth(pod);
  judgeFields(pod, BASELINE_ALONE);
  for (const [index, { name, hostPath }] of list(pod.spec.volumes).entries()) {
    if (!isSet(hostPath)) continue;
    pod.found.push({
      what: `the volume ${text(name)} is a path of the host`,
      path: `${pod.path}/volumes/${index}/hostPath`,
    });
  }
}

/** What both levels forbid in the same way. */
function judgeBoth(pod: Judged): void {
  const { spec, path, found, pods, containers } = pod;
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (spec[field] === true) found.push({ what: `the pod has ${field}`, path: `${path}/${field}` });
  }
  judgeFields(pod, BOTH);
  for (const { container } of containers) if (container !== undefined) judgeContainer(container, pod);
  for (const key in pods.annotations) {
    if (!key.startsWith('container.apparmor.security.beta.kubernetes.io/')) continue;
    const profile = text(pods.annotations[key]);
    if (/^(?:$|runtime\/default$|localhost\/)/.test(profile)) continue;
    const place = `${pods.path}/metadata/annotations/${key.replaceAll('/', '~1')}`;
    found.push({ what: `the pod has the AppArmor profile ${profile}`, path: place });
  }
}

const HANDLERS = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle/postStart', 'lifecycle/preStop'];

function judgeContainer({ data, path, name }: Container, pod: Judged): void {
  for (const [index, { hostPort }] of list(data.ports).entries()) {
    if (!isSet(hostPort) || hostPort === 0) continue;
    pod.found.push({
      what: `the container ${name} has the host port ${hostPort}`,
      path: `${path}/ports/${index}/hostPort`,
    });
  }
  for (const handler of HANDLERS) {
    const probe = handler.includes('/') ? at(data, ...handler.split('/')) : data[handler];
    if (probe === undefined) continue;
    for (const way of ['httpGet', 'tcpSocket']) {
      if (text(at(probe, way, 'host')) === '' || !pod.since(34)) continue;
      const what = `the container ${name} asks another host in ${handler.replace('/', '.')}`;
      pod.found.push({ what, path: `${path}/${handler}/${way}/host` });
    }
  }
}

/** Judges a field of a security context that is set: tells what is forbidden, and where below the field. */
type FieldRule = (value: unknown, tell: (what: string, below?: string) => void, pod: Judged) => void;

function judgeFields(pod: Judged, rules: Readonly<Record<string, FieldRule>>): void {
  for (const { fields: set, of, path } of [pod.pod, ...pod.containers]) {
    for (const field in set) {
      const value = set[field];
      const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
      if (rule === undefined || value === null) continue;
      rule(
        value,
        (what, below = '') => pod.found.push({ what: `${of} ${what}`, path: `${path}/${field}${below}` }),
        pod,
      );
    }
  }
}

const KNOWN_PROFILES: readonly unknown[] = [undefined, 'RuntimeDefault', 'Localhost'];

const seccompProfile: FieldRule = (value, tell) => {
  const { type } = fields(value);
  if (!KNOWN_PROFILES.includes(type)) tell(`has the seccomp profile ${text(type)}`, '/type');
};

const procMount: FieldRule = (value, tell) => {
  if (value !== 'Default') tell(`mounts /proc ${text(value)}`);
};

const added =
  (allowed: readonly string[]): FieldRule =>
  (value, tell) => {
    for (const [index, capability] of names(fields(value).add).entries()) {
      if (!allowed.includes(capability)) tell(`adds the capability ${capability}`, `/add/${index}`);
    }
  };

const SAFE_SYSCTLS: readonly (readonly [since: number, names: readonly string[]])[] = [
  [0, ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies']],
  [0, ['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start']],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [29, ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout']],
  [29, ['net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes']],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
  [37, ['net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_notsent_lowat']],
];

const BOTH: Readonly<Record<string, FieldRule>> = {
  privileged: (value, tell) => {
    if (value === true) tell('is privileged');
  },
  windowsOptions: (value, tell) => {
    if (fields(value).hostProcess === true) tell('is a process of the host', '/hostProcess');
  },
  appArmorProfile: (value, tell) => {
    const { type } = fields(value);
    if (!KNOWN_PROFILES.includes(type)) tell(`has the AppArmor profile ${text(type)}`, '/type');
  },
  seLinuxOptions: (value, tell, pod) => {
    const { type, user, role } = fields(value);
    const isKnown = ['', 'container_t', 'container_init_t', 'container_kvm_t'].includes(text(type));
    if (!isKnown && !(type === 'container_engine_t' && pod.since(31)))
      tell(`has the SELinux type ${text(type)}`, '/type');
    if (text(user) !== '') tell('sets an SELinux user', '/user');
    if (text(role) !== '') tell('sets an SELinux role', '/role');
  },
  sysctls: (value, tell, pod) => {
    for (const [index, { name }] of list(value).entries()) {
      const isSafe = SAFE_SYSCTLS.some(([since, safe]) => safe.includes(text(name)) && pod.since(since));
      if (!isSafe) tell(`sets the sysctl ${text(name)}`, `/${index}/name`);
    }
  },
};

/** What the restricted level forbids in another way. */
const BASELINE_ALONE: Readonly<Record<string, FieldRule>> = {
  seccompProfile,
  // Root in a user namespace is nobody outside it.
  procMount: (value, tell, pod) => {
    if (!isInUserNamespace(pod)) procMount(value, tell, pod);
  },
  capabilities: added([
    ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP'],
    ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
  ]),
};

const VOLUMES = [
  ...[
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'image',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ],
];

function judgeRestricted(pod: Judged): void {
  judgeBoth(pod);
  judgeFields(pod, { procMount });
  for (const [index, volume] of list(pod.spec.volumes).entries()) {
    if (VOLUMES.some((kind) => isSet(volume[kind]))) continue;
    const kind = Object.keys(volume).find((key) => key !== 'name');
    // Without a kind it is an emptyDir to the API server.
    if (kind === undefined) continue;
    const what = `the volume ${text(volume.name)} is of the kind ${kind}`;
    pod.found.push({ what, path: `${pod.path}/volumes/${index}/${kind}` });
  }
  if (!isInUserNamespace(pod)) judgeUser(pod);
  // Windows knows neither capabilities nor seccomp.
  if (at(pod.spec, 'os', 'name') === 'windows') return;
  judgeFields(pod, { seccompProfile, capabilities: added(['NET_BIND_SERVICE']) });
  const hasSeccomp = isSet(fields(pod.pod.fields.seccompProfile).type);
  for (const { of, fields: set, path } of pod.containers) {
    const tell = (what: string, field = ''): void => {
      pod.found.push({ what: `${of} ${what}`, path: field === '' || !isSet(set[field]) ? path : `${path}/${field}` });
    };
    if (set.allowPrivilegeEscalation !== false) {
      tell('may gain privileges (allowPrivilegeEscalation)', 'allowPrivilegeEscalation');
    }
    if (!names(fields(set.capabilities).drop).includes('ALL')) tell("doesn't drop ALL capabilities", 'capabilities');
    if (!hasSeccomp && !isSet(fields(set.seccompProfile).type)) tell('has no seccomp profile');
  }
}

function judgeUser({ pod, containers, found }: Judged): void {
  const all = [pod, ...containers];
  for (const { fields: set, of, path } of all) {
    if (set.runAsUser === 0) found.push({ what: `${of} runs as user 0`, path: `${path}/runAsUser` });
    if (set.runAsNonRoot === false) found.push({ what: `${of} may run as root`, path: `${path}/runAsNonRoot` });
  }
  // Which says enough.
  if (all.some(({ fields: set }) => set.runAsNonRoot === false) || pod.fields.runAsNonRoot === true) return;
  for (const { fields: set, of, path } of containers) {
    if (isSet(set.runAsNonRoot)) continue;
    found.push({ what: `${of} is not told to run as another than root (runAsNonRoot)`, path });
  }
}

function isInUserNamespace(pod: Judged): boolean {
  return pod.spec.hostUsers === false && pod.since(35);
}

function names(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
