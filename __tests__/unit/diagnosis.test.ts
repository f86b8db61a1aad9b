import { describe, expect, test } from '@jest/globals';
import { courseNames, played, recordedCourse } from '../support/recorded-course.ts';

/**
 * The contract's table of terminal causes, on courses that a real cluster took (__tests__/fixtures/diagnosis). `by`:
 * the second by which it is terminal; without it, it must not become so.
 */
const COURSES: Record<string, { code?: string; of?: string; says?: RegExp; by?: number; notBefore?: number }> = {
  healthy: {},
  'image-not-found': {
    code: 'image-pull',
    by: 20,
    says: /registry\.test\/s404\/agent:9\.9 .*does not exist in its registry/,
  },
  'image-denied': { code: 'image-pull', by: 20, says: /does not let the cluster pull .*\(403 Forbidden\)/ },
  'image-unauthorized': { code: 'image-pull', by: 20, says: /does not let the cluster pull .*\(401 Unauthorized\)/ },
  'image-rate-limited': { code: 'image-pull', says: /429 Too Many Requests/ },
  'image-server-error': { code: 'image-pull', says: /503 Service Unavailable/ },
  'image-unreachable': { code: 'image-pull', says: /could not be pulled yet/ },
  'image-invalid': {
    code: 'image-pull',
    by: 20,
    says: /no valid image name: repository name \(Agent\) must be lowercase/,
  },
  'image-never': { code: 'image-pull', by: 20, says: /not on the node, and its pull policy is Never/ },
  'crash-loop': { code: 'crash-loop', by: 21, notBefore: 10, says: /ended with exit code 3, 3 times/ },
  'crash-after-a-moment': { code: 'crash-loop', by: 25, notBefore: 10, says: /exit code 1/ },
  'crash-exit-zero': { code: 'crash-loop', by: 21, says: /exit code 0, though it is to go on running/ },
  'crash-no-program': { code: 'crash-loop', by: 21, says: /could not be started: exec: "\/no\/such\/program"/ },
  'crash-no-executable': { code: 'crash-loop', by: 21, says: /126 \(the command can not be executed\)/ },
  'crash-out-of-memory': { code: 'crash-loop', by: 22, says: /more memory than its limit of 48Mi/ },
  'crash-liveness': { code: 'crash-loop', by: 25, says: /its liveness probe fails \(no heart\)/ },
  'crash-init': { code: 'crash-loop', by: 21, says: /container wait .* exit code 7/ },
  'crash-sidecar': { code: 'crash-loop', by: 21, says: /container proxy .* exit code 9/ },
  'crash-until-database': { code: 'crash-loop', of: 'Deployment/agent' },
  'crash-of-both': { code: 'crash-loop', by: 22, of: 'StatefulSet/database' },
  'upgrade-crashes': { code: 'crash-loop', by: 22, says: /exit code 6/ },
  'not-root': { code: 'not-ready', says: /runAsUser breaks non-root policy$/ },
  'never-ready': { code: 'not-ready', says: /its readiness probe fails: redis: connection refused$/ },
  evicted: {
    code: 'not-ready',
    says: /evicted from its node: Usage of EmptyDir volume "data" exceeds the limit "5Mi"/,
  },
  'missing-secret': { code: 'missing-config', by: 16, notBefore: 10, says: /^the Secret credentials does not exist$/ },
  'missing-secret-volume': { code: 'missing-config', by: 16, says: /^the Secret credentials does not exist$/ },
  'missing-key': { code: 'missing-config', by: 16, says: /^the ConfigMap settings has no key LEVEL$/ },
  'missing-key-volume': { code: 'missing-config', by: 16, says: /^the Secret credentials has no key password$/ },
  'secret-made-late': { code: 'missing-config', says: /does not exist yet; ExternalSecret\/agent may make it/ },
  'unschedulable-cpu': { code: 'unschedulable', by: 66, notBefore: 60, says: /Insufficient cpu \(3 of 3 nodes\)/ },
  'unschedulable-selector': {
    code: 'unschedulable',
    by: 66,
    notBefore: 60,
    says: /affinity\/selector \(3 of 3 nodes\)/,
  },
  'volume-no-class': { code: 'volume', by: 66, notBefore: 60, says: /there is no storage class fast/ },
  'volume-none-left': { code: 'volume', by: 66, notBefore: 60, says: /no persistent volumes available/ },
  'volume-waits': {},
  'volume-missing-claim': {
    code: 'volume',
    by: 66,
    notBefore: 60,
    says: /the volume claim data of the pod .* does not exist/,
  },
  quota: { code: 'refused', by: 16, says: /exceeded quota: few, requested: pods=1/ },
  'quota-stateful': { code: 'refused', by: 16, of: 'StatefulSet/database', says: /exceeded quota: few/ },
  'pod-security': { code: 'refused', by: 10, says: /violates PodSecurity "restricted:latest"/ },
  'no-service-account': { code: 'refused', by: 16, says: /serviceaccount "robot" not found/ },
  'job-failed': { code: 'job-failed', by: 10, says: /^the Job migrate failed: container app ended with exit code 4$/ },
  'job-deadline': { code: 'job-failed', by: 15, says: /longer than its activeDeadlineSeconds of 5 s/ },
  'job-failure-policy': { code: 'job-failed', by: 10, says: /podFailurePolicy .* exit code 42/ },
  'job-tries-again': { code: 'job-failed', says: /of 7 tries so far; container app ended with exit code 4/ },
  'hook-failed': {
    code: 'hook-failed',
    by: 10,
    says: /^the pre-upgrade hook migrate failed: container app ended with exit code 4$/,
  },
  'hook-failed-before': {},
  'hook-pod-failed': { code: 'hook-failed', by: 10, says: /^the post-install hook check failed/ },
  'stateful-stuck': { code: 'not-ready', says: /does not replace its pod database-0/ },
};

describe('a recorded course', () => {
  test('each is in the table', () => {
    expect(courseNames()).toEqual(Object.keys(COURSES).sort());
  });

  test.each(Object.entries(COURSES))('%s', (name, { code, of = /./, says = /./, by, notBefore = 0 }) => {
    const course = played(recordedCourse(name));
    const first = course.find(({ troubles }) => troubles[0]?.terminal === true);
    // Told for as long as it lasts; the first of the troubles is the one that is shown.
    const told = course.flatMap(({ troubles }) => troubles.slice(0, 1)).filter(({ cause }) => cause.code === code);
    if (by === undefined) {
      expect(first).toBeUndefined();
      if (code === undefined) {
        expect(course.flatMap(({ troubles }) => troubles).filter(({ cause }) => cause.code !== 'not-ready')).toEqual(
          [],
        );
        return;
      }
      expect(told.map(({ cause }) => cause.message).find((message) => says.test(message))).toBeDefined();
      expect(told.some((trouble) => trouble.of.match(of))).toBe(true);
      return;
    }
    expect(first?.at).toBeLessThanOrEqual(by);
    expect(first?.at).toBeGreaterThanOrEqual(notBefore);
    expect(first?.troubles[0]).toMatchObject({ cause: { code, message: expect.stringMatching(says) } });
    expect(first?.troubles[0]?.of).toMatch(of);
    // Nothing else is called terminal beside it.
    expect(first?.troubles.filter(({ terminal }) => terminal)).toHaveLength(1);
  });
});
