import { describe, expect, test } from '@jest/globals';
import { evidenceFiles, logFile, logsToKeep } from '../../src/domain/diagnosis/evidence.ts';
import { remember } from '../../src/domain/diagnosis/seen.ts';
import { momentsOf, played, recordedCourse } from '../support/recorded-course.ts';

/** What is seen when a course has come to its end. */
function evidenceOf(name: string) {
  const course = recordedCourse(name);
  const moments = momentsOf(course);
  const memory = remember(moments[0]?.objects ?? []);
  const seen = { now: 0, manifest: course.manifest, objects: moments.at(-1)?.objects ?? [], lookedUp: new Map() };
  const troubles = played(course).findLast((each) => each.troubles.length > 0)?.troubles ?? [];
  const files = new Map(evidenceFiles(seen, memory, troubles).map(({ name, text }) => [name, text]));
  return { files, logs: logsToKeep(seen, memory, troubles).map(logFile) };
}

/** Names that the cluster made up. */
const stable = (text: string | undefined): string =>
  (text ?? '')
    .replace(/-[0-9a-z]{8,10}-[0-9a-z]{5}\b/g, '-POD')
    .replace(/\b20\d\d-[-0-9T:]+Z/g, 'TIME')
    .replace(/\bnode[123]\b/g, 'NODE');

describe('evidence', () => {
  test('of a crash loop: causes, pods, events, and the logs of both runs', () => {
    const { files, logs } = evidenceOf('crash-liveness');
    expect(stable(files.get('causes.txt')).replace(/\d+ times/, 'some times')).toBe(
      [
        'Pod/agent-POD: container app of the pod agent-POD was killed since its liveness probe fails (no heart), some times so far',
        '  crash-loop, waiting does not help',
        '  Check what the liveness probe asks; a program that starts slowly needs a startup probe with more time.',
        '',
      ].join('\n'),
    );
    const pods = stable(files.get('pods.txt'));
    expect(pods).toMatch(
      /^Deployment\/agent {2}not ready {2}0 of 1 pod is ready\n\nagent-POD {2}Running {2}0\/1 ready {2}new {2}NODE\n/,
    );
    expect(pods).toMatch(
      / {2}app \(chartship\.test\/agent:1\.0\.0\): .*; \d restarts; before with exit code 137 \(Error\)/,
    );
    expect(stable(files.get('events.txt'))).toMatch(
      /^TIME {2}Warning {2}Pod\/agent-POD.*Unhealthy \(\d+ times\).*Liveness probe failed: no heart$/m,
    );
    expect(logs.map(stable)).toEqual(['agent-POD.app.previous.log', 'agent-POD.app.log']);
  });

  test('of a failed hook: the log of its pod', () => {
    expect(evidenceOf('hook-failed').logs.map((name) => name.replace(/migrate-\w{5}/, 'migrate-POD'))).toEqual([
      'migrate-POD.app.log',
    ]);
  });

  test('of what never started there is no log; the reason stands beside the pod', () => {
    const { files, logs } = evidenceOf('image-not-found');
    expect(logs).toEqual([]);
    expect(files.get('pods.txt')).toMatch(
      /app \(registry\.test\/s404\/agent:9\.9\): waiting, (ErrImagePull|ImagePullBackOff): .*not found$/m,
    );
  });

  test('of a release that is well nothing is kept', () => {
    const { files, logs } = evidenceOf('healthy');
    expect(logs).toEqual([]);
    expect(files.get('pods.txt')).toContain('1/1 ready');
  });

  test('a rollout whose old pods still serve is not called ready', () => {
    const { files } = evidenceOf('upgrade-fails-beside-old');
    expect(files.get('pods.txt')).toMatch(/^Deployment\/agent {2}not ready {2}1 of 2 pods is of an older revision$/m);
  });

  test('of an empty namespace', () => {
    const seen = { now: 0, manifest: [], objects: [], lookedUp: new Map() };
    const files = evidenceFiles(seen, remember([]), []);
    expect(files.map(({ text }) => text)).toEqual([
      'Nothing in the namespace says why.\n',
      '\n',
      'There are no events.\n',
    ]);
  });
});
