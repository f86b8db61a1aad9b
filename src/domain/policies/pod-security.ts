import { at, fields, list, text } from '../diagnosis/reading.ts';
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
  readonly found: Forbidden[];
  askedVersion: boolean;
  /** Whether the version is this minor of Kubernetes 1, or a later one. */
  since(minor: number): boolean;
}

function judged(pods: PodTemplate, version: number): Judged {
  const judgement: Judged = {
    pods,
    found: [],
    askedVersion: false,
    since: (minor) => {
      judgement.askedVersion = true;
      return version >= minor;
    },
  };
  return judgement;
}

/** The security context of a container, or of the pod, and where it stands: at the holder where there is none. */
function contextOf(pods: PodTemplate, container?: Container) {
  const holder = container?.data ?? pods.spec;
  const path = container?.path ?? `${pods.path}/spec`;
  return {
    of: container === undefined ? 'the pod' : `the container ${container.name}`,
    path: holder.securityContext === undefined ? path : `${path}/securityContext`,
  };
}

function judgeBaseline(pod: Judged): void {
  judgeBoth(pod, BASELINE);
  const { spec, path } = pod.pods;
  for (const [index, { name, hostPath }] of list(spec.volumes).entries()) {
    if (!isSet(hostPath)) continue;
    const what = `the volume ${text(name)} is a path of the host`;
    pod.found.push({ what, path: `${path}/spec/volumes/${index}/hostPath` });
  }
}

/** What both levels forbid in the same way, and what they forbid of fields of security contexts. */
function judgeBoth(pod: Judged, rules: FieldRules): void {
  const { found, pods } = pod;
  const { spec, path, annotations } = pods;
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (spec[field] === true) found.push({ what: `the pod has ${field}`, path: `${path}/spec/${field}` });
  }
  judgeFields(spec.securityContext, undefined, pod, rules);
  for (const container of pods.containers) {
    judgeFields(container.data.securityContext, container, pod, rules);
    judgeContainer(container, pod);
  }
  for (const key in annotations) {
    if (!key.startsWith('container.apparmor.security.beta.kubernetes.io/')) continue;
    const profile = text(annotations[key]);
    if (/^(?:$|runtime\/default$|localhost\/)/.test(profile)) continue;
    const place = `${path}/metadata/annotations/${key.replaceAll('/', '~1')}`;
    found.push({ what: `the pod has the AppArmor profile ${profile}`, path: place });
  }
}

function judgeContainer({ data, path, name }: Container, pod: Judged): void {
  const { ports, livenessProbe, readinessProbe, startupProbe, lifecycle } = data;
  for (const [index, { hostPort }] of list(ports).entries()) {
    if (!isSet(hostPort) || hostPort === 0) continue;
    const what = `the container ${name} has the host port ${hostPort}`;
    pod.found.push({ what, path: `${path}/ports/${index}/hostPort` });
  }
  const asks = (handler: unknown, at: string): void => {
    const { httpGet, tcpSocket } = fields(handler);
    for (const [way, asked] of Object.entries({ httpGet, tcpSocket })) {
      if (asked === undefined || text(fields(asked).host) === '' || !pod.since(34)) continue;
      const what = `the container ${name} asks another host in ${at.replace('/', '.')}`;
      pod.found.push({ what, path: `${path}/${at}/${way}/host` });
    }
  };
  if (livenessProbe !== undefined) asks(livenessProbe, 'livenessProbe');
  if (readinessProbe !== undefined) asks(readinessProbe, 'readinessProbe');
  if (startupProbe !== undefined) asks(startupProbe, 'startupProbe');
  if (lifecycle === undefined) return;
  asks(fields(lifecycle).postStart, 'lifecycle/postStart');
  asks(fields(lifecycle).preStop, 'lifecycle/preStop');
}

/** Judges a field of a security context that is set: tells what is forbidden, and where below the field. */
type FieldRule = (value: unknown, tell: (what: string, below?: string) => void, pod: Judged) => void;

type FieldRules = ReadonlyMap<string, FieldRule>;

function judgeFields(context: unknown, container: Container | undefined, pod: Judged, rules: FieldRules): void {
  const set = fields(context);
  for (const field in set) {
    const rule = rules.get(field);
    const value = set[field];
    if (rule === undefined || value === null) continue;
    const tell = (what: string, below = ''): void => {
      const { of, path } = contextOf(pod.pods, container);
      pod.found.push({ what: `${of} ${what}`, path: `${path}/${field}${below}` });
    };
    rule(value, tell, pod);
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

const BASELINE: FieldRules = new Map<string, FieldRule>([
  ...Object.entries(BOTH),
  ['seccompProfile', seccompProfile],
  // Root in a user namespace is nobody outside it.
  ['procMount', (value, tell, pod) => void (isInUserNamespace(pod) || procMount(value, tell, pod))],
  [
    'capabilities',
    added([
      ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP'],
      ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
    ]),
  ],
]);
const ON_WINDOWS: FieldRules = new Map([...Object.entries(BOTH), ['procMount', procMount]]);
const RESTRICTED: FieldRules = new Map<string, FieldRule>([
  ...ON_WINDOWS,
  ['seccompProfile', seccompProfile],
  ['capabilities', added(['NET_BIND_SERVICE'])],
]);

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
  const { spec, path, containers } = pod.pods;
  // It knows neither capabilities nor seccomp.
  const isOnWindows = at(spec, 'os', 'name') === 'windows';
  judgeBoth(pod, isOnWindows ? ON_WINDOWS : RESTRICTED);
  for (const [index, volume] of list(spec.volumes).entries()) {
    if (VOLUMES.some((kind) => isSet(volume[kind]))) continue;
    const kind = Object.keys(volume).find((key) => key !== 'name');
    // Without a kind it is an emptyDir to the API server.
    if (kind === undefined) continue;
    const what = `the volume ${text(volume.name)} is of the kind ${kind}`;
    pod.found.push({ what, path: `${path}/spec/volumes/${index}/${kind}` });
  }
  if (!isInUserNamespace(pod)) judgeUser(pod);
  if (isOnWindows) return;
  const hasSeccomp = isSet(at(spec, 'securityContext', 'seccompProfile', 'type'));
  for (const container of containers) {
    const set = fields(container.data.securityContext);
    const tell = (what: string, field = ''): void => {
      const { of, path: place } = contextOf(pod.pods, container);
      pod.found.push({ what: `${of} ${what}`, path: field === '' || !isSet(set[field]) ? place : `${place}/${field}` });
    };
    if (set.allowPrivilegeEscalation !== false) {
      tell('may gain privileges (allowPrivilegeEscalation)', 'allowPrivilegeEscalation');
    }
    if (!names(fields(set.capabilities).drop).includes('ALL')) tell("doesn't drop ALL capabilities", 'capabilities');
    if (!hasSeccomp && !isSet(fields(set.seccompProfile).type)) tell('has no seccomp profile');
  }
}

function judgeUser({ pods, found }: Judged): void {
  const ofPod = fields(pods.spec.securityContext);
  const all = [undefined, ...pods.containers].map((container) => ({
    ...contextOf(pods, container),
    container,
    set: container === undefined ? ofPod : fields(container.data.securityContext),
  }));
  for (const { set, of, path } of all) {
    if (set.runAsUser === 0) found.push({ what: `${of} runs as user 0`, path: `${path}/runAsUser` });
    if (set.runAsNonRoot === false) found.push({ what: `${of} may run as root`, path: `${path}/runAsNonRoot` });
  }
  // Which says enough.
  if (all.some(({ set }) => set.runAsNonRoot === false) || ofPod.runAsNonRoot === true) return;
  for (const { container, set, of, path } of all) {
    if (container === undefined || isSet(set.runAsNonRoot)) continue;
    found.push({ what: `${of} is not told to run as another than root (runAsNonRoot)`, path });
  }
}

function isInUserNamespace(pod: Judged): boolean {
  return pod.pods.spec.hostUsers === false && pod.since(35);
}

function names(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
